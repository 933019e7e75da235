"""Models, scores and champion are checked: finite scores, a minimum, no regression; each check alone if one likes."""

from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from xray_platform.defs import model_check_functions
from xray_platform.defs.graph import definitions
from xray_platform.defs.model_check_functions import (
    FUNCTIONS,
    is_no_worse,
    scores_are_finite,
    scores_are_good,
    sees_more_than_facts,
)
from xray_platform.defs.model_check_settings import CHECKS, ModelCheckSettings
from xray_platform.defs.models_in_use import BY_DEFAULT
from xray_platform.evaluation.bootstrap import Metric
from xray_platform.evaluation.shortcut_result import ShortcutAudit
from xray_platform.tables.all import SCORES
from xray_platform.tables.places import Places
from xray_platform_tests.defs.conftest import Story


def alone(story: Story, asset: str, check: str, **settings: float) -> dg.AssetCheckEvaluation:
    """Execute one check and nothing else, as its button in the user interface does."""
    key = dg.AssetCheckKey(dg.AssetKey(asset), check)
    job = definitions().resolve_implicit_global_asset_job_def()
    config = {"ops": {f"{asset}_checks": {"config": settings}}} if settings else {}
    result = job.get_subset(asset_selection=set(), asset_check_selection={key}).execute_in_process(
        run_config=config, instance=story.store.instance
    )
    assert not result.get_asset_materialization_events()
    (found,) = result.get_asset_check_evaluations()
    assert found.asset_check_key == key
    return found


def test_every_check_that_is_declared_has_its_function() -> None:
    assert {kind: tuple(functions) for kind, functions in FUNCTIONS.items()} == CHECKS


def test_every_check_can_be_asked_for_alone() -> None:
    for found in definitions().asset_checks or []:
        assert isinstance(found, dg.AssetChecksDefinition)
        assert found.can_subset or len(list(found.check_specs)) == 1


def test_the_story_left_an_outcome_of_every_check_on_models(story: Story) -> None:
    asked = {*BY_DEFAULT, *(f"{name}_scores" for name in BY_DEFAULT), "champion"}
    seen = {line for line in story.heard if "finite_scores" in line and "passed" in line.lower()}
    for asset in asked:
        assert any(f"'{asset}'" in line or f'["{asset}"]' in line or asset in line for line in seen), asset


def test_a_check_says_what_it_asked_for_and_what_it_found(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    low = alone(story, "pca_residual", "minimum_auroc", minimum_auroc=0.5)
    assert low.passed
    monkeypatch.setattr(model_check_functions, "auroc", lambda *_: 0.85)  # the story's models are perfect
    high = alone(story, "attention_cnn_scores", "minimum_auroc", minimum_auroc=0.9)
    assert (high.passed, high.severity, high.blocking) == (False, dg.AssetCheckSeverity.WARN, False)
    assert "the validation AUROC is 0.8500; 0.9 or more is asked for" in str(high.description)
    assert high.metadata["validation auroc"].value == 0.85


def test_the_champion_is_opened_and_tried(story: Story) -> None:
    assert alone(story, "champion", "finite_scores").metadata["scores"].value == 2
    first = alone(story, "champion", "no_regression")
    assert first.passed
    assert "nothing" in str(first.metadata["compared with"].value)


def test_tables_are_checked_suite_by_suite_too(story: Story) -> None:
    assert alone(story, "splits", "leakage").passed


def test_a_model_no_better_than_facts_without_a_lung_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = ShortcutAudit(facts=Metric(name="facts", value=0.933), model=Metric(name="model", value=0.95))
    monkeypatch.setattr(model_check_functions, "current_record", lambda *_: None)
    monkeypatch.setattr(model_check_functions, "stored_audit", lambda *_: audit)
    with dg.DagsterInstance.ephemeral() as instance:
        found = sees_more_than_facts(Places(tmp_path), "m_report", instance, ModelCheckSettings())
        lax = sees_more_than_facts(Places(tmp_path), "m_report", instance, ModelCheckSettings(shortcut_margin=0.01))
    (words,) = found.failed
    assert words == (
        "facts without any shape of the lung reach a test AUROC of 0.9330, the model 0.9500; 0.02 more are asked for"
    )
    assert not lax.failed


def test_the_story_has_too_few_subjects_for_an_audit_and_says_so(story: Story) -> None:
    found = alone(story, "pca_residual_report", "shortcut_audit")
    assert found.passed
    assert "nothing:" in str(found.metadata["compared with"].value)


def test_a_fall_of_the_auroc_is_told(tmp_path: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        for auroc in (0.9, 0.89, 0.85):
            event = dg.AssetMaterialization("m_scores", metadata={"validation auroc": auroc})
            instance.report_runless_asset_event(event)
            found = is_no_worse(Places(tmp_path), "m_scores", instance, ModelCheckSettings())
        assert found.failed == ("the validation AUROC fell from 0.8900 to 0.8500; 0.02 less are allowed",)
        lax = ModelCheckSettings(tolerance=0.1)
        assert not is_no_worse(Places(tmp_path), "m_scores", instance, lax).failed


@pytest.mark.parametrize(
    ("scores", "failed"),
    [
        ([0.5, float("-inf"), float("inf")], ("2 of 3 scores are no finite numbers",)),
        ([0.5, 0.5, 0.5], ("all 3 scores are 0.5",)),
        ([0.1, 0.2, 0.3], ()),
    ],
)
def test_scores_that_are_none_are_told(tmp_path: Path, scores: list[float], failed: tuple[str, ...]) -> None:
    rows = pd.DataFrame(
        {"model": "m", "image": list("abc"), "subject": list("abc"), "split": "val", "abnormal": [True, False, False],
         "score": scores, "probability": 0.5, "verdict": "normal"}
    )  # fmt: skip
    places = Places(tmp_path)
    SCORES.write(places, rows, "m")
    with dg.DagsterInstance.ephemeral() as instance:
        assert scores_are_finite(places, "m_scores", instance, ModelCheckSettings()).failed == failed
        good = scores_are_good(places, "m_scores", instance, ModelCheckSettings())
    assert bool(good.failed) == ("finite" not in str(failed))  # the abnormal one scores no higher than the others
