"""Data report: the asset that says what the store's pictures are, before any model and without any label."""

import dagster as dg

from xray_platform.defs.asset import platform_asset
from xray_platform.defs.asset_result import AssetResult
from xray_platform.defs.automation import FOLLOW_SPLITS
from xray_platform.defs.store import Store
from xray_platform.evaluation.dataset.drift import DriftSettings


@platform_asset(
    group="archive",
    version="1",
    deps=["raw_archive", "quality", "images", "standard_images", "labels", "splits"],
    kinds={"html"},
    automation=FOLLOW_SPLITS,
    any_deps=True,
    shows_dataset=True,
)
def data_report(context: dg.AssetExecutionContext, store: Store, config: DriftSettings) -> AssetResult:
    """A page about the data alone: what came in, what was left out and why, who and what the pictures show."""
    from xray_platform.defs.data_report_results import data_report_of  # Jinja and OpenCV take a second to import

    return data_report_of(store.places, config)


ASSETS = [data_report]
