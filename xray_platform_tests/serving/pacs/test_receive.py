"""What devices send lies in the inbox, byte for byte, once it was answered with success; and nothing else does."""

import shutil
import socket
import stat
import subprocess
import threading
import time
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import UID
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE

from xray_platform.dicom.intake.inbox_watch import inbox_watch
from xray_platform.ports import HOST
from xray_platform.tables.all import IMAGES
from xray_platform.tables.places import Places
from xray_platform_tests.cli.conftest import command
from xray_platform_tests.serving.pacs.devices import (
    SENDER,
    TITLE,
    Running,
    associated,
    data_set,
    end,
    is_compressed,
    receiving,
    rejected,
    sent,
    until,
)  # fmt: skip

ANNOUNCED = {
    "silence": b"",
    "a request of 4 GiB": b"\x01\x00\xff\xff\xff\xff",
    "data without association": b"\x04\x00\x00\x00\x10\x00",
    "another protocol": b"GET / HTTP/1.1\r\n\r\n",
}
PERMANENT, TRANSIENT = 1, 2
BY_USER, BY_PRESENTATION = 1, 3


def test_objects_arrive_byte_for_byte_and_for_their_owner_alone(receiver: Running, files: list[Path]) -> None:
    with associated(receiver.port, files) as association:
        assert [sent(association, file) for file in files] == [0] * len(files)
    assert {data_set(file) for file in files} <= {data_set(path) for path in receiver.received()}
    assert not receiver.halves()
    for path in receiver.received():
        assert dcmread(path, stop_before_pixels=True).file_meta.MediaStorageSOPInstanceUID
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_object_that_is_sent_twice_is_one_file(receiver: Running, files: list[Path]) -> None:
    with associated(receiver.port, files[:1]) as association:
        assert sent(association, files[0]) == 0
        before = receiver.received()
        assert sent(association, files[0]) == 0
    assert receiver.received() == before


def test_another_object_with_the_same_uid_is_a_second_file(
    receiver: Running, files: list[Path], tmp_path: Path
) -> None:
    changed = tmp_path / "changed.dcm"
    made = dcmread(files[0])
    made.InstanceNumber = 4711
    made.save_as(changed)
    with associated(receiver.port, [files[0], changed]) as association:
        assert (sent(association, files[0]), sent(association, changed)) == (0, 0)
    uid = made.SOPInstanceUID
    same = [path for path in receiver.received() if dcmread(path, stop_before_pixels=True).SOPInstanceUID == uid]
    assert len(same) == 2


@pytest.mark.skipif(shutil.which("storescu") is None, reason="dcmtk is not installed")
def test_dcmtk_can_send_and_ask_whether_it_is_there(receiver: Running, files: list[Path]) -> None:
    where = ["-aet", SENDER, "-aec", TITLE, HOST, str(receiver.port)]
    subprocess.run(["echoscu", *where], check=True, timeout=60)
    plain = [
        file for file in files if not dcmread(file, stop_before_pixels=True).file_meta.TransferSyntaxUID.is_compressed
    ]
    assert plain
    subprocess.run(["storescu", *where, *map(str, plain)], check=True, timeout=60)
    uids = {dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in receiver.received()}
    assert {dcmread(file, stop_before_pixels=True).SOPInstanceUID for file in plain} <= uids


@pytest.mark.parametrize(
    ("titles", "diagnostic"),
    [({"calling": "STRANGER"}, 3), ({"called": "OTHERS"}, 7), ({"calling": "ELSEWHERE"}, 3)],
)
def test_strangers_are_rejected(receiver: Running, titles: dict[str, str], diagnostic: int) -> None:
    """A title that may send is a stranger too where it comes from an address that is not its own."""
    assert rejected(receiver.port, **titles) == (PERMANENT, BY_USER, diagnostic)


def test_one_association_more_than_allowed_is_rejected(receiver: Running) -> None:
    def room() -> bool:
        with associated(receiver.port) as last:
            return bool(last.is_established)

    with associated(receiver.port) as one, associated(receiver.port) as two, associated(receiver.port) as three:
        assert one.is_established
        assert two.is_established
        assert three.is_established
        assert rejected(receiver.port) == (TRANSIENT, BY_PRESENTATION, 2)
    assert until(room), "the places are free again"


def test_what_is_too_large_is_refused_and_the_next_one_taken(
    receiver: Running, files: list[Path], tmp_path: Path
) -> None:
    large = tmp_path / "large.dcm"
    made = dcmread(next(file for file in files if not is_compressed(file)))
    made.PixelData, made.SOPInstanceUID = made.PixelData * 20, UID("2.25.4711")
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.save_as(large)
    assert large.stat().st_size > 1024**2
    before = receiver.received()
    with associated(receiver.port, [large, files[0]]) as association:
        assert sent(association, large) == 0xC000
        assert (receiver.received(), receiver.halves()) == (before, [])
        assert sent(association, files[0]) == 0


def test_a_device_that_goes_away_half_way_leaves_nothing(receiver: Running, files: list[Path]) -> None:
    before = receiver.received()
    with associated(receiver.port, files[:1]) as association:
        _send_half(association, files[0])
        assert until(lambda: bool(receiver.halves())), "it began to arrive"
        association.dul.socket.socket.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]
        association.abort()
    assert until(lambda: not receiver.halves())
    assert receiver.received() == before


