"""Monitoring results: what the tables say of the pictures, the predictions and the labels, batch by batch."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

import dagster as dg
import pandas as pd

from xray_platform.defs.asset_result import AssetResult
from xray_platform.defs.drift_results import drifts_of
from xray_platform.defs.known_batches import knowledge_of, published_batches
from xray_platform.defs.monitoring import ALARMS, SUMMARY
from xray_platform.defs.pages import report_address
from xray_platform.defs.store_settings import settings_of
from xray_platform.dicom.deidentify.publish import publishing_part
from xray_platform.evaluation.dataset.drift import OF_PREDICTIONS, Drift, DriftSettings, prediction_facts_of
from xray_platform.evaluation.dataset.drift_since import drifts_since
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
            SUMMARY: found.summary,
            ALARMS: dg.MetadataValue.json(list(found.alarms)),
            **drifted,
            "losses": sum(point.alarm for point in found.performance),
            "page": dg.MetadataValue.path(str(page)),
            "open the page": dg.MetadataValue.url(report_address(places, page)),
        },
    )


def monitored(places: Places, settings: PerformanceSettings) -> Monitoring:
    """Return what is to be said of the newest batches of a store, whether it has a champion or not."""
    drift = cast("DriftSettings", settings_of(places, "data_report", DriftSettings))
    tracking, order = open_tracking(places), published_batches(places)
    held = champion(tracking)
    knowledge = knowledge_of(places, tracking, held)
    known = knowledge.batches(order)
    predictions = PREDICTIONS.read(places)
    predictions = predictions[predictions["run"] == (held.run_id if held else "")]
    unseen = predictions[~knowledge.learnt_from(places, predictions)]
    pictures = {one.batch: one for one in drifts_of(places, order[-LISTED:], drift, known)}
    changed = {batch for batch, found in pictures.items() if found.outcome == "drifted"}
    said = set(predictions["batch"].astype(str))
    return Monitoring(
        champion=f"{held.model}, version {held.version}" if held else "none yet",
        pictures=pictures,
        predictions=_predictions(places, unseen, [batch for batch in order if batch in said], drift, known, changed),
        performance=_performance(places, unseen, order, settings),
        left_out=_left_out(places, order[-LISTED:]),
        known=known or frozenset(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _predictions(
    places: Places,
    unseen: pd.DataFrame,
    judged: Sequence[str],
    settings: DriftSettings,
    known: Collection[str] | None,
    changed: Collection[str],
) -> dict[str, Drift]:
    """Compare what the champion says and sees of each of the last batches with those before.

    Pictures that it learnt from are left out on both sides: it is surer of them, and they lie nearer to what it learnt.
    """
    runs = unseen["run"].unique()

    def read(batch: str) -> pd.DataFrame:
        seen = EMBEDDINGS.read_some(places, [batch])
        return prediction_facts_of(unseen[unseen["batch"] == batch], seen[seen["run"].isin(runs)])

    found = drifts_since(judged, judged[-LISTED:], read, settings, OF_PREDICTIONS, known, changed)
    return {one.batch: one for one in found}


def _performance(
    places: Places, unseen: pd.DataFrame, order: Sequence[str], settings: PerformanceSettings
) -> tuple[PerformancePoint, ...]:
    """Chart the labelled pictures that the champion did not learn from, whatever part they are in today."""
    labelled = SPLITS.read(places, columns=("image", "abnormal"))
    return performance_chart(unseen.merge(labelled, on="image", how="inner"), order, settings)


def _left_out(places: Places, batches: Sequence[str]) -> Mapping[str, tuple[int, float]]:
    """Return by batch how many files were judged, and the share of them that was not published."""
    quality = QUALITY.read_some(places, [part for batch in batches for part in (batch, publishing_part(batch))])
    files = quality.groupby("batch")["sha256"].nunique()
    pictures = IMAGES.read_some(places, batches).groupby("batch").size()
    counts = {batch: (int(files.get(batch, 0)), int(pictures.get(batch, 0))) for batch in batches}
    return {batch: (judged, 1 - published / judged) for batch, (judged, published) in counts.items() if judged}
