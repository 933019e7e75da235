"""A cluster without a shared folder: the store is a bucket, a worker dies amid a commit, and all comes out the same."""

import json
import os
import re
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from xray_platform.defs.instance import open_instance
from xray_platform.object_store import lease
from xray_platform.object_store.bucket import Bucket
from xray_platform.object_store.commit import read_commit
from xray_platform.object_store.objects import object_faults
from xray_platform.object_store.working_copy import WorkingCopy
from xray_platform.tables.places import Places
from xray_platform_tests.cli.processes import ROOT
from xray_platform_tests.conftest import KEY
from xray_platform_tests.deploy.deployment import assert_same_tables, command, graphql, mlflow_server, pages, until
from xray_platform_tests.deploy.postgres import postgres
from xray_platform_tests.deploy.ray_cluster import Node, RayCluster, hides, ray_cluster
from xray_platform_tests.deploy.story import (
    BATCHES,
    CAPTURED,
    LOGS,
    NEEDED,
    PATIENCE,
    TABLES,
    all_done,
    steps_of,
    trained,
    versions,
    waiting_runs,
)
from xray_platform_tests.object_store.s3 import storage

pytestmark = NEEDED
CONFIGURATION = ROOT / "deploy" / "bucket" / "dagster.yaml"


@dataclass(frozen=True)
class Loss:
    """What was lost: the run, the address of its worker, and the lease and faults of the bucket after that died."""

    run: str
    worker: str
    lease: Mapping[str, str]
    commit: int
    faults: int


@dataclass(frozen=True)
class Story:
    """What came of it: the store as any machine gets it, the cluster, Dagster's pages, and what was lost."""

    url: str
    head: Path
    places: Places
    variables: Mapping[str, str]
    instance: dg.DagsterInstance
    ray: RayCluster
    workers: tuple[Node, ...]
    address: str
    lost: Loss


