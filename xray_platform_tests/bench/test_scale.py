"""Scale: the grown store is one that the platform itself finds sound, and promises are called broken where they are."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from xray_platform.bench import scale
from xray_platform.bench.batch_way import StepSeconds, run
from xray_platform.bench.contract import Inputs
from xray_platform.bench.opened_store import open_store, own_key
from xray_platform.bench.scale import Measured, growth, measure
from xray_platform.bench.scale_figure import draw_scale
from xray_platform.bench.scale_steps import GROWN, NEW_BATCH, STEPS, grown
from xray_platform.defs.verify import verify_store
from xray_platform.dicom.intake.raw_store import lost_raw, raw_path
from xray_platform.dicom.intake.verify import history_differences
from xray_platform.errors import MachineError
from xray_platform.imaging.store.standard_image_reader import StandardImageBatch, read_standard_image
from xray_platform.progress import silent
from xray_platform.tables.all import CATALOGUE, IMAGES, LABELS, LIKENESS, SPLITS
from xray_platform.tables.places import Places

PICTURES = 2000


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    with own_key(), pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        made = Places(tmp_path_factory.mktemp("scale") / "store")
        patch.setenv("XRAY_ROOT", str(made.root))
        grown(made, PICTURES)
        yield made


def test_the_grown_store_is_found_whole_by_those_who_look_for_faults(places: Places) -> None:
    assert [table.count(places) for table in (CATALOGUE, IMAGES, LIKENESS)] == [PICTURES] * 3
    assert history_differences(places) == []
    assert lost_raw(places) == {}
    with open_store(places) as store:
        found = [fault.line for zone in verify_store(store) for fault in zone.faults]
        assert found == []
        assert [one for one in store.pending() if "batch-" in one] == [], "every asset of every batch is fresh"


def test_what_is_gone_from_it_is_missed(places: Places) -> None:
    path = raw_path(places, str(CATALOGUE.read(places, "batch-0002")["sha256"].iloc[7]))
    content = path.read_bytes()
    path.unlink()
    assert list(lost_raw(places)) == [path.name]
    path.write_bytes(content)
    assert lost_raw(places) == {}


def test_its_labels_are_joined_and_divided_and_its_pictures_can_be_seen(places: Places) -> None:
    with open_store(places) as store:
        run(store, [dg.AssetKey(name) for name in ("labels", "splits", "data_report")], StepSeconds(), (), force=True)
    labels, splits = LABELS.read(places), SPLITS.read(places)
    assert len(splits) == PICTURES
    assert 0.3 < labels["abnormal"].astype(bool).mean() < 0.5
    assert splits.groupby("subject")["split"].nunique().max() == 1
    opened = StandardImageBatch.open(places, "batch-0001")
    assert {read_standard_image(opened[image]).shape for image in list(opened.images)[:8]} != set()


def test_growth_is_told_against_n_log_n() -> None:
    assert growth({1000: 1.0}) is None
    assert growth({1000: 1.0, 10_000: 10 * math.log(10_000) / math.log(1000)}) == pytest.approx(1)
    assert growth({1000: 1.0, 10_000: 100.0, 100_000: 10_000.0}) == pytest.approx(8)


def told(monkeypatch: pytest.MonkeyPatch, root: Path, *, exponent: float, mb: float, batch: float) -> dict[str, object]:
    """Let every step take as long as the size to a power, and hold so much."""

    def measured(_: Path, step: str, size: int) -> Measured:
        seconds = {step: (size / 1e4) ** exponent} if step != "batch" else {NEW_BATCH: batch if size > 1e5 else 1.0}
        return Measured(seconds, mb)

    monkeypatch.setattr(scale, "_measured", measured)
    return {name: said for name, said in measure(silent, Inputs(root)).items() if "|" not in name}


def test_promises_are_kept_or_broken_and_say_by_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = told(monkeypatch, tmp_path / "kept", exponent=1.0, mb=4000, batch=1.4)
    assert [str(said).split(":")[0] for said in list(kept.values())[:3]] == ["kept"] * 3
    broken = told(monkeypatch, tmp_path / "broken", exponent=1.2, mb=4200, batch=1.6)
    assert [str(said).split(":")[0] for said in list(broken.values())[:3]] == ["BROKEN"] * 3
    assert "4,200 MiB" in str(list(broken.values())[1])


def test_a_cut_off_run_goes_on_and_a_named_step_is_measured_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, int]] = []
    resumed: list[bool] = []

    def measured(_: Path, step: str, size: int) -> Measured:
        done.append((step, size))
        if len(done) == 3 and not resumed:
            raise KeyboardInterrupt
        return Measured({NEW_BATCH if step == "batch" else step: 1.0}, 1.0)

    monkeypatch.setattr(scale, "_measured", measured)
    with pytest.raises(KeyboardInterrupt):
        measure(silent, Inputs(tmp_path, only=("10000",)))
    first = list(done)
    resumed.append(True)
    measure(silent, Inputs(tmp_path, only=("10000",)))
    assert done == [*first, *((step, 10_000) for step in (GROWN, *STEPS) if step not in {GROWN, next(iter(STEPS))})]
    done.clear()
    measure(silent, Inputs(tmp_path, only=("10000", "labels")))
    assert done == [("labels", 10_000)]
    done.clear()
    figures = measure(silent, Inputs(tmp_path, only=("10000", "100000", "labels")))
    assert done == [("labels", 10_000), (GROWN, 100_000), ("labels", 100_000)], "no step that nobody named"
    assert not any(str(name).startswith("splits | 100,000") for name in figures)


def test_a_step_that_fails_names_what_it_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "CHILD", "xray_platform.bench.no_such_steps")
    with pytest.raises(MachineError, match=r"the step grown of 10,000 pictures failed; .*grown\.log says why"):
        measure(silent, Inputs(tmp_path, only=("10000",)))
    assert "no_such_steps" in (tmp_path / "bench/scale/10000/grown.log").read_text()
    assert json.dumps(list(tmp_path.rglob("measured/*"))) == "[]"


def test_the_figure_names_the_slowest_steps() -> None:
    drawn = draw_scale({"splits": {10_000: 1.0, 100_000: 12.0}, "labels": {10_000: 2.0, 100_000: 30.0}}).decode()
    assert "labels, 30 s" in drawn
    assert "n log n" in drawn