def _send_half(association, file: Path) -> None:  # type: ignore[no-untyped-def]
    made = dcmread(file, stop_before_pixels=True)
    request = C_STORE()
    request.MessageID, request.Priority = 7, 2
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = made.SOPClassUID, "2.25.815"
    request.DataSet = BytesIO(data_set(file))
    message = C_STORE_RQ()
    message.primitive_to_message(request)
    context = association.accepted_contexts[0].context_id
    for number, unit in enumerate(message.encode_msg(context, 4096)):
        if number < 4:
            association.dul.send_pdu(unit)


@pytest.mark.parametrize("what", ANNOUNCED)
def test_nonsense_silence_and_giant_announcements_end_soon(receiver: Running, what: str) -> None:
    with socket.create_connection((HOST, receiver.port), timeout=30) as connection:
        connection.sendall(ANNOUNCED[what])
        began = time.monotonic()
        while connection.recv(4096):
            pass
        assert time.monotonic() - began < 20
    with associated(receiver.port) as association:
        assert association.is_established


def test_the_log_holds_nothing_of_a_patient(receiver: Running, files: list[Path]) -> None:
    with associated(receiver.port, files) as association:
        for file in files:
            sent(association, file)
    assert receiver.said('"known": 10')
    log = receiver.log.read_text()
    for file in files:
        made = dcmread(file, stop_before_pixels=True)
        for value in (made.PatientID, *str(made.PatientName).split("^"), made.SOPInstanceUID, made.StudyInstanceUID):
            assert len(value) < 4 or str(value) not in log
    assert "STRANGER" not in log


def test_an_arrived_file_is_seen_by_the_inbox_once_it_is_quiet(receiver: Running, files: list[Path]) -> None:
    with associated(receiver.port, files) as association:
        assert sent(association, files[1]) == 0
    with inbox_watch(Places(receiver.root)) as watch:
        watch.look(time.time())
        found = watch.look(time.time() + 11)
    assert set(found.finished) == set(receiver.received())


def test_what_arrived_goes_the_way_of_all_files(tmp_path: Path, files: list[Path]) -> None:
    root = tmp_path / "store"
    with receiving(root) as running, associated(running.port, files[:3]) as association:
        assert [sent(association, file) for file in files[:3]] == [0, 0, 0]
    ran = command(root, "ingest", root / "data" / "inbox")
    assert ran.code == 0, ran.err
    published = IMAGES.read(Places(root))
    assert len(published) == 3
    for file in files[:3]:
        made = dcmread(file, stop_before_pixels=True)
        name = str(made.PatientName).split("^")[0]
        for path in (root / "data").rglob("*"):
            if path.is_file() and not path.is_relative_to(root / "data" / "raw") and path.suffix in {".parquet", ".db"}:
                assert name.encode() not in path.read_bytes()


def test_a_full_disk_is_answered_as_such_and_nothing_half_remains(tmp_path: Path, files: list[Path]) -> None:
    sizes = sorted((file.stat().st_size, file) for file in files)
    (small, fits), (large, too_long) = sizes[0], sizes[-1]
    assert small < large - 2000
    with receiving(tmp_path, most_file_bytes=large - 1000) as running:
        with associated(running.port, [fits, too_long]) as association:
            assert sent(association, too_long) == 0xA700
            assert (running.received(), running.halves()) == ([], [])
            assert sent(association, fits) == 0
        assert [data_set(path) for path in running.received()] == [data_set(fits)]


def test_a_killed_receiver_loses_nothing_that_it_acknowledged(tmp_path: Path, files: list[Path]) -> None:
    acknowledged: list[Path] = []

    def send() -> None:
        with suppress(RuntimeError), associated(running.port, files) as association:
            for file in files:
                acknowledged.extend([file] if sent(association, file) == 0 else [])

    with receiving(tmp_path) as running:
        thread = threading.Thread(target=send)
        thread.start()
        assert until(lambda: len(acknowledged) >= 3)
        end(running.process)
        thread.join(60)
    there = {data_set(path) for path in running.received()}
    assert {data_set(file) for file in acknowledged} <= there
    assert there <= {data_set(file) for file in files}, "nothing half lies in the inbox"
    (running.root / "data" / "raw" / ".receiving" / "dicom" / "left.part").write_bytes(b"half")
    with receiving(tmp_path) as again:
        assert not again.halves()
        with associated(again.port, files) as association:
            assert [sent(association, file) for file in files] == [0] * len(files)
        assert {data_set(path) for path in again.received()} == {data_set(file) for file in files}
        assert len(again.received()) == len(files)


def test_a_second_receiver_of_a_store_is_refused(receiver: Running) -> None:
    ran = command(receiver.root, "receive")
    assert (ran.code, "another process receives" in ran.err) == (1, True)


@pytest.mark.parametrize(
    ("settings", "words", "said"),
    [
        ("", ("--host", "0.0.0.0"), "name the devices that may send"),  # noqa: S104 - refused
        ("senders: {A: 0.0.0.0/0}", (), "every address there is"),
        ("senders: {A: here}", (), "no address"),
        ("ae_title: 'a\\b'", (), "no application entity title"),
        ("tls_certificate: some.pem", (), "go together"),
    ],
)
def test_what_is_not_safe_is_refused(tmp_path: Path, settings: str, words: tuple[str, ...], said: str) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "xray.yaml").write_text(f"pacs: {{{settings}}}")
    ran = command(tmp_path / "store", "receive", *words)
    assert ran.code in {1, 2}
    assert said in ran.err


def test_it_ends_cleanly_when_it_is_told_to(tmp_path: Path) -> None:
    with receiving(tmp_path) as running:
        pass
    assert running.process.returncode == 0
    assert "Traceback" not in running.log.read_text()
