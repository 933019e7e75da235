"""Labels sensor: starts a retraining when enough pictures got labels since the last one, where a store asks for that.

Counted are the pictures that were divided into train, val and test: those of batches whose checks failed are none.
"""

from typing import cast

import dagster as dg

from xray_platform.defs.asset_result import ROW_COUNT
from xray_platform.defs.jobs import RETRAIN, retraining_under_way
from xray_platform.defs.materializations import VERSION_TAG, last_materialization
from xray_platform.defs.store import Store
from xray_platform.defs.store_settings import settings_of
from xray_platform.errors import XrayError
from xray_platform.evaluation.dataset.drift import DriftSettings

SPLITS = dg.AssetKey("splits")
TAG = "xray/new_labels"  # of a run: how many more pictures with labels there are


@dg.sensor(
    job_name=RETRAIN,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Where xray.yaml says `data_report: {retrain_on_labels: 500}`: retrains all models when that many more "
    "pictures have labels than at the last training.",
)
def labels_sensor(context: dg.SensorEvaluationContext, store: Store) -> dg.SensorResult | dg.SkipReason:
    """Each division of the pictures starts one retraining at most, so that one that fails is not tried for ever."""
    try:
        settings = cast("DriftSettings", settings_of(store.places, "data_report", DriftSettings))
    except XrayError as error:
        return dg.SkipReason(str(error))
    if not settings.retrain_on_labels:
        return dg.SkipReason("the setting retrain_on_labels of data_report is 0")
    divided = last_materialization(context.instance, SPLITS, None)
    if divided is None:
        return dg.SkipReason("no picture with a label was divided into train, val and test yet")
    new = _pictures(divided) - labelled_at_last_training(context.instance)
    if new < settings.retrain_on_labels:
        return dg.SkipReason(
            f"{max(new, 0)} more pictures have labels, of {settings.retrain_on_labels} that are asked for"
        )
    if retraining_under_way(context.instance):
        return dg.SkipReason("a retraining is under way")
    version = (divided.tags or {}).get(VERSION_TAG, "")
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=f"labels-{version}", tags={TAG: str(new)})])


def labelled_at_last_training(instance: dg.DagsterInstance) -> int:
    """Return how many pictures with labels the last retraining that ended well was begun with; 0 before any.

    A retraining divides the pictures itself, unless nothing had changed.
    """
    trained = instance.get_run_records(
        dg.RunsFilter(job_name=RETRAIN, statuses=[dg.DagsterRunStatus.SUCCESS]), limit=1, order_by="id"
    )
    if not trained:
        return 0
    run = trained[0]
    made = instance.get_records_for_run(run.dagster_run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    for record in made.records:
        found = record.asset_materialization
        if found is not None and found.asset_key == SPLITS:
            return _pictures(found)
    began = dg.AssetRecordsFilter(asset_key=SPLITS, before_timestamp=run.start_time or run.create_timestamp.timestamp())
    before = instance.fetch_materializations(began, limit=1).records
    return _pictures(before[0].asset_materialization) if before else 0


def _pictures(made: dg.AssetMaterialization | None) -> int:
    value = made.metadata[ROW_COUNT].value if made and ROW_COUNT in made.metadata else 0
    return int(cast("int", value))
