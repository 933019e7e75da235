"""Story: two batches, a cohort, a training and a champion, as people ask a cluster for them by inbox and pages."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import dagster as dg
import pytest

from xray_platform.tables.all import (
    IMAGES,
    LABELS,
    LEADERBOARD,
    PATCHES,
    PREDICTIONS,
    QUALITY,
    SCORES,
    SPLITS,
    STANDARD_IMAGES,
    TENSORS,
)
from xray_platform.tables.places import Places
from xray_platform_tests.deploy.deployment import graphql, until
from xray_platform_tests.deploy.postgres import binaries
from xray_platform_tests.deploy.ray_cluster import RayCluster, lacking

MODEL = "pca_residual"
TRAINED = (MODEL, f"{MODEL}_scores", f"{MODEL}_report", "leaderboard", "champion")
BATCHES = ("batch-0001", "batch-0002")
PATIENCE = 900.0
OF_CONTENT = {
    "quality", "images", "standard_images", "tensors_default_128", "tensors_default_224", "tensors_equalised_128",
    "patches", "labels", "boxes", "label_shortcuts", "splits", f"{MODEL}_scores",
}  # fmt: skip
"""Assets whose data version comes of their content alone; that of the others names a place or a run."""
TABLES = (
    *((table, None) for table in (QUALITY, IMAGES, STANDARD_IMAGES, TENSORS, PATCHES, LABELS, SPLITS)),
    (SCORES, MODEL), (PREDICTIONS, None), (LEADERBOARD, None),
)  # fmt: skip
LAUNCH = """mutation($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) { __typename
... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
LOGS = """query($run: ID!) { logsForRun(runId: $run, limit: 1000) { ... on EventConnection { events { __typename
... on MessageEvent { message } ... on LogsCapturedEvent { fileKey } } } } }"""
CAPTURED = "query($key: [String!]!) { capturedLogs(logKey: $key) { stdout stderr } }"


NEEDED = [
    pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed (apt-get install postgresql)"),
    pytest.mark.skipif(bool(lacking()), reason=lacking()),
    pytest.mark.timeout(2400),
]
"""What a test on a cluster needs of a machine, and how long it may take (s)."""


def deliver(delivery: Path, places: Places) -> None:
    """Bring a delivery into the inbox at one moment: first the list, which is not taken without the files it names."""
    places.inbox.mkdir(parents=True, exist_ok=True)
    waiting = places.root / "waiting"
    shutil.copytree(delivery, waiting)
    (waiting / "labels.csv").replace(places.inbox / "labels.csv")
    (waiting / delivery.name).rename(places.inbox / delivery.name)
    waiting.rmdir()


def waiting_runs(
    deliveries: Sequence[Path], places: Places, instance: dg.DagsterInstance, ray: RayCluster
) -> tuple[str, str]:
    """Deliver two batches, let their runs wait in Ray until there are workers, and return them."""
    for batch, delivery in zip(BATCHES, deliveries, strict=True):
        deliver(delivery, places)
        until(lambda batch=batch: intake_of(instance, batch) is not None, PATIENCE, f"the run of {batch}")  # type: ignore[misc]
    first, second = (run.run_id for batch in BATCHES if (run := intake_of(instance, batch)))
    until(lambda: len(ray.jobs() or []) >= len(BATCHES), PATIENCE, "both runs wait in Ray")
    assert [ray.address_of(run) for run in (first, second)] == [None, None], "there is no worker yet"
    return first, second


def trained(address: str, instance: dg.DagsterInstance) -> None:
    """Ask for the cohort and for a training, as the pages do; the daemon lets the predictions follow the champion."""
    for job, assets in (("cohort", ()), ("__ASSET_JOB", TRAINED)):
        launch(address, job, assets)
        until(lambda: all_done(instance), PATIENCE, f"{job} {assets}")
    until(lambda: predicted_since_champion(instance), PATIENCE, "the daemon lets predictions be made")
    until(lambda: all_done(instance), PATIENCE, "the end of all runs")


def predicted_since_champion(instance: dg.DagsterInstance) -> bool:
    """Tell whether the predictions of each batch are younger than the champion; without one they have no rows."""

    def made_at(asset: str, batch: str | None) -> float:
        wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=[batch] if batch else None)
        records = instance.fetch_materializations(wanted, limit=1).records
        return records[0].timestamp if records else 0.0

    return min(made_at("predictions", batch) for batch in BATCHES) > made_at("champion", None)


def launch(address: str, job: str, assets: Sequence[str]) -> None:
    selector = {"repositoryName": "__repository__", "repositoryLocationName": "xray_platform", "pipelineName": job}
    asked = {**selector, "assetSelection": [{"path": [asset]} for asset in assets] or None}
    said = graphql(address, LAUNCH, params={"selector": asked, "runConfigData": {}})
    assert said["launchPipelineExecution"]["__typename"] == "LaunchRunSuccess", said


def intake_of(instance: dg.DagsterInstance, batch: str) -> dg.DagsterRun | None:
    """Return the first run that takes a batch in."""
    found = instance.get_runs(dg.RunsFilter(job_name="intake", tags={"dagster/partition": batch}), ascending=True)
    return found[0] if found else None


def steps_of(instance: dg.DagsterInstance, run_id: str) -> int:
    return len(instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_START))


def all_done(instance: dg.DagsterInstance) -> bool:
    """Tell whether all runs have ended, and each that was lost was tried again."""
    runs = instance.get_runs()
    again = {run.parent_run_id for run in runs}
    return all(run.is_finished and (run.is_success or run.run_id in again) for run in runs)


def versions(instance: dg.DagsterInstance) -> dict[tuple[str, str | None], str]:
    """Return the data version of each asset and batch, but for those that name a place or a run."""
    found = {}
    for key in instance.all_asset_keys():
        for batch in (None, *BATCHES):
            wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[batch] if batch else None)
            records = instance.fetch_materializations(wanted, limit=1).records
            made = records[0].asset_materialization if records else None
            if made is not None and made.partition == batch and key.to_user_string() in OF_CONTENT:
                found[key.to_user_string(), batch] = (made.tags or {})["dagster/data_version"]
    return found
