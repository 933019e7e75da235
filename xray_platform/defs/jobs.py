"""Jobs: the three kinds of runs, under whose names they stand in Dagster, whoever starts them."""

import dagster as dg

intake_job = dg.define_asset_job(
    "intake",
    selection=dg.AssetSelection.groups("imaging", "predictions")
    | dg.AssetSelection.assets("raw_archive", "quality", "images"),
    description="Takes one batch in: from raw bytes to tensors, patches, and what the champion says of them.",
)

cohort_job = dg.define_asset_job(
    "cohort",
    selection=dg.AssetSelection.assets("labels", "boxes", "splits", "data_report"),
    description="Joins labels and boxes to the pictures of all batches, divides them into train, val and test, and "
    "reports on the data.",
)

retraining_job = dg.define_asset_job(
    "retrain",
    selection=dg.AssetSelection.groups("detectors", "networks", "ensembles", "evaluation")
    | dg.AssetSelection.assets("labels", "boxes", "splits", "data_report"),
    description="Joins labels and boxes, divides the pictures, trains all models on them, judges them, promotes the "
    "best.",
)

JOBS = (intake_job, cohort_job, retraining_job)
