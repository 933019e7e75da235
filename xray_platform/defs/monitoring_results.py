"""Monitoring results: what the tables say of the pictures, the predictions and the labels, batch by batch."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

import dagster as dg
import pandas as pd

from xray_platform.defs.asset_result import AssetResult
from xray_platform.defs.drift_results import drifts_of
from xray_platform.defs.pages import report_address
from xray_platform.defs.store_settings import settings_of
from xray_platform.dicom.deidentify.publish import publishing_part
from xray_platform.dicom.intake.batch_plan import batch_names
from xray_platform.evaluation.dataset.drift import OF_PREDICTIONS, Drift, DriftSettings, drift_of, prediction_facts_of
from xray_platform.evaluation.monitoring_page import LISTED, Monitoring, write_monitoring
from xray_platform.evaluation.performance import PerformancePoint, PerformanceSettings, performance_chart
from xray_platform.tables.all import EMBEDDINGS, IMAGES, PREDICTIONS, QUALITY, SPLITS
from xray_platform.tables.manifest import keep_files
from xray_platform.tables.places import Places
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.registry import champion


def monitoring_of(places: Places, settings: PerformanceSettings) -> AssetResult:
    """Write the page about the model in use."""
    found = monitored(places, settings)
    page = write_monitoring(places.reports, found)
    keep_files(places, "reports/monitoring", [page])
    drifted = {
        name: sum(one.outcome == "drifted" for one in side.values())
        for name, side in (("batches that drifted", found.pictures), ("predictions that drifted", found.predictions))
    }
    return AssetResult(
        content=f"{found.champion} {found.summary} {[point.said for point in found.performance]}",
        metadata={
            "champion": found.champion,
            "summary": found.summary,
            **drifted,
            "losses": sum(point.alarm for point in found.performance),
            "page": dg.MetadataValue.path(str(page)),
            "open the page": dg.MetadataValue.url(report_address(places, page)),
        },
    )


def monitored(places: Places, settings: PerformanceSettings) -> Monitoring:
    """Return what is to be said of the newest batches of a store, whether it has a champion or not."""
    drift = cast("DriftSettings", settings_of(places, "data_report", DriftSettings))
    published = set(IMAGES.parts(places))
    order = [name for name in batch_names(places) if name in published]
    held = champion(open_tracking(places))
    predictions = PREDICTIONS.read(places)
    predictions = predictions[predictions["run"] == (held.run_id if held else "")]
    return Monitoring(
        champion=f"{held.model}, version {held.version}" if held else "none yet",
        pictures={one.batch: one for one in drifts_of(places, order[-LISTED:], drift)},
        predictions=_predictions(places, predictions, order, drift),
        performance=_performance(places, predictions, order, settings),
        left_out=_left_out(places, order[-LISTED:]),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _predictions(
    places: Places, predictions: pd.DataFrame, order: Sequence[str], settings: DriftSettings
) -> dict[str, Drift]:
    """Compare what the champion says and sees of each of the last batches with those before."""
    said = set(predictions["batch"].astype(str))
    judged = [batch for batch in order if batch in said]
    shown = judged[-LISTED:]
    compared = judged[-LISTED - settings.reference_batches :]
    needed, seen = predictions[predictions["batch"].isin(compared)], EMBEDDINGS.read_some(places, compared)
    seen = seen[seen["run"].isin(needed["run"])]
    facts = {str(batch): prediction_facts_of(rows, seen) for batch, rows in needed.groupby("batch")}
    found: dict[str, Drift] = {}
    for place, batch in enumerate(shown, start=len(judged) - len(shown)):
        before = judged[max(place - settings.reference_batches, 0) : place]
        reference = pd.concat([facts[one] for one in before]) if before else facts[batch].head(0)
        found[batch] = drift_of(batch, facts[batch], reference, settings, OF_PREDICTIONS)
    return found


def _performance(
    places: Places, predictions: pd.DataFrame, order: Sequence[str], settings: PerformanceSettings
) -> tuple[PerformancePoint, ...]:
    """Chart the labelled pictures that the champion did not learn from: those of the validation and the test part."""
    labelled = SPLITS.read(places, columns=("image", "abnormal", "split"))
    rows = predictions.merge(labelled[labelled["split"] != "train"], on="image", how="inner")
    return performance_chart(rows, order, settings)


def _left_out(places: Places, batches: Sequence[str]) -> Mapping[str, tuple[int, float]]:
    """Return by batch how many files were judged, and the share of them that was not published."""
    quality = QUALITY.read_some(places, [part for batch in batches for part in (batch, publishing_part(batch))])
    files = quality.groupby("batch")["sha256"].nunique()
    pictures = IMAGES.read_some(places, batches).groupby("batch").size()
    counts = {batch: (int(files.get(batch, 0)), int(pictures.get(batch, 0))) for batch in batches}
    return {batch: (judged, 1 - published / judged) for batch, (judged, published) in counts.items() if judged}
