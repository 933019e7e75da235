"""A check that blocks does block: what fails is an error, and nothing downstream runs; a warning lets it go on."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg
import pytest

from xray_platform.defs.checks import BY_BATCH, CLASSES, LEAKAGE, WHOLE, blocking, checks_of
from xray_platform.defs.expectations import Suite, identity_suite, schema_suite
from xray_platform.defs.graph import definitions
from xray_platform.defs.partitions import BATCHES
from xray_platform.defs.store import Store
from xray_platform.tables.all import IMAGES, LABELS, SPLITS
from xray_platform.tables.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as made:
        yield made


def ran(
    places: Places, instance: dg.DagsterInstance, asset: str, suites: Sequence[Suite], batch: str | None = None
) -> tuple[dg.AssetCheckEvaluation, bool]:
    """Make `asset` (its table is there already), check it, and say what the check found and whether `below` ran."""
    partitions = BATCHES if batch else None
    above = dg.asset(name=asset, partitions_def=partitions)(lambda: None)

    @dg.asset(deps=[above], partitions_def=partitions)
    def below() -> None: ...

    made = dg.Definitions(
        assets=[above, below],
        asset_checks=[checks_of(asset, suites, by_batch=batch is not None)],
        resources={"store": Store(root=str(places.root))},
        executor=dg.in_process_executor,
    )
    if batch:
        instance.add_dynamic_partitions(str(BATCHES.name), [batch])
    result = made.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=instance, partition_key=batch, raise_on_error=False
    )
    (found,) = result.get_asset_check_evaluations()
    return found, bool(result.asset_materializations_for_node("below"))


def split_rows(places: Places, *splits: str) -> None:
    """Write a picture of one subject into each of these splits."""
    of_all = {"batch": "batch-0001", "subject": "sub-0123456789abcdef", "findings": "normal", "abnormal": False}
    told = {**of_all, "reason": "assigned"}
    rows = [{**told, "image": f"{number:016x}", "split": split} for number, split in enumerate(splits)]
    SPLITS.write(places, SPLITS.frame(rows))


def test_a_subject_in_two_splits_is_an_error_and_nothing_goes_on(places: Places, instance: dg.DagsterInstance) -> None:
    split_rows(places, "train", "test")
    found, went_on = ran(places, instance, "splits", [LEAKAGE])
    assert (found.passed, found.severity, found.blocking) == (False, dg.AssetCheckSeverity.ERROR, True)
    assert not went_on


def test_a_subject_in_one_split_goes_on(places: Places, instance: dg.DagsterInstance) -> None:
    split_rows(places, "train", "train")
    found, went_on = ran(places, instance, "splits", [LEAKAGE])
    assert found.passed
    assert went_on


def test_a_split_without_both_classes_is_a_warning_and_all_goes_on(
    places: Places, instance: dg.DagsterInstance
) -> None:
    split_rows(places, "train", "train")
    found, went_on = ran(places, instance, "splits", [CLASSES])
    assert (found.passed, found.severity, found.blocking) == (False, dg.AssetCheckSeverity.WARN, False)
    assert went_on


def test_identity_in_a_table_is_an_error_and_nothing_goes_on(places: Places, instance: dg.DagsterInstance) -> None:
    named = {"image": "0" * 16, "subject": "Kowalska^Janina", "origin": "archive", "label": "ill", "abnormal": True}
    LABELS.write(places, LABELS.frame([{**named, "split_given": None}]))
    found, went_on = ran(places, instance, "labels", [identity_suite(LABELS)])
    assert (found.passed, found.severity, went_on) == (False, dg.AssetCheckSeverity.ERROR, False)


def test_a_batch_is_held_back_by_its_own_table(places: Places, instance: dg.DagsterInstance) -> None:
    IMAGES.write(places, IMAGES.frame([]), "batch-0001")
    found, went_on = ran(places, instance, "images", [schema_suite(IMAGES)], "batch-0001")
    assert (found.passed, found.partition, went_on) == (True, "batch-0001", True)


def test_every_suite_that_should_block_is_loaded_as_blocking() -> None:
    loaded = {
        spec.key: spec.blocking
        for checks in definitions().asset_checks or []
        if isinstance(checks, dg.AssetChecksDefinition)
        for spec in checks.check_specs
    }
    for suite in (*BY_BATCH, *WHOLE):
        key = dg.AssetCheckKey(dg.AssetKey(suite.asset_name), suite.name)
        assert loaded[key] == suite.blocking == (suite is not CLASSES), suite.title
    assert set(blocking("quality", "images")) == {
        dg.AssetCheckKey(dg.AssetKey(asset), name) for asset in ("quality", "images") for name in ("schema", "identity")
    }
