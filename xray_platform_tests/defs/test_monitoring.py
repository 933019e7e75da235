"""Monitoring: a model in use that sees other pictures, says other things or is wrong more often is noticed."""

from collections.abc import Sequence
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from xray_platform.defs import monitoring_results
from xray_platform.defs.asset import plain_failures
from xray_platform.defs.monitoring import as_before, monitoring
from xray_platform.defs.store import Store
from xray_platform.errors import StoreError
from xray_platform.evaluation.dataset import drift_since
from xray_platform.evaluation.dataset.drift import Drift, drift_of
from xray_platform.evaluation.monitoring_page import Monitoring
from xray_platform.evaluation.performance import PerformanceSettings
from xray_platform.tables.all import EMBEDDINGS, IMAGES, PREDICTIONS, QUALITY, SPLITS, STANDARD_IMAGES
from xray_platform.tables.places import Places
from xray_platform.tables.table import Table
from xray_platform.tracking.registry import Registered
from xray_platform_tests.defs.conftest import Story

RUN = "a" * 32
USED = Registered("xray-champion", "4", "attention_cnn", RUN, "bundle")
SUBJECTS = 80
DIGESTS = ("sha256", "file_sha256", "pixel_sha256")


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A store whose champion is known; its batches are written by `months`."""
    monkeypatch.setattr(monitoring_results, "champion", lambda _: USED)
    return Places(tmp_path)


def months(
    places: Places,
    sensitivities: Sequence[float],
    *,
    brighter: int = 0,
    farther: int = 0,
    unlike: int = 0,
    split: str = "test",
) -> None:
    """Write batches of labelled pictures, so many of the abnormal ones found.

    The last ones are brighter, or farther from what was learnt, or unlike in what the champion sees in them.
    """
    rng, count = np.random.default_rng(3), len(sensitivities)
    for number, sensitivity in enumerate(sensitivities, start=1):
        batch = f"batch-{number:04d}"
        digests = [sha256(f"{number} {one}".encode()).hexdigest() for one in range(SUBJECTS)]
        abnormal = np.arange(SUBJECTS) % 2 == 0
        called = np.where(abnormal, rng.random(SUBJECTS) < sensitivity, rng.random(SUBJECTS) < 0.1)
        tone, distance = rng.normal(0.4, 0.05, SUBJECTS), rng.normal(0.5, 0.05, SUBJECTS)
        tone += 0.2 * (number > count - brighter)
        distance += 0.2 * (number > count - farther)
        who = [{"image": one[:16], "batch": batch, "subject": f"sub-{one[:16]}"} for one in digests]
        write_batch(places, batch, digests, who, tone)
        said = zip(who, rng.random(SUBJECTS) / 2 + called / 2, called, distance, strict=True)
        rows = [
            {
                **one, "model": "attention_cnn", "run": RUN, "score": score, "probability": score,
                "verdict": "abnormal" if found else "normal", "distance": far,
            }
            for one, score, found, far in said
        ]  # fmt: skip
        PREDICTIONS.write(places, PREDICTIONS.frame(rows), batch)
        embeddings = rng.normal(size=(SUBJECTS, 8)) + (number > count - unlike) * np.linspace(0, 0.8, 8)
        seen = [{**row, "embedding": tuple(one.tolist())} for row, one in zip(rows, embeddings, strict=True)]
        EMBEDDINGS.write(places, EMBEDDINGS.frame(seen), batch)
        truth = [
            {**one, "findings": "mass" if sick else "normal", "abnormal": bool(sick), "split": split, "reason": "test"}
            for one, sick in zip(who, abnormal, strict=True)
        ]
        SPLITS.write(places, pd.concat([SPLITS.read(places), SPLITS.frame(truth)], ignore_index=True))


def write_batch(
    places: Places,
    batch: str,
    digests: list[str],
    who: list[dict[str, str]],
    tone: NDArray[np.float64],
) -> None:
    places.plans.mkdir(parents=True, exist_ok=True)
    (places.plans / f"{batch}.json").write_text("{}")
    picture = {
        "origin": "archive", "file": "a.dcm", "format": "dicom", "rows": 512, "columns": 512, "bits_stored": 12,
        "photometric": "MONOCHROME2", "lossy": False,
    }  # fmt: skip
    both = list(zip(who, digests, tone, strict=True))
    images = [
        {
            **one,
            **picture,
            **dict.fromkeys(DIGESTS, digest),
            "study": f"stu-{digest[:16]}",
        }
        for one, digest, _ in both
    ]
    IMAGES.write(places, IMAGES.frame(images), batch)
    standard = [
        {
            "image": one["image"], "batch": batch, "rows": 512, "columns": 512, "window_low": 0.0, "window_high": 9.0,
            "grey_levels": 4000, "grey_mean": float(level), "turned_from": "LF", "done": ["made for a test"],
        }
        for one, _, level in both
    ]  # fmt: skip
    STANDARD_IMAGES.write(places, STANDARD_IMAGES.frame(standard), batch)
    found = {"batch": batch, "rule": "Q000", "severity": "pass", "evidence": ""}
    refused = {"sha256": "f" * 64, "image": "f" * 16, **found, "rule": "Q020", "severity": "reject"}
    passed = [{"sha256": digest, "image": one["image"], **found} for one, digest, _ in both]
    QUALITY.write(places, QUALITY.frame([*passed, refused]), batch)


def watched(places: Places) -> tuple[dg.AssetCheckEvaluation, str]:
    """Materialise the asset as Dagster does, and return what its check found and the page."""
    defs = dg.Definitions(
        assets=[monitoring.definition()],
        asset_checks=[as_before],
        resources={"store": Store(root=str(places.root))},
        executor=dg.in_process_executor,
    )
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs.resolve_implicit_global_asset_job_def().execute_in_process(instance=instance)
    (found,) = result.get_asset_check_evaluations()
    return found, (places.reports / "monitoring.html").read_text()


def test_months_that_are_alike_raise_no_alarm_and_the_page_lists_them(places: Places) -> None:
    months(places, [0.9] * 4)
    found, page = watched(places)
    assert found.passed, found.description
    assert "The newest batch is like those before it." in page
    assert "attention_cnn, version 4" in page
    assert page.count('data-label="Left out">1%<small>of 81 files') == 4
    assert "<svg" in page or "data:image" in page


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"brighter": 1}, "Mean grey"),
        ({"farther": 1}, "Distance from what the champion learnt"),
        ({"unlike": 1}, "What the champion sees: told apart from before with an AUROC of 0."),
    ],
)
def test_other_pictures_and_other_distances_are_a_warning(places: Places, changed: dict[str, Any], words: str) -> None:
    months(places, [0.9] * 4, **changed)
    found, page = watched(places)
    assert not found.passed
    assert found.severity is dg.AssetCheckSeverity.WARN
    assert "batch-0004" in str(found.metadata["alarms"].value)
    assert words in page


def test_a_model_that_misses_more_is_a_warning(places: Places) -> None:
    months(places, [0.9, 0.9, 0.9, 0.4])
    found, page = watched(places)
    assert not found.passed
    assert "sensitivity" in str(found.metadata["alarms"].value)
    assert "below the limit of" in page


def test_of_many_batches_the_last_ones_are_compared_and_no_other_is_read_for_it(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    months(places, [0.9] * 6)
    monkeypatch.setattr(monitoring_results, "LISTED", 2)
    compared: list[str] = []

    def counted(batch: str, *given: Any) -> Drift:
        compared.append(batch)
        return drift_of(batch, *given)

    read: list[str] = []
    part = Table._part

    def noted(table: Table, places: Places, name: str, **how: Any) -> Any:
        read.extend([name] if table is QUALITY else [])
        return part(table, places, name, **how)

    monkeypatch.setattr(drift_since, "drift_of", counted)
    monkeypatch.setattr(Table, "_part", noted)
    found = monitoring_results.monitored(places, PerformanceSettings())
    assert list(found.predictions) == list(found.pictures) == ["batch-0005", "batch-0006"]
    assert compared == 2 * ["batch-0005", "batch-0006"]
    assert [drift.reference for drift in found.predictions.values()] == [4 * SUBJECTS, 5 * SUBJECTS]
    assert read == ["batch-0005", "batch-0006"]
    assert {point.batch for point in found.performance} == {f"batch-{number:04d}" for number in range(1, 7)}


def test_the_check_says_what_the_page_found_and_computes_nothing_again(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    months(places, [0.9] * 4, brighter=1)
    looked: list[Places] = []
    once = monitoring_results.monitored

    def counted(places: Places, settings: PerformanceSettings) -> Monitoring:
        looked.append(places)
        return once(places, settings)

    monkeypatch.setattr(monitoring_results, "monitored", counted)
    found, page = watched(places)
    assert looked == [places]
    assert not found.passed
    assert str(found.description) in unescape(page)


def test_a_page_that_was_not_made_is_a_warning_and_no_quiet_check() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        found = as_before(dg.build_asset_check_context(instance=instance))
    assert isinstance(found, dg.AssetCheckResult)
    assert not found.passed
    assert "materialise `monitoring`" in str(found.description)


def test_pictures_that_it_learnt_from_say_nothing_of_how_often_it_is_right(places: Places) -> None:
    months(places, [0.9, 0.9, 0.9, 0.4], split="train")
    found, page = watched(places)
    assert "sensitivity" not in str(found.metadata["alarms"].value)
    assert "no picture that the champion did not learn from has a label" in page


def test_what_another_champion_saw_is_not_compared(places: Places) -> None:
    months(places, [0.9] * 3, unlike=1)
    part = "batch-0003"
    EMBEDDINGS.write(places, EMBEDDINGS.read(places, part).assign(run="b" * 32), part)
    found, page = watched(places)
    assert found.passed, found.description
    assert "What the champion sees" not in page


def test_a_damaged_table_is_an_error_and_no_quiet_page(places: Places) -> None:
    months(places, [0.9, 0.9])
    path = PREDICTIONS.path(places, "batch-0002")
    path.write_bytes(path.read_bytes()[:-8] + b"00000000")
    with pytest.raises(dg.Failure, match="predictions"), plain_failures():
        monitoring_results.monitored(places, PerformanceSettings())
    with pytest.raises(StoreError):
        monitoring_results.monitored(places, PerformanceSettings())


def test_the_story_of_a_store_has_the_page(story: Story) -> None:
    page = (story.places.reports / "monitoring.html").read_text()
    assert "attention_cnn" in page
    assert "batch-0001" in page


def test_the_story_of_a_store_keeps_what_the_champion_sees(story: Story) -> None:
    seen, said = (table.read(story.places) for table in (EMBEDDINGS, PREDICTIONS))
    assert list(seen["image"]) == list(said["image"])
    assert set(seen["run"]) == set(said["run"])
    numbers = np.stack(list(seen["embedding"]))
    assert numbers.shape[1] > 1
    assert (np.linalg.norm(numbers, axis=1) <= 2).all()
    assert numbers.std(axis=0).min() > 0
