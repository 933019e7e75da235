"""Drift sensor: starts a retraining for a batch that differs from those before it, where a store asks for that.

Whether a batch differs says the drift check of `standard_images`. Models learn nothing from a batch without labels, so
one of which no image has any is waited for; and while a retraining runs, no other is started.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

import dagster as dg

from xray_platform.defs.dagster_internals import AssetCheckExecutionRecordStatus
from xray_platform.defs.drift_check import ASSET, NAME
from xray_platform.defs.jobs import RETRAIN, retraining_under_way
from xray_platform.defs.store import Store
from xray_platform.defs.store_settings import settings_of
from xray_platform.dicom.intake.batch_plan import read_plan
from xray_platform.errors import XrayError
from xray_platform.evaluation.dataset.drift import DriftSettings
from xray_platform.tables.all import SPLITS
from xray_platform.tables.places import Places

CHECK = dg.AssetCheckKey(dg.AssetKey(ASSET), NAME)
TAG = "xray/drift"  # of a run: the batches for which it was started
MOST = 200  # results that a tick reads; more cannot come between two ticks


@dg.sensor(
    job_name=RETRAIN,
    minimum_interval_seconds=15,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Where xray.yaml says `data_report: {retrain_on_drift: true}`: retrains all models when a batch with "
    "labels drifted from those before it.",
)
def drift_sensor(context: dg.SensorEvaluationContext, store: Store) -> dg.SensorResult | dg.SkipReason:
    """Drift that was found while the setting was off starts nothing later."""
    places = store.places
    seen, waiting = _remembered(context.cursor)
    found = context.instance.event_log_storage.get_asset_check_execution_history(
        CHECK, limit=MOST, status={AssetCheckExecutionRecordStatus.FAILED}
    )
    new = [record for record in found if record.id > seen and record.partition]
    seen = max([seen, *(record.id for record in found)])
    try:
        settings = cast("DriftSettings", settings_of(places, "data_report", DriftSettings))
    except XrayError as error:
        return dg.SkipReason(str(error))
    if not settings.retrain_on_drift:
        context.update_cursor(_cursor(seen, []))
        return dg.SkipReason("the setting retrain_on_drift of data_report is off")
    waiting = sorted({*waiting, *(str(record.partition) for record in new)})
    ready = [batch for batch in waiting if _has_labels(places, batch)]
    if not ready or retraining_under_way(context.instance):
        context.update_cursor(_cursor(seen, waiting))
        why = "a retraining is under way" if ready else "none of them has labels yet" if waiting else "no batch drifted"
        return dg.SkipReason(why)
    context.update_cursor(_cursor(seen, [batch for batch in waiting if batch not in ready]))
    key = f"drift-{seen}-{'-'.join(ready)}"
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=key, tags={TAG: ", ".join(ready)})])


def _has_labels(places: Places, batch: str) -> bool:
    """Tell whether models can learn from a batch: its own list has labels, or images of it are divided already."""
    if any(file.label for file in read_plan(places, batch).files):
        return True
    divided = SPLITS.read(places, columns=["batch"]) if SPLITS.parts(places) else None
    return divided is not None and bool((divided["batch"] == batch).any())


def _remembered(cursor: str | None) -> tuple[int, Sequence[str]]:
    """Return the last result that was seen, and the batches that wait."""
    held: Mapping[str, Any] = json.loads(cursor) if cursor else {}
    return int(held.get("seen", 0)), list(held.get("waiting", ()))


def _cursor(seen: int, waiting: Sequence[str]) -> str:
    return json.dumps({"seen": seen, "waiting": list(waiting)})
