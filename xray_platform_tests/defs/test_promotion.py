"""Who is champion: by a margin on the same pictures, or by a person's choice; never because somebody tried settings."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from xray_platform.defs.challenge import judged_by_both
from xray_platform.defs.graph import definitions
from xray_platform.defs.known_batches import knowledge_of
from xray_platform.defs.local_runner import LocalRunner
from xray_platform.defs.materializations import last_materialization
from xray_platform.defs.model_store import current_record
from xray_platform.defs.models import NAMES
from xray_platform.defs.promotion import chosen_since
from xray_platform.tables.all import DECISIONS
from xray_platform.tables.manifest import manifest_file
from xray_platform.tables.places import Places
from xray_platform.tracking.champion_aliases import champion_versions
from xray_platform.tracking.evaluations import evaluated_in
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.names import CHAMPION_MODEL
from xray_platform.tracking.registry import Registered, champion, model_bundle
from xray_platform_tests.cli.conftest import command
from xray_platform_tests.defs.conftest import Story

OLD = Registered("xray-champion", "1", "old", "run", "bundle", tags={"logged_at": "2026-01-01"})
DETECTOR = "one_class_svm, one_class_svm_scores, one_class_svm_report"
CHANGED = {"scale": 0.2, "stretch": 0.35, "gamma": 0.5, "contrast": 0.3, "sharpness": 0.5, "blur": 0.25, "noise": 0.05}
HARDLY_LEARNT = {"epochs": 2, "threads": 1, "rotation_degrees": 10, "shift": 0.06, "brightness": 0.15, **CHANGED}
NEW = replace(OLD, version="2", model="new", tags={"logged_at": "2026-02-01"})


@pytest.fixture(scope="module")
def store(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRunner]:
    """A copy of the story's store with three of its models, whose champions may come and go."""
    root = tmp_path_factory.mktemp("promotion") / "store"
    shutil.copytree(story.places.root, root)
    for name in set(NAMES) - {"pca_residual", "one_class_svm", "attention_cnn"}:
        (root / "data" / "models" / name / "current.json").unlink(missing_ok=True)
        manifest_file(Places(root), f"models/{name}/current").unlink(missing_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XRAY_ROOT", str(root))
        copy = LocalRunner(Places(root), definitions())
        yield copy
        copy.close()


def materialised(store: LocalRunner, selection: str, config: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Materialise, and return the champion's metadata."""
    outcomes = list(store.run(store.select([], selection), lambda _: None, force=True, config=config))
    assert [dict(outcome.failures) for outcome in outcomes if not outcome.success] == []
    last = last_materialization(store.instance, dg.AssetKey("champion"), None)
    assert last is not None
    return {name: value.value for name, value in last.metadata.items()}


def in_use(store: LocalRunner) -> Registered:
    held = champion(open_tracking(store.places))
    assert held is not None
    return held


def test_who_tries_settings_gets_a_challenger_and_no_champion(store: LocalRunner) -> None:
    before = in_use(store)
    assert before.model == "attention_cnn"
    told = materialised(store, f"{DETECTOR}, leaderboard, champion", {"one_class_svm": {"seed": 2}})
    assert in_use(store) == before
    assert told["changed"] is False
    assert told["challenger"] == "one_class_svm, version 3"  # the newest, not version 2 of the story
    aliases = {one.version: one.aliases for one in champion_versions(open_tracking(store.places))}
    assert aliases == {"1": ("champion",), "2": (), "3": ("challenger",)}


def test_who_tries_another_threshold_gets_a_nested_run_with_its_own_settings_and_figures(store: LocalRunner) -> None:
    tracking, record = open_tracking(store.places), current_record(store.places, "one_class_svm")
    before = tracking.client.get_run(record.run).data
    config = {"one_class_svm_scores": {"threshold_rule": "sensitivity"}}
    told = materialised(store, "one_class_svm_scores, one_class_svm_report, leaderboard, champion", config)
    nested = tracking.client.get_run(evaluated_in(tracking, record.run))
    assert nested.data.tags["mlflow.parentRunId"] == record.run
    assert nested.data.params["evaluation.threshold_rule"] == "sensitivity"
    assert tracking.client.get_run(record.run).data.metrics == before.metrics
    assert nested.data.metrics["val/auroc"] == before.metrics["val/auroc"]
    assert "epoch/val_auroc" not in nested.data.metrics
    assert (told["model"], told["challenger"]) == ("attention_cnn", "one_class_svm, version 4")
    asked = model_bundle(tracking, "one_class_svm")
    assert asked.facts.threshold.rule == "sensitivity"


def test_a_person_promotes_from_the_launchpad_and_the_choice_stands(store: LocalRunner) -> None:
    """The person's choice is a network that saw each picture twice and much changed, and is the worst of all."""
    network = "attention_cnn, attention_cnn_scores, attention_cnn_report, leaderboard, champion"
    assert materialised(store, network, {"attention_cnn": HARDLY_LEARNT})["changed"] is False
    choice = {"promote": "attention_cnn", "by": "A. Person", "why": "it finds what matters to us"}
    told = materialised(store, "champion, leaderboard_page", {"champion": choice})
    assert (told["model"], told["changed"], told["why"]) == ("attention_cnn", True, "it finds what matters to us")
    tags = in_use(store).tags
    assert (tags["promoted_by"], tags["promoted_why"]) == ("A. Person", "it finds what matters to us")
    assert tags["promoted_instead_of"] == "1"
    page = (store.places.reports / "leaderboard.html").read_text()
    assert "<code>attention_cnn</code>" in page
    told = materialised(store, "champion")
    assert (told["model"], told["changed"]) == ("attention_cnn", False)
    assert "a person chose the champion when this model was there already" in told["why"]


def test_a_newer_model_that_is_better_on_the_same_pictures_takes_its_place(store: LocalRunner) -> None:
    """The champion was judged on other pictures, so it is judged anew on those of the newer one."""
    tracking, before = open_tracking(store.places), in_use(store)
    tracking.client.set_model_version_tag(CHAMPION_MODEL, before.version, "val_data", "judged-on-others")
    tracking.client.set_model_version_tag(CHAMPION_MODEL, before.version, "val_auroc", "0.999")
    told = materialised(store, f"{DETECTOR}, leaderboard, champion", {"one_class_svm": {"seed": 1}})
    assert (told["model"], told["changed"]) == ("attention_cnn", False)
    assert "but perhaps by luck: an equal model does as well with a chance of" in told["why"], "there are few subjects"
    strict = {"champion": {"guard_uncomputed": "refuse", "level": 1}}
    told = materialised(store, "champion", strict)
    assert (told["model"], told["changed"]) == ("attention_cnn", False)
    assert "is refused" in told["why"]
    assert "calibration not computed" in told["why"]
    refused = next(one for one in champion_versions(tracking) if "refused_why" in one.tags)
    assert refused.model == "one_class_svm"
    assert "calibration not computed" in refused.tags["refused_why"]
    assert "refused: " in command(store.places.root, "promote").out
    told = materialised(store, "champion", {"champion": {"level": 1}})
    assert (told["model"], told["changed"]) == ("one_class_svm", True)
    assert "calibration not computed" in told["guards"], "what is not computed is said though it may pass"
    assert "validation AUROC 1.0000 against 0.0000 on the same pictures, better by the margin of 0.005" in told["why"]
    assert (told["validation auroc"], told["margin"]) == (1.0, 0.005)
    assert in_use(store).tags["promoted_how"] == "by margin"


def test_every_decision_is_kept_and_shown(store: LocalRunner) -> None:
    rows = DECISIONS.read(store.places)
    assert {"promoted", "kept", "refused", "chosen"} == set(rows["decision"])
    won = rows[rows["decision"] == "promoted"].iloc[-1]
    assert (won["model"], won["champion"], won["val_auroc"], won["champion_val_auroc"]) == (
        "one_class_svm", "attention_cnn", 1.0, 0.0
    )  # fmt: skip
    assert 0 < won["chance"] < 1
    assert any(str(one).startswith("alerts") for one in won["guards"])
    materialised(store, "leaderboard_page")
    page = (store.places.reports / "leaderboard.html").read_text()
    assert "Who became champion, and who did not" in page
    assert "is refused" in page


def test_a_champion_that_was_trained_anew_since_is_asked_by_its_bundle(store: LocalRunner) -> None:
    """What the champion said when it was judged is of another training, so its bundle scores the pictures."""
    tracking, held = open_tracking(store.places), in_use(store)
    kept = judged_by_both(tracking, store.places, held, "pca_residual")
    seed = {"one_class_svm": {"seed": 5}}
    told = materialised(store, f"{DETECTOR}, leaderboard, champion", seed)
    assert told["model"] == "one_class_svm"
    assert in_use(store) == held, "an equal model does not take the place of an equal one"
    asked = judged_by_both(tracking, store.places, held, "pca_residual")
    pd.testing.assert_series_equal(asked["champion_score"], kept["champion_score"], rtol=1e-6)


def test_a_person_rolls_back_by_the_command(store: LocalRunner) -> None:
    root = store.places.root
    ran = command(root, "rollback", "--why", "the new one misses nodules")
    assert ran.code == 0, ran.err
    held = in_use(store)
    assert (held.model, held.tags["promoted_how"]) == ("attention_cnn", "chosen")
    assert held.tags["promoted_why"] == "the new one misses nodules"
    assert "predictions of batch-0001" in store.pending(), "what it says of the pictures is another's word now"
    shown = command(root, "promote")
    assert "the new one" in shown.out
    assert "champion" in shown.out
    stays = command(root, "promote", "champion", "--why", "as good on the new device")
    assert stays.code == 0, stays.err
    again = in_use(store)
    assert (again.version, again.tags["promoted_why"]) == (held.version, "as good on the new device")
    assert again.tags["promoted_newest_batch"] == "batch-0001"
    assert again.tags["promoted_instead_of"] == held.tags["promoted_instead_of"]
    assert knowledge_of(store.places, open_tracking(store.places), again).chosen_beside == "batch-0001"
    wrong = command(root, "promote", "nobody")
    assert wrong.code == 2
    assert "nothing to promote is called 'nobody'; there are challenger" in wrong.err


def test_where_nothing_is_the_command_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XRAY_ROOT", str(tmp_path))
    ran = command(tmp_path, "promote", "challenger")
    assert ran.code == 2
    assert f"{tmp_path} holds no store" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_persons_choice_stands_against_what_was_there_already() -> None:
    chosen = replace(OLD, tags={"promoted_how": "chosen", "promoted_at": "2026-03-01"})
    assert chosen_since(NEW, chosen) == "a person chose the champion when this model was there already"
    assert not chosen_since(replace(NEW, tags={"logged_at": "2026-04-01"}), chosen)
    assert not chosen_since(NEW, OLD)
