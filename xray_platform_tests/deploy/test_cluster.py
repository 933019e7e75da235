"""A cluster's deployment: runs are jobs on Ray's workers, one of which is lost, and all comes out as on one machine."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError

import dagster as dg
import pytest

from xray_platform.defs.instance import open_instance
from xray_platform.tables.places import Places
from xray_platform_tests.cli.processes import ROOT
from xray_platform_tests.conftest import KEY
from xray_platform_tests.deploy.deployment import (
    assert_same_tables,
    command,
    graphql,
    mlflow_server,
    pages,
    until,
)
from xray_platform_tests.deploy.postgres import postgres
from xray_platform_tests.deploy.ray_cluster import RayCluster, ray_cluster
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

pytestmark = NEEDED
CLUSTER = ROOT / "deploy" / "cluster"


@dataclass(frozen=True)
class Story:
    """What came of it: the store, the cluster, Dagster's pages, and where the batches' runs were when a worker died."""

    places: Places
    variables: Mapping[str, str]
    instance: dg.DagsterInstance
    ray: RayCluster
    address: str
    lost: str
    began_on: tuple[str, str]


@pytest.fixture(scope="module")
def story(deliveries: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    places = Places(tmp_path_factory.mktemp("cluster") / "store")
    places.root.mkdir()
    shutil.copy(CLUSTER / "dagster.yaml", places.root)
    with ExitStack() as stack:
        postgresql = stack.enter_context(postgres(["dagster", "mlflow"]))
        tracking = stack.enter_context(mlflow_server(f"{postgresql}mlflow", places.root))
        memories = {"XRAY_DAGSTER_DATABASE": f"{postgresql}dagster", "MLFLOW_TRACKING_URI": tracking}
        ray = stack.enter_context(ray_cluster({**memories, "XRAY_ROOT": str(places.root), "XRAY_KEY": KEY}))
        variables = {**memories, **ray.variables}
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in variables.items():
            patch.setenv(name, value)
        address = stack.enter_context(pages(places.root, variables))
        instance = stack.enter_context(open_instance(places))
        lost, began_on = taken_in(deliveries, places, instance, ray)
        trained(address, instance)
        yield Story(places, variables, instance, ray, address, lost, began_on)


def taken_in(
    deliveries: list[Path], places: Places, instance: dg.DagsterInstance, ray: RayCluster
) -> tuple[str, tuple[str, str]]:
    """Let two batches wait for two workers, and lose one of these amid its batch.

    Returns the run that was lost, and the address where each batch's run began.
    """
    first, second = waiting_runs(deliveries, places, instance, ray)
    workers = [ray.worker(1), ray.worker(2)]
    until(lambda: bool(ray.address_of(first) and ray.address_of(second)), PATIENCE, "each worker takes a run")
    until(lambda: steps_of(instance, first) > 1, PATIENCE, "the first run is amid its steps")
    began_on = str(ray.address_of(first)), str(ray.address_of(second))
    next(worker for worker in workers if worker.address == began_on[0]).kill()
    until(lambda: all_done(instance), PATIENCE, "both batches are taken in")
    return first, began_on


def test_each_batch_is_a_run_on_a_worker_of_its_own(story: Story) -> None:
    assert len(set(story.began_on)) == len(BATCHES)
    assert story.ray.head.address not in story.began_on
    for run in story.instance.get_runs():
        assert story.ray.address_of(run.run_id) in story.began_on, f"{run.job_name} ran elsewhere"


def test_the_run_of_the_dead_worker_is_tried_again_on_the_other(story: Story) -> None:
    lost = story.instance.get_run_by_id(story.lost)
    assert lost is not None
    assert lost.status is dg.DagsterRunStatus.FAILURE
    (again,) = (run for run in story.instance.get_runs() if run.parent_run_id == story.lost)
    assert again.is_success
    assert story.ray.address_of(again.run_id) == story.began_on[1]
    (other,) = story.instance.get_runs(dg.RunsFilter(job_name="intake", tags={"dagster/partition": BATCHES[1]}))
    assert other.is_success, "who did not stand on the dead worker went on"


def test_the_tables_and_figures_are_those_of_one_machine(story: Story, local: Places) -> None:
    assert_same_tables(story.places, local, TABLES)


def test_the_data_versions_are_those_of_one_machine(story: Story, local: Places) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name in story.variables:
            patch.delenv(name)
        with open_instance(local) as instance:
            here = versions(instance)
    there = versions(story.instance)
    assert {key: there.get(key) for key in here} == here
    assert len(here) > 10


def test_a_log_of_a_worker_is_read_on_the_pages(story: Story) -> None:
    (run,) = (run for run in story.instance.get_runs() if run.parent_run_id == story.lost)
    events = graphql(story.address, LOGS, run=run.run_id)["logsForRun"]["events"]
    told = [str(event.get("message")) for event in events]
    assert any("Materialized value" in line for line in told)
    (key,) = {event["fileKey"] for event in events if event["__typename"] == "LogsCapturedEvent"}
    logs = graphql(story.address, CAPTURED, key=[run.run_id, "compute_logs", key])["capturedLogs"]
    assert "STEP_START" in str(logs["stderr"]), "what the process on the worker wrote"


def test_ray_is_told_no_secret_and_asks_for_its_own(story: Story) -> None:
    told = story.ray.asked("/api/jobs/").decode()
    assert story.lost in told
    for secret in (KEY, story.variables["XRAY_DAGSTER_DATABASE"], story.variables["RAY_AUTH_TOKEN"]):
        assert secret not in told
    with pytest.raises(HTTPError) as refused:
        story.ray.asked("/api/jobs/", token="0" * 32)
    assert refused.value.code in {401, 403}


def test_the_champion_predicts_from_any_machine(story: Story, deliveries: list[Path]) -> None:
    picture = next(deliveries[0].rglob("*.dcm"))
    assert "probability" in command(story.places.root, story.variables, "predict", picture)


def test_the_end_of_a_cluster_leaves_neither_processes_nor_files() -> None:
    with ray_cluster({}) as ray:
        worker = ray.worker(1)
        until(lambda: b'"127.0.0.3"' in ray.asked("/nodes?view=summary"), PATIENCE, "the worker joins")
        assert ray.left()
    assert ray.left() == []
    assert not ray.folder.exists()
    assert worker.process.poll() is not None
