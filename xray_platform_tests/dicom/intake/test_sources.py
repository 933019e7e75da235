"""Sources: every file is listed once, whatever lies about in a folder or a zip archive."""

import os
import random
import struct
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from xray_platform.dicom.intake.safe_open import SourceError, open_source
from xray_platform.dicom.intake.sources import ZipCaps, list_source, spelled, unspelled
from xray_platform.errors import InputError
from xray_platform_tests.dicom import hostile


def listed(source: Path, caps: ZipCaps = ZipCaps()) -> list[tuple[str, str | None]]:
    return [(file.relative, file.member) for file in list_source(source, caps)]


def read(path: Path, member: str | None = None) -> bytes:
    with open_source(path, member) as source:
        return source.read(1 << 20)


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_a_folder_is_listed_to_its_depths_in_order(tmp_path: Path) -> None:
    for name in ("b/2.dcm", "b/1.dcm", "a/x/y/3.dcm", "0.dcm", ".hidden"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert [name for name, _ in listed(tmp_path)] == [".hidden", "0.dcm", "a/x/y/3.dcm", "b/1.dcm", "b/2.dcm"]


def test_a_link_that_leads_back_is_followed_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.dcm").write_bytes(b"x")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    assert listed(tmp_path) == [("a/1.dcm", None)]


def test_what_is_no_regular_file_is_listed_and_its_reading_does_not_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    assert [name for name, _ in listed(tmp_path)] == ["broken", "pipe"]
    with pytest.raises(SourceError, match="not a regular file"):
        read(tmp_path / "pipe")
    with pytest.raises(SourceError, match="not there any more"):
        read(tmp_path / "broken")


def test_a_name_that_is_no_utf8_can_be_written_down_and_found_again(tmp_path: Path) -> None:
    odd = os.fsdecode(os.fsencode(tmp_path) + b"/M\xfcller.dcm")
    Path(odd).write_bytes(b"x")
    (file,) = list_source(tmp_path)
    written = spelled(str(file.path))
    assert written.encode("utf-8")
    assert unspelled(written) == odd
    assert read(Path(unspelled(written))) == b"x"


def test_a_zip_archive_is_unpacked_alone_and_in_a_folder(tmp_path: Path) -> None:
    path = zipped(tmp_path / "in.zip", {"a/1.dcm": b"one", "2.dcm": b"two"})
    assert listed(path) == [("a/1.dcm", "a/1.dcm"), ("2.dcm", "2.dcm")]
    assert listed(tmp_path) == [("in.zip/a/1.dcm", "a/1.dcm"), ("in.zip/2.dcm", "2.dcm")]
    assert read(path, "a/1.dcm") == b"one"


@pytest.mark.parametrize("name", ["../up.dcm", "/etc/absolute.dcm", "..\\up.dcm", "C:\\x.dcm", "a/../../b.dcm"])
def test_a_member_that_leads_out_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "in.zip", {name: b"x"})
    with pytest.raises(SourceError, match="leads out of the archive"):
        read(path, name)


def test_a_member_that_is_a_link_or_encrypted_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "in.zip"
    link = zipfile.ZipInfo("link.dcm")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(SourceError, match="is a link"):
        read(path, "link.dcm")
    locked = zipped(tmp_path / "locked.zip", {"1.dcm": b"x"})
    data = bytearray(locked.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    locked.write_bytes(data)
    with pytest.raises(SourceError, match="encrypted"):
        read(locked, "1.dcm")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", {"1.dcm": bytes(50 << 20)})
    with pytest.raises(SourceError, match="packed more than 200 times"):
        read(path, "1.dcm")


@pytest.mark.parametrize("caps", [ZipCaps(members=1), ZipCaps(total_bytes=3)])
def test_an_archive_that_breaks_its_caps_is_one_file(tmp_path: Path, caps: ZipCaps) -> None:
    path = zipped(tmp_path / "in.zip", {"1.dcm": b"one", "2.dcm": b"two"})
    assert listed(path, caps) == [("in.zip", None)]
    assert listed(tmp_path, caps) == [("in.zip", None)]


def test_a_damaged_archive_is_one_file_and_so_is_one_with_a_name_twice(tmp_path: Path) -> None:
    (tmp_path / "damaged.zip").write_bytes(b"PK\x03\x04 and then nothing")
    with zipfile.ZipFile(tmp_path / "twice.zip", "w") as archive:
        archive.writestr("1.dcm", "one")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("1.dcm", "other")
    assert listed(tmp_path) == [("damaged.zip", None), ("twice.zip", None)]


def test_a_member_whose_bytes_are_damaged_has_a_reason(tmp_path: Path) -> None:
    path = zipped(tmp_path / "in.zip", {"1.dcm": os.urandom(1000)})
    data = bytearray(path.read_bytes())
    data[200] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(SourceError, match="damaged zip"):
        read(path, "1.dcm")


def test_nothing_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file or folder"):
        list(list_source(tmp_path / "none"))


def test_an_archive_with_a_member_without_name_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "in.zip").write_bytes(hostile.nameless_zip())
    assert listed(tmp_path) == [("in.zip", None)]


