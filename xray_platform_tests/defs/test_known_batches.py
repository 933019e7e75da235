"""What a champion learnt from is left out, and an alarm stands until a champion knows what changed."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from xray_platform.defs import monitoring_results
from xray_platform.defs.decisions import Decision, keep_decisions
from xray_platform.defs.drift_results import drift_of_batch
from xray_platform.defs.known_batches import Knowledge, knowledge_of
from xray_platform.defs.model_store import MODEL, RECORD, TrainingRecord, keep_record, model_folder
from xray_platform.errors import StoreError
from xray_platform.evaluation.challenger import Superiority
from xray_platform.evaluation.dataset.drift import OF_PREDICTIONS, DriftSettings, drift_of, prediction_facts_of
from xray_platform.evaluation.monitoring_page import Monitoring, write_monitoring
from xray_platform.evaluation.performance import PerformanceSettings
from xray_platform.tables.all import EMBEDDINGS, PREDICTIONS, SPLITS
from xray_platform.tables.places import Places
from xray_platform.tracking import registry
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.registry import Registered
from xray_platform.tracking.runs import open_run
from xray_platform_tests.defs.test_monitoring import write_batch

SUBJECTS, NETWORK = 100, "attention_cnn"
Champion = Callable[[Registered], None]


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return Places(tmp_path)


@pytest.fixture
def in_use(monkeypatch: pytest.MonkeyPatch) -> Champion:
    """Say who is champion."""
    return lambda held: monkeypatch.setattr(monitoring_results, "champion", lambda _: held)


def trained(places: Places, batches: int, **tags: str) -> Registered:
    """Leave the record of a training of the first batches, as training does, and return its version."""
    with open_run(open_tracking(places), model=NETWORK) as run:
        record = TrainingRecord(
            model=NETWORK, family="network", run=run.run_id, recipe={}, settings={}, description=(), inputs={},
            dagster_run="d", provenance={}, seconds=1.0, pictures={},
            batches=tuple(f"batch-{number:04d}" for number in range(1, batches + 1)),
        )  # fmt: skip
        (model_folder(places, record) / MODEL).mkdir(parents=True)
        (model_folder(places, record) / MODEL / "weights").write_bytes(b"weights")
        keep_record(places, record, run)
    return Registered("xray-champion", "1", NETWORK, run.run_id, "bundle", tags=tags)


def lived(
    places: Places, held: Registered, months: int, *, learnt: int, changed: int = 99, right: float = 0.9, loss: int = 99
) -> None:
    """Write months of pictures, seven of ten subjects in the training part, and what the champion says and sees.

    Pictures that it learnt from lie nearer and otherwise. From the month `changed` on the pictures are brighter, from
    `loss` on the champion is right half as often in the pictures of the training part.
    """
    rng, splits = np.random.default_rng(4), []
    for number in range(1, months + 1):
        batch = f"batch-{number:04d}"
        digests = [sha256(f"{number} {one}".encode()).hexdigest() for one in range(SUBJECTS)]
        who = [{"image": one[:16], "batch": batch, "subject": f"sub-{one[:16]}"} for one in digests]
        in_train, sick = np.arange(SUBJECTS) % 10 < 7, np.arange(SUBJECTS) % 2 == 0
        write_batch(places, batch, digests, who, rng.normal(0.4, 0.05, SUBJECTS) + 0.2 * (number >= changed))
        own = in_train & (number <= learnt)
        share = np.where(in_train & (number >= loss), right / 2, right)
        called = np.where(rng.random(SUBJECTS) < share, sick, ~sick)
        near = rng.normal(0.5, 0.05, SUBJECTS) - 0.3 * own
        seen = rng.normal(size=(SUBJECTS, 8)) + 2 * own[:, None]
        rows = [
            {
                **one, "model": NETWORK, "run": held.run_id, "score": score, "probability": score,
                "verdict": "abnormal" if found else "normal", "distance": far, "embedding": tuple(place.tolist()),
            }
            for one, score, found, far, place in zip(
                who, rng.random(SUBJECTS), called, near, seen, strict=True
            )
        ]  # fmt: skip
        PREDICTIONS.write(places, PREDICTIONS.frame(rows), batch)
        EMBEDDINGS.write(places, EMBEDDINGS.frame(rows), batch)
        splits += [
            {
                **one, "findings": "mass" if ill else "normal", "abnormal": bool(ill),
                "split": "train" if learns else "test", "reason": "assigned",
            }
            for one, ill, learns in zip(who, sick, in_train, strict=True)
        ]  # fmt: skip
    SPLITS.write(places, SPLITS.frame(splits))


def watched(places: Places) -> Monitoring:
    return monitoring_results.monitored(places, PerformanceSettings())


def test_a_champion_raises_no_alarm_for_not_having_learnt_from_what_is_new(places: Places, in_use: Champion) -> None:
    held = trained(places, 3)
    in_use(held)
    lived(places, held, 6, learnt=3)
    found = watched(places)
    assert found.alarms == ()
    assert {one.outcome for one in list(found.predictions.values())[3:]} == {"alike"}
    assert [one.subjects for one in found.predictions.values()] == [30, 30, 30, 100, 100, 100]
    facts = prediction_facts_of(PREDICTIONS.read(places), EMBEDDINGS.read(places))
    newest = facts["batch"] == "batch-0006"
    counted = drift_of("batch-0006", facts[newest], facts[~newest], compare=OF_PREDICTIONS)
    assert counted.outcome == "drifted", "with what it learnt from, there would be a false alarm"


def test_a_change_is_an_alarm_in_its_month_and_in_each_that_follows_until_somebody_acts(
    places: Places, in_use: Champion
) -> None:
    (places.root / "xray.yaml").write_text("data_report: {reference_batches: 2}\n")
    held = trained(places, 3)
    in_use(held)
    lived(places, held, 12, learnt=3, changed=6)
    trained(places, 12)  # a newer training, which was not promoted: nothing that is in use knows the change
    found = watched(places)
    drifted = [batch for batch, one in found.pictures.items() if one.outcome == "drifted"]
    assert drifted == [f"batch-{number:04d}" for number in range(6, 13)]
    assert "Mean grey" in " ".join(found.alarms)


def test_after_a_retraining_and_its_promotion_it_is_quiet_at_once_and_in_the_months_that_follow(
    places: Places, in_use: Champion
) -> None:
    held = trained(places, 7)
    in_use(held)
    lived(places, held, 6, learnt=7, changed=6)
    found = watched(places)
    assert found.alarms == ()
    assert found.headline == "Changed, and known"
    assert "The newest batch differs from those before it, and the champion knows it by now." in found.summary
    lived(places, held, 9, learnt=7, changed=6)
    found = watched(places)
    assert found.alarms == ()
    assert [batch for batch, one in found.pictures.items() if one.outcome == "drifted"] == ["batch-0006"]
    assert "The champion knows it by now." in write_monitoring(places.reports, found).read_text()


def test_a_person_who_chooses_the_champion_beside_a_change_ends_its_alarm_and_no_later_one(
    places: Places, in_use: Champion
) -> None:
    held = trained(places, 3)
    chosen = replace(held, tags={"promoted_how": "chosen", "promoted_newest_batch": "batch-0006"})
    lived(places, held, 8, learnt=3, changed=6)
    for tags, quiet in ((chosen.tags, True), ({**chosen.tags, "promoted_how": "by margin"}, False)):
        in_use(replace(held, tags=tags))
        assert (watched(places).alarms == ()) is quiet
    in_use(chosen)
    lived(places, held, 8, learnt=3, changed=8)
    assert "batch-0008" in " ".join(watched(places).alarms)


def test_the_check_of_a_batch_which_starts_retrainings_knows_what_the_champion_knows(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = trained(places, 6)
    lived(places, held, 8, learnt=6, changed=6)
    assert drift_of_batch(places, "batch-0008", DriftSettings()).outcome == "drifted", "without a champion"
    monkeypatch.setattr(registry, "champion", lambda _: held)
    promoted = Decision("promoted", held, None, "the first", Superiority(True, "the first", 0.9, None))
    keep_decisions(places, [promoted], by="the leaderboard", run="d")
    assert drift_of_batch(places, "batch-0008", DriftSettings()).outcome == "alike"
    assert drift_of_batch(places, "batch-0006", DriftSettings()).outcome == "drifted"


def test_labels_of_later_batches_tell_how_often_it_is_right_whatever_part_they_are_in(
    places: Places, in_use: Champion
) -> None:
    held = trained(places, 3)
    in_use(held)
    lived(places, held, 5, learnt=3, loss=5)
    found = watched(places).performance
    judged = [point.judged for point in found if point.measure == "sensitivity"]
    assert judged == [10, 10, 10, 50, 50]
    assert any(point.alarm for point in found if point.batch == "batch-0005"), "the loss lies in the training part"


def test_of_a_champion_of_an_older_version_all_of_the_training_part_is_left_out(
    places: Places, in_use: Champion
) -> None:
    held = trained(places, 0)
    in_use(held)
    lived(places, held, 5, learnt=3)
    found = watched(places)
    assert {one.subjects for one in found.predictions.values()} == {30}
    assert found.alarms == ()
    assert knowledge_of(places, open_tracking(places), held) == Knowledge()


def test_a_judgement_below_its_training_is_of_the_same_training(places: Places) -> None:
    tracking, held = open_tracking(places), trained(places, 2)
    with open_run(tracking, model=NETWORK, parent=held.run_id) as run:
        pass
    known = knowledge_of(places, tracking, replace(held, run_id=run.run_id))
    assert known.learnt == frozenset({"batch-0001", "batch-0002"})
    assert known.batches(["batch-0001", "batch-0002", "batch-0003"]) == known.learnt


def test_a_record_that_was_changed_to_hide_a_change_is_an_error(places: Places) -> None:
    tracking, held = open_tracking(places), trained(places, 2)
    path = places.models / NETWORK / held.run_id / RECORD
    path.write_text(path.read_text().replace("batch-0002", "batch-0009"))
    with pytest.raises(StoreError, match="is not what was made"):
        knowledge_of(places, tracking, held)


def test_a_batch_without_labels_between_those_that_it_learnt_from_is_known() -> None:
    knows = Knowledge(frozenset({"batch-0001", "batch-0003"}))
    order = [f"batch-{number:04d}" for number in range(1, 5)]
    assert knows.batches(order) == frozenset(order[:3])
    assert Knowledge(None, "batch-0009").batches(["batch-0001"]) is None
    assert Knowledge().batches(["batch-0001"]) is None
