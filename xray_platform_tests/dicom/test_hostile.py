"""A zoo of hostile files: each gets one record with a reason, in little time and memory, and none escapes the store."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from xray_platform.dicom.deidentify.publish import publish_batch
from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.dicom.intake.raw_store import take_in
from xray_platform.dicom.intake.sources import list_source, spelled
from xray_platform.dicom.parse.container import MEBI
from xray_platform.dicom.quality.check import CheckedFile, check
from xray_platform.dicom.quality.examination import ExamineFile, FileLocation
from xray_platform.dicom.quality.examine import examine_batch
from xray_platform.tables.all import CATALOGUE, QUALITY
from xray_platform.tables.places import Places
from xray_platform.tables.severity import Decision
from xray_platform.workers import Limits, Lost, map_in_children
from xray_platform_tests.dicom import hostile
from xray_platform_tests.dicom.deidentify.making import KEY

FLIPS = 40
EXHIBITS = hostile.zoo()


@dataclass(frozen=True)
class Zoo:
    """The folder, and what is to be found in it below the folder."""

    folder: Path
    names: tuple[str, ...]


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    folder = tmp_path_factory.mktemp("zoo")
    for exhibit in EXHIBITS:
        (folder / exhibit.name).write_bytes(exhibit.make())
    for seed in range(FLIPS):
        (folder / f"flipped-{seed}.dcm").write_bytes(hostile.flipped(seed))
    unruly = hostile.settle_unruly(folder)
    return Zoo(folder, (*(exhibit.name for exhibit in EXHIBITS), *(f"flipped-{n}.dcm" for n in range(FLIPS)), *unruly))


@pytest.fixture(scope="module")
def checked(zoo: Zoo) -> dict[str, CheckedFile]:
    """What `check` says, by the name below the folder; the names of zip members are cut off."""
    found = list(check(zoo.folder))
    names = [record.file.removeprefix(f"{zoo.folder}/").split("!")[0] for record in found]
    assert max(Counter(names).values()) == 1
    return dict(zip(names, found, strict=True))


def test_every_file_has_one_record(zoo: Zoo, checked: dict[str, CheckedFile]) -> None:
    assert set(checked) == {spelled(name) for name in zoo.names}
    for record in checked.values():
        assert len(record.codes) == len(record.reasons)
        assert record.decision == "accept" or record.reasons


@pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda exhibit: exhibit.name)
def test_its_rule_notices_it(exhibit: hostile.Exhibit, checked: dict[str, CheckedFile]) -> None:
    record = checked[exhibit.name]
    assert exhibit.code in record.codes, record
    assert "not foreseen" not in " ".join(record.reasons)


@pytest.mark.parametrize("family", [hostile.cuts, hostile.bombs, hostile.masses], ids=lambda family: family.__name__)
def test_what_is_cut_or_overflows_is_rejected(family: hostile.Family, checked: dict[str, CheckedFile]) -> None:
    decisions: dict[str, Decision] = {exhibit.name: checked[exhibit.name].decision for exhibit in family()}
    assert set(decisions.values()) == {"reject"}, decisions


def test_what_is_no_regular_file_says_why(checked: dict[str, CheckedFile]) -> None:
    why = {name: "; ".join(checked[name].reasons) for name in ("fifo.dcm", "socket.dcm", "dangling.dcm", "loop-1.dcm")}
    assert "not a regular file" in why["fifo.dcm"]
    assert "cannot be read" in why["socket.dcm"]
    assert "not there" in why["dangling.dcm"]
    assert "link" in why["loop-1.dcm"]


def test_no_reason_quotes_what_a_file_says(checked: dict[str, CheckedFile]) -> None:
    said = " ".join(reason for record in checked.values() for reason in record.reasons)
    assert [word for word in ("evil", "\x1b", "DOE", "<b>", "AAAA") if word in said] == []


@dataclass(frozen=True)
class Spent:
    """What the examination of one file took."""

    name: str
    seconds: float
    peak_bytes: int


def spend(name: str, member: str | None, path: str) -> Spent:
    """Examine a file and measure the process that does; writing 5 there lets the kernel forget the peak so far."""
    Path("/proc/self/clear_refs").write_text("5")
    start = time.perf_counter()
    ExamineFile()(FileLocation(Path(path), member))
    seconds = time.perf_counter() - start
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return Spent(name, seconds, int(peak.split()[1]) * 1024)


def spend_on(job: tuple[str, str | None, str]) -> Spent:
    return spend(*job)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux, which tells peaks of memory")
def test_none_takes_long_or_much_memory(zoo: Zoo) -> None:
    jobs = [(file.relative, file.member, str(file.path)) for file in list_source(zoo.folder)]
    limits = Limits(seconds=10, memory_bytes=2048 * MEBI)
    results = list(map_in_children(spend_on, jobs, what="files", limits=limits))
    assert [result for result in results if isinstance(result, Lost)] == []
    spent = [result for result in results if isinstance(result, Spent)]
    assert len(spent) == len(zoo.names)
    assert max(spent, key=lambda each: each.seconds).seconds < 10
    assert max(spent, key=lambda each: each.peak_bytes).peak_bytes < 1536 * MEBI


def outside(root: Path, store: Path) -> Iterator[str]:
    for path in root.rglob("*"):
        if store not in path.parents:
            yield str(path)


def test_the_whole_way_has_one_row_for_each_and_writes_only_into_the_store(zoo: Zoo, tmp_path: Path) -> None:
    places = Places(tmp_path / "a" / "b" / "c" / "d" / "store")
    places.root.mkdir(parents=True)
    before = {*outside(tmp_path, places.root), *outside(zoo.folder, places.root)}

    (plan,) = plan_batches(places, zoo.folder)
    catalogue = take_in(places, plan)
    CATALOGUE.write(places, catalogue, plan.batch)
    quality = examine_batch(places, plan.batch)
    QUALITY.write(places, quality, plan.batch)
    published = publish_batch(places, plan.batch, KEY)

    assert len(catalogue) == len(zoo.names)
    assert catalogue["source"].is_unique
    failed = catalogue[catalogue["intake"] == "failed"]
    assert failed["reason"].str.len().min() > 0
    stored = set(catalogue.loc[catalogue["intake"] == "stored", "sha256"])
    assert set(quality["sha256"]) == stored
    assert not quality.duplicated(["sha256", "rule"]).any()
    shown = set(published.images["sha256"])
    told = {path.stem for path in places.rejected.iterdir()}
    assert {sha[:16] for sha in stored - shown} == told
    assert {*outside(tmp_path, places.root), *outside(zoo.folder, places.root)} == before


def test_odd_files_of_others_have_one_record_each(shared_data: Path) -> None:
    folder = shared_data / "odd_dicom"
    found = list(check(folder))
    assert [Path(record.file).name for record in found] == sorted(path.name for path in folder.iterdir())
    assert json.loads(json.dumps([record.reasons for record in found]))
    assert not [record for record in found if "not foreseen" in " ".join(record.reasons)]