def test_an_archive_whose_members_share_their_bytes_is_one_file(tmp_path: Path) -> None:
    path = zipped(tmp_path / "in.zip", {"1.dcm": os.urandom(5000)})
    data = path.read_bytes()
    central, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    entry = data[central:end]
    twice = entry + entry.replace(b"1.dcm", b"2.dcm")
    tail = bytearray(data[end:])
    tail[8:16] = struct.pack("<HHL", 2, 2, len(twice))
    path.write_bytes(data[:central] + twice + tail)
    assert listed(tmp_path) == [("in.zip", None)]


def test_a_member_in_a_rare_packing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in.zip").write_bytes(hostile.zipped({"1.dcm": b"x" * 100}, zipfile.ZIP_LZMA))
    with pytest.raises(SourceError, match="packed in a rare way"):
        read(tmp_path / "in.zip", "1.dcm")


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_damaged_archive_is_listed_and_every_member_is_read_or_has_a_reason(tmp_path: Path, packing: int) -> None:
    whole, path = hostile.zipped({"1.dcm": bytes(300), "ü.dcm": b"two"}, packing), tmp_path / "in.zip"
    chance = random.Random(packing)
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 2, 4))):
            data[chance.randrange(len(data))] = chance.choice((0, 0xFF, 0x80, chance.randrange(256)))
        path.write_bytes(data)
        files = list(list_source(tmp_path))
        assert files
        for file in files:
            with suppress(SourceError):
                read(file.path, file.member)


def test_a_link_that_leads_out_is_refused_and_not_gone_through(tmp_path: Path) -> None:
    outside, source = tmp_path / "outside", tmp_path / "source"
    outside.mkdir()
    (source / "a").mkdir(parents=True)
    (outside / "secret.dcm").write_bytes(b"secret")
    zipped(outside / "secret.zip", {"1.dcm": b"secret"})
    (source / "file.dcm").symlink_to(outside / "secret.dcm")
    (source / "folder").symlink_to(outside)
    (source / "in.zip").symlink_to(outside / "secret.zip")
    (source / "chain.dcm").symlink_to(source / "file.dcm")
    (source / "a" / "through.dcm").symlink_to(source / "folder" / "secret.dcm")
    assert [name for name, _ in listed(source)] == ["chain.dcm", "file.dcm", "folder", "in.zip", "a/through.dcm"]
    for file in list_source(source):
        with pytest.raises(SourceError, match="a link that leads out"), open_source(file.path, None, file.within):
            pass


def test_a_link_that_stays_within_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.dcm").write_bytes(b"one")
    (tmp_path / "link.dcm").symlink_to("a/1.dcm")
    (tmp_path / "b").symlink_to("a")
    with open_source(tmp_path / "link.dcm", None, tmp_path) as source:
        assert source.read(9) == b"one"
    with open_source(tmp_path / "b" / "1.dcm", None, tmp_path) as source:
        assert source.read(9) == b"one"


def test_a_file_or_folder_that_becomes_a_link_after_it_was_listed_is_refused(tmp_path: Path) -> None:
    outside, source = tmp_path / "outside", tmp_path / "source"
    for folder in (outside, source / "a"):
        folder.mkdir(parents=True)
        (folder / "1.dcm").write_bytes(b"secret" if folder == outside else b"one")
    (file,) = list_source(source)
    (source / "a").rename(source / "b")
    (source / "a").symlink_to(outside)
    with pytest.raises(SourceError, match="a link that leads out"), open_source(file.path, None, file.within):
        pass


def test_what_is_handed_in_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "1.dcm").write_bytes(b"one")
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    (tmp_path / "file.dcm").symlink_to(tmp_path / "real" / "1.dcm")
    for source in (tmp_path / "folder", tmp_path / "file.dcm"):
        (file,) = list_source(source)
        with open_source(file.path, None, file.within) as opened:
            assert opened.read(9) == b"one"


def test_a_folder_that_cannot_be_listed_is_a_row_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a/1.dcm", "closed/2.dcm", "z/3.dcm"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"x")
    scandir = os.scandir

    def guarded(path: Path) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    assert [name for name, _ in listed(tmp_path)] == ["a/1.dcm", "closed", "z/3.dcm"]
    with pytest.raises(SourceError, match="a folder that cannot be listed"), open_source(tmp_path / "closed"):
        pass


def test_an_impossible_path_is_one_line(tmp_path: Path) -> None:
    for name in ("x" * 5000, "a\0b"):
        with pytest.raises(InputError) as refused:
            list(list_source(tmp_path / name))
        assert len(str(refused.value)) < 400
