"""Drift check: a batch unlike those before it is a warning that holds nothing back, and the settings reach it."""

from pathlib import Path

import dagster as dg
import pytest

from xray_platform.defs import drift_results
from xray_platform.defs.drift_check import drift_check
from xray_platform.defs.graph import definitions
from xray_platform.defs.partitions import BATCHES
from xray_platform.defs.store import Store
from xray_platform.evaluation.dataset.drift import DriftSettings
from xray_platform_tests.defs.conftest import Story
from xray_platform_tests.evaluation.dataset.test_drift import people


@pytest.mark.parametrize(("shift", "passed"), [(0.0, True), (2.0, False)])
def test_a_batch_is_compared_with_those_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shift: float, passed: bool
) -> None:
    facts = {f"batch-{number:04d}": people(200, number) for number in range(1, 5)}
    facts["batch-0004"]["sharpness"] += shift
    facts["batch-0005"] = people(200, 5).assign(sharpness=99.0)  # a later one, which must not count
    monkeypatch.setattr(drift_results, "batch_names", lambda _: list(facts))
    monkeypatch.setattr(drift_results, "_facts", lambda _, batch: facts[batch])

    @dg.asset(name="standard_images", partitions_def=BATCHES)
    def standard_images() -> None: ...

    @dg.asset(deps=[standard_images], partitions_def=BATCHES)
    def below() -> None: ...

    made = dg.Definitions(
        assets=[standard_images, below],
        asset_checks=[drift_check(DriftSettings(reference_batches=2))],
        resources={"store": Store(root=str(tmp_path))},
        executor=dg.in_process_executor,
    )
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(BATCHES.name), ["batch-0004"])
        result = made.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance, partition_key="batch-0004"
        )
    (found,) = result.get_asset_check_evaluations()
    assert found.passed is passed
    assert found.severity is dg.AssetCheckSeverity.WARN
    assert found.metadata["subjects before"].value == 400
    assert result.asset_materializations_for_node("below")


def test_a_store_can_ask_for_other_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XRAY_ROOT", str(tmp_path))
    (tmp_path / "xray.yaml").write_text("data_report: {fewest_subjects: 50}\n", encoding="utf-8")
    (checks,) = (
        found
        for found in definitions().asset_checks or []
        if isinstance(found, dg.AssetChecksDefinition) and found.op.name == "standard_images_drift"
    )
    fields = checks.op.config_schema.as_field().config_type.fields  # type: ignore[attr-defined]
    assert fields["fewest_subjects"].default_value == 50
    assert fields["alarm_rate"].default_value == 0.01


def test_the_first_batch_of_a_store_has_nothing_to_be_compared_with(story: Story) -> None:
    (found,) = drift_results.drifts_of(story.places, story.store.batches()[:1], DriftSettings())
    assert found.outcome == "nothing before"
    assert found.subjects > 0
