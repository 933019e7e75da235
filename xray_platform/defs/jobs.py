"""Jobs: the four kinds of runs, under whose names they stand in Dagster, whoever starts them."""

from collections.abc import Collection

import dagster as dg

from xray_platform.defs.dagster_internals import UnresolvedAssetJobDefinition

INTAKE, COHORT, MONITOR, RETRAIN = JOBS = "intake", "cohort", "monitor", "retrain"
UNDER_WAY = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)
ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)

intake_job = dg.define_asset_job(
    INTAKE,
    selection=dg.AssetSelection.groups("imaging")
    | dg.AssetSelection.assets("raw_archive", "quality", "images", "predictions"),
    description="Takes one batch in: from raw bytes to tensors, patches, and what the champion says of them.",
)

cohort_job = dg.define_asset_job(
    COHORT,
    selection=dg.AssetSelection.assets("labels", "boxes", "splits", "data_report"),
    description="Joins labels and boxes to the pictures of all batches, divides them into train, val and test, and "
    "reports on the data.",
)

monitoring_job = dg.define_asset_job(
    MONITOR,
    selection=dg.AssetSelection.assets("monitoring"),
    description="Says whether pictures, predictions and the share of right ones are as they were.",
)


def retraining_job(unasked: Collection[str]) -> UnresolvedAssetJobDefinition:
    """Return the job that trains and judges all models, but for the assets of those that the store did not ask for."""
    trained = dg.AssetSelection.groups("detectors", "networks", "ensembles", "evaluation")
    return dg.define_asset_job(
        RETRAIN,
        selection=(trained | dg.AssetSelection.assets("labels", "boxes", "splits", "data_report"))
        - dg.AssetSelection.assets(*unasked),
        description="Joins labels and boxes, divides the pictures, trains all models on them, judges them, promotes "
        "the best.",
    )


def retraining_under_way(instance: dg.DagsterInstance) -> bool:
    """Tell whether a retraining waits or runs: while one does, no sensor asks for another."""
    return instance.get_runs_count(dg.RunsFilter(job_name=RETRAIN, statuses=UNDER_WAY)) > 0
