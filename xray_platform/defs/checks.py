"""Checks: the suites of every table as Dagster asset checks."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace

import dagster as dg

from xray_platform.defs.expectations import Suite, expect, identity_suite, schema_suite
from xray_platform.defs.partitions import BATCHES
from xray_platform.defs.store import Store
from xray_platform.defs.validation import validate
from xray_platform.imaging.store.tensors import rows_part
from xray_platform.tables import all as tables

LEAKAGE = Suite(
    tables.SPLITS,
    "leakage",
    "Each subject is in one split only.",
    (expect("ColumnValuesToBeUnique", column="subject"),),
    view="subject x split",
)
CLASSES = Suite(
    tables.SPLITS,
    "classes",
    "Each split holds normal and abnormal pictures.",
    (expect("TableRowCountToEqual", value=6),),
    blocking=False,
    view="split x abnormal",
)
CLASS_ORDER = replace(schema_suite(tables.CLASSES), name="class_order", asset="splits")
CLASS_SCORES = replace(schema_suite(tables.CLASS_SCORES), name="class_scores")

BY_BATCH: tuple[Suite, ...] = (
    schema_suite(tables.QUALITY),
    identity_suite(tables.QUALITY),
    schema_suite(tables.IMAGES),
    identity_suite(tables.IMAGES),
    schema_suite(tables.STANDARD_IMAGES),
    schema_suite(tables.PATCHES),
    schema_suite(tables.PREDICTIONS),
    replace(schema_suite(tables.CLASS_PREDICTIONS), name="class_predictions", asset="predictions"),
    replace(schema_suite(tables.EMBEDDINGS), name="embeddings", asset="predictions"),
)
WHOLE: tuple[Suite, ...] = (
    schema_suite(tables.LABELS),
    identity_suite(tables.LABELS),
    schema_suite(tables.BOXES),
    identity_suite(tables.BOXES),
    schema_suite(tables.SPLITS),
    LEAKAGE,
    CLASSES,
    CLASS_ORDER,
    schema_suite(tables.LEADERBOARD),
)


def blocking(*assets: str) -> tuple[dg.AssetCheckKey, ...]:
    """Return the checks of these assets that hold back what comes after them."""
    suites = [suite for suite in (*BY_BATCH, *WHOLE) if suite.asset_name in assets and suite.blocking]
    return tuple(dg.AssetCheckKey(dg.AssetKey(suite.asset_name), suite.name) for suite in suites)


def tensors_checks(asset: str, recipe_id: str) -> dg.AssetChecksDefinition:
    """Return the step that runs the suites of the tensors of one recipe."""
    part = rows_part("{batch}", recipe_id)
    return checks_of(asset, [replace(schema_suite(tables.TENSORS), asset=asset)], by_batch=True, part=part)


def checks_of(
    asset: str, suites: Sequence[Suite], *, by_batch: bool, part: str | None = None, name: str = ""
) -> dg.AssetChecksDefinition:
    """Return one step that runs the suites of an asset's tables, each a check of its own that can be executed alone.

    `part` is the part of the tables that the asset writes (`{batch}` stands for the batch), else `all` or the batch;
    `name` is that of the step.
    """

    @dg.multi_asset_check(
        name=name or f"{asset}_checks",
        description=f"Great Expectations on {asset}",
        specs=[_spec(asset, suite, by_batch) for suite in suites],
        can_subset=True,
    )
    def run(context: dg.AssetCheckExecutionContext, store: Store) -> Iterator[dg.AssetCheckResult]:
        read = (part or "{batch}").format(batch=context.partition_key) if by_batch else part or "all"
        wanted = {key.name for key in context.selected_asset_check_keys}
        for suite in suites:
            if suite.name in wanted:
                yield _result(asset, suite, store, read)

    return run


def _spec(asset: str, suite: Suite, by_batch: bool) -> dg.AssetCheckSpec:
    with warnings.catch_warnings():
        # Checks by partition are a preview in Dagster 1.13; without them a bad batch would hold back the good ones.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return dg.AssetCheckSpec(
            suite.name,
            asset=asset,
            description=suite.description,
            blocking=suite.blocking,
            partitions_def=BATCHES if by_batch else None,
        )


def _result(asset: str, suite: Suite, store: Store, part: str) -> dg.AssetCheckResult:
    found = validate(store.places, suite, suite.table.read(store.places, part), part)
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=suite.name,
        passed=found.passed,
        severity=dg.AssetCheckSeverity.ERROR if suite.blocking else dg.AssetCheckSeverity.WARN,
        metadata={
            "expectations": found.checked,
            "failed": dg.MetadataValue.json(list(found.failures)),
            "Data Docs": dg.MetadataValue.url(found.address),
            "Data Docs folder": dg.MetadataValue.path(str(found.page)),
        },
    )


def _grouped(suites: Sequence[Suite]) -> dict[str, list[Suite]]:
    groups: dict[str, list[Suite]] = {}
    for suite in suites:
        groups.setdefault(suite.asset_name, []).append(suite)
    return groups


CHECKS = [
    *(checks_of(name, suites, by_batch=True) for name, suites in _grouped(BY_BATCH).items()),
    *(checks_of(name, suites, by_batch=False) for name, suites in _grouped(WHOLE).items()),
]
