"""A hospital that drops files into the inbox, and a daemon that takes them in; as a user does it, with `xray ui`."""

import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

import pandas as pd
import pytest

from xray_platform.dicom.intake.batch_plan import batch_names, read_plan
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.tables.all import IMAGES, PREDICTIONS, TENSORS
from xray_platform_tests.defs.conftest import SECONDS, Interfaces

pytestmark = pytest.mark.timeout(900)
BATCH = "batch-0002"  # the first that the inbox opens: the story has one


def within(seconds: float, done: Callable[[], bool]) -> bool:
    """Tell whether something comes true in this time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(0.5)
    return False


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, str, str]]:
    """Three sound pictures of a hospital, with their names there and their labels."""
    archive = tmp_path_factory.mktemp("hospital") / "archive"
    write_archive(archive, ArchiveSettings(pictures=12, side=256, seed=7), workers=1)
    table = pd.read_csv(archive / "labels.csv").head(3)
    return [
        (archive / file, f"KOWALSKA^JANINA {number}.dcm", label)
        for number, (file, label) in enumerate(zip(table["file"], table["label"], strict=True))
    ]


@pytest.fixture
def slow(interfaces: Interfaces, sent: list[tuple[Path, str, str]]) -> Iterator[Event]:
    """The third file grows, until it is told to end."""
    enough = Event()
    source, name, _ = sent[2]
    data = source.read_bytes()

    def grow() -> None:
        with (interfaces.places.inbox / name).open("wb") as file:
            for at in range(0, len(data) - 4096, 64):
                file.write(data[at : at + 64])
                file.flush()
                if enough.wait(1):
                    break
            file.write(data[file.tell() :])

    copying = Thread(target=grow)
    interfaces.places.inbox.mkdir(parents=True, exist_ok=True)
    copying.start()
    yield enough
    enough.set()
    copying.join()


def test_what_is_dropped_is_taken_in_and_judged(
    interfaces: Interfaces, sent: list[tuple[Path, str, str]], slow: Event
) -> None:
    places = interfaces.places
    for source, name, _ in sent[:2]:
        shutil.copyfile(source, places.inbox / name)
    assert within(SECONDS, lambda: len(PREDICTIONS.earlier(places, BATCH)) == 2), "the finished files are judged"
    assert len(IMAGES.read(places, BATCH)) == 2, "the one that grows is not"
    assert {len(TENSORS.read(places, part)) for part in TENSORS.parts(places) if part.startswith(BATCH)} == {2}
    assert set(PREDICTIONS.read(places, BATCH)["verdict"]) <= {"normal", "abnormal"}
    slow.set()
    rows = "".join(f"{name},{label}\n" for _, name, label in sent)
    (places.inbox / "labels.csv").write_text(f"file,label\n{rows}")
    mine = {BATCH, "batch-0003", "batch-0004"}

    def all_of_it() -> bool:
        judged, images = (table.read(places) for table in (PREDICTIONS, IMAGES))
        new = set(images[images["batch"].isin(mine)]["image"])
        return len(new) == 3 and new <= set(judged["image"])

    assert within(SECONDS, all_of_it), "the third file, and the labels that came later"
    said = {file.label for batch in batch_names(places) for file in read_plan(places, batch).files}
    assert {label for _, _, label in sent} <= said, "the labels are written down, to be joined at the hour"


def test_no_run_leaves_a_process_behind(interfaces: Interfaces) -> None:
    assert within(SECONDS, lambda: all(run.is_finished for run in interfaces.instance.get_runs(limit=20)))
    assert within(30, lambda: not runs_of(interfaces)), f"left: {runs_of(interfaces)}"


def test_what_dagster_keeps_names_no_file(interfaces: Interfaces) -> None:
    kept = {}
    for path in interfaces.places.dagster.rglob("*"):
        with suppress(FileNotFoundError, IsADirectoryError):  # the daemon is at work: journals come and go
            kept[path.name] = path.read_bytes()
    assert len(kept) > 3
    assert [name for name, data in kept.items() if b"KOWALSKA" in data] == []


def test_one_signal_ends_all_of_it(interfaces: Interfaces) -> None:
    """Last: afterwards nothing answers, and nothing is left."""
    interfaces.process.send_signal(signal.SIGINT)
    assert interfaces.process.wait(90) == 0
    for address in (interfaces.dagster, interfaces.mlflow):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(address.rsplit(":", 1)[1]))) != 0
    assert within(30, lambda: not processes_of(interfaces)), f"left: {processes_of(interfaces)}"


def processes_of(interfaces: Interfaces) -> list[str]:
    """Return the command lines of all processes that work on the served store."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"XRAY_ROOT={interfaces.places.root}\0".encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_text().replace("\0", " ").strip())
        except OSError:
            continue
    return [line for line in found if line]


def runs_of(interfaces: Interfaces) -> list[str]:
    """Return the command lines of what runs have started: the run itself, and the children that it works with."""
    return [line for line in processes_of(interfaces) if "spawn_main" in line or "forkserver" in line]