@pytest.fixture(scope="module")
def story(deliveries: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    home = tmp_path_factory.mktemp("bucket")
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        s3 = stack.enter_context(storage())
        url = s3.make_bucket("archive")
        postgresql = stack.enter_context(postgres(["dagster", "mlflow"]))
        tracking = stack.enter_context(mlflow_server(f"{postgresql}mlflow", home / "server"))
        memories = {
            "XRAY_DAGSTER_DATABASE": f"{postgresql}dagster", "MLFLOW_TRACKING_URI": tracking,
            "XRAY_LOGS_BUCKET": "archive", "AWS_DEFAULT_REGION": "us-east-1", **s3.variables,
        }  # fmt: skip
        of_workers = {**memories, "XRAY_ROOT": url, "XRAY_KEY": KEY}
        ray = stack.enter_context(ray_cluster(of_workers, hidden=tmp_path_factory.getbasetemp()))
        variables = {**memories, **ray.variables, "XRAY_CACHE": str(home / "head")}
        for name, value in variables.items():
            patch.setenv(name, value)
        copy = WorkingCopy.open(url)
        shutil.copy(CONFIGURATION, copy.folder)
        address = stack.enter_context(pages(url, variables))
        instance = stack.enter_context(open_instance(Places(copy.folder)))
        lost, workers = taken_in(deliveries, copy, instance, ray)
        trained(address, instance)
        patch.setenv("XRAY_CACHE", str(home / "reader"))
        reader = WorkingCopy.open(url)
        reader.bring_up()
        yield Story(url, copy.folder, Places(reader.folder), variables, instance, ray, workers, address, lost)


def taken_in(
    deliveries: list[Path], copy: WorkingCopy, instance: dg.DagsterInstance, ray: RayCluster
) -> tuple[Loss, tuple[Node, ...]]:
    """Let two batches wait for two workers, and lose one of these while it commits; a third comes for it."""
    first, second = waiting_runs(deliveries, Places(copy.folder), instance, ray)
    workers = [ray.worker(1), ray.worker(2)]
    until(lambda: bool(ray.address_of(first) and ray.address_of(second)), PATIENCE, "each worker takes a run")
    until(lambda: min(steps_of(instance, run) for run in (first, second)) > 1, PATIENCE, "both are amid their steps")
    doomed = next(worker for worker in workers if worker.address == ray.address_of(first))
    stopped_with_lease(copy.bucket, doomed)
    doomed.kill()
    workers.remove(doomed)
    left, commit = leased(copy.bucket), read_commit(copy.bucket)[0].number
    lost = Loss(first, doomed.address, left, commit, len(object_faults(copy.bucket, deep=True)[1]))
    workers.append(ray.worker(3))
    until(lambda: all_done(instance), PATIENCE, "both batches are taken in")
    return lost, tuple(workers)


def leased(bucket: Bucket) -> dict[str, str]:
    found = bucket.get(lease.KEY)
    return json.loads(found[0]) if found else {}


def stopped_with_lease(bucket: Bucket, worker: Node) -> None:
    """Wait until a process of a worker holds the lease, and stop it there."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        said = leased(bucket)
        pid = int(re.search(r"process (\d+)", said.get("by", "process 0"))[1])  # type: ignore[index]
        if pid in worker.family():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                time.sleep(0.2)  # what it had asked for is answered by now
                if leased(bucket).get("owner") == said["owner"]:
                    return
                os.kill(pid, signal.SIGCONT)
    raise AssertionError("no process of the worker was met with the lease")


def test_the_workers_share_no_folder_with_the_server_nor_among_each_other(story: Story) -> None:
    if not hides():
        pytest.skip("the kernel gives no process a file system of its own here, so that nothing could be hidden")
    base = story.head.parents[3]
    assert any(base.iterdir())
    assert not any(node.sees(base) for node in story.workers)


def test_the_worker_died_with_the_lease_and_left_no_half_of_a_commit(story: Story) -> None:
    assert story.lost.lease, "it could not give it back"
    assert story.lost.faults == 0
    assert read_commit(Bucket.open(story.url))[0].number > story.lost.commit, "others could go on"
    assert leased(Bucket.open(story.url)) == {}


def test_its_run_is_taken_over_by_another_while_the_second_batch_goes_on(story: Story) -> None:
    lost = story.instance.get_run_by_id(story.lost.run)
    assert lost is not None
    assert lost.status is dg.DagsterRunStatus.FAILURE
    (again,) = (run for run in story.instance.get_runs() if run.parent_run_id == story.lost.run)
    assert again.is_success
    assert story.ray.address_of(again.run_id) != story.lost.worker
    (other,) = story.instance.get_runs(dg.RunsFilter(job_name="intake", tags={"dagster/partition": BATCHES[1]}))
    assert other.is_success


def test_the_two_batches_were_made_at_once_and_not_in_turns(story: Story) -> None:
    """Each asset of a batch that waited for the lease would begin after another's end; here some begin before it."""
    spans = {batch: [span for run in runs_of(story, batch) for span in steps(story, run)] for batch in BATCHES}
    at_once = [
        (one, other)
        for one in spans[BATCHES[0]]
        for other in spans[BATCHES[1]]
        if max(one[0], other[0]) < min(one[1], other[1])
    ]
    assert at_once


def runs_of(story: Story, batch: str) -> list[str]:
    found = story.instance.get_runs(dg.RunsFilter(job_name="intake", tags={"dagster/partition": batch}))
    return [run.run_id for run in found]


def steps(story: Story, run: str) -> list[tuple[float, float]]:
    """Return when each step of a run that ended well began and ended, in seconds since 1970."""
    stats = story.instance.get_run_step_stats(run)
    return [(one.start_time, one.end_time) for one in stats if one.start_time and one.end_time]


def test_every_object_of_the_bucket_is_whole(story: Story) -> None:
    commit, faults = object_faults(Bucket.open(story.url), deep=True)
    assert faults == []
    assert {f"data/raw/tables/catalogue/{batch}.parquet" for batch in BATCHES} <= set(commit.files)
    assert not [path for path in commit.files if path.endswith(".db") or "inbox" in path]


def test_the_tables_and_figures_are_those_of_one_machine(story: Story, local: Places) -> None:
    assert_same_tables(story.places, local, TABLES)


def test_the_data_versions_are_those_of_one_machine(story: Story, local: Places) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name in story.variables:
            patch.delenv(name, raising=False)
        with open_instance(local) as instance:
            here = versions(instance)
    there = versions(story.instance)
    assert {key: there.get(key) for key in here} == here
    assert len(here) > 10


def test_a_log_of_a_worker_is_read_on_the_pages_though_it_lies_on_none_of_their_folders(story: Story) -> None:
    (run,) = (run for run in story.instance.get_runs() if run.parent_run_id == story.lost.run)
    events = graphql(story.address, LOGS, run=run.run_id)["logsForRun"]["events"]
    (key,) = {event["fileKey"] for event in events if event["__typename"] == "LogsCapturedEvent"}
    logs = graphql(story.address, CAPTURED, key=[run.run_id, "compute_logs", key])["capturedLogs"]
    assert "STEP_START" in str(logs["stderr"]), "what the process on the worker wrote"


def test_what_lies_in_the_bucket_names_nobody_outside_of_the_raw_zone(story: Story, deliveries: list[Path]) -> None:
    names = {path.stem.encode() for folder in deliveries for path in folder.rglob("*.dcm")}
    assert names
    bucket = Bucket.open(story.url)
    for prefix in ("objects/",):
        for found in bucket.list(prefix):
            data = b"".join(bucket.parts(found.key))
            assert not [name for name in names if name in data], found.key


def test_any_machine_asks_the_champion_while_the_pages_are_open(story: Story, deliveries: list[Path]) -> None:
    picture = next(deliveries[0].rglob("*.dcm"))
    variables = {**story.variables, "XRAY_CACHE": str(story.places.root.parents[1])}
    assert "probability" in command(story.url, variables, "predict", picture)


def test_the_configuration_of_a_bucket_is_that_of_a_shared_folder_but_for_the_logs() -> None:
    import yaml

    ours, folder = (
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in (CONFIGURATION, ROOT / "deploy" / "cluster" / "dagster.yaml")
    )
    assert ours.pop("compute_logs")["class"] == "S3ComputeLogManager"
    assert ours == folder
