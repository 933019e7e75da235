"""A team's deployment: Dagster and MLflow in PostgreSQL, by configuration alone, give what the default gives."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.ports import HOST
from xray_platform.tables.all import IMAGES, LEADERBOARD, PREDICTIONS, SCORES, SPLITS
from xray_platform.tables.places import Places
from xray_platform_tests.cli.processes import ROOT, XRAY, environment
from xray_platform_tests.deploy.deployment import (
    Deployment,
    assert_same_tables,
    command,
    count,
    graphql,
    mlflow_server,
    pages,
)
from xray_platform_tests.deploy.postgres import binaries, postgres

pytestmark = pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed (apt-get install postgresql)")
TEAM = ROOT / "deploy" / "team"
MODEL = "pca_residual"
WANTED = f"+key:{MODEL}_report,leaderboard,champion,predictions"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("delivery") / "archive"
    write_archive(folder, ArchiveSettings(pictures=40, side=128, seed=94, broken=False), workers=1)
    return folder


@pytest.fixture(scope="module")
def team(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    root = tmp_path_factory.mktemp("team") / "store"
    root.mkdir()
    shutil.copy(TEAM / "dagster.yaml", root)
    with postgres(["dagster", "mlflow"]) as address, mlflow_server(f"{address}mlflow", root) as tracking:
        variables = {"XRAY_DAGSTER_DATABASE": f"{address}dagster", "MLFLOW_TRACKING_URI": tracking}
        lived(archive, root, variables)
        yield Deployment(Places(root), variables)


@pytest.fixture(scope="module")
def local(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    root = tmp_path_factory.mktemp("local") / "store"
    lived(archive, root, {})
    return Deployment(Places(root), {})


def lived(archive: Path, root: Path, variables: Mapping[str, str]) -> None:
    """Take the archive in and make a champion, by the commands of a user."""
    command(root, variables, "ingest", archive, "--origin", "phantom")
    command(root, variables, "run", "--select", WANTED)


def test_the_tables_and_figures_are_those_of_the_embedded_default(team: Deployment, local: Deployment) -> None:
    tables = ((IMAGES, None), (SPLITS, None), (SCORES, MODEL), (PREDICTIONS, None), (LEADERBOARD, None))
    assert_same_tables(team.places, local.places, tables)


def test_what_dagster_and_mlflow_remember_lies_in_postgresql_alone(team: Deployment) -> None:
    assert count(team, "dagster", "select count(*) from runs where status = 'SUCCESS'") >= 2
    assert count(team, "dagster", "select count(*) from event_logs") > 50
    assert count(team, "mlflow", "select count(*) from model_versions where name = 'xray-champion'") == 1
    left = [path.name for path in team.places.root.rglob("*.db") if path.name != "index.db"]
    assert not [name for name in left if "mlflow" in name or "schedules" in name or "runs" in name], left


def test_the_command_knows_what_is_done_and_the_champion_predicts(team: Deployment, archive: Path) -> None:
    before = count(team, "dagster", "select count(*) from runs")
    command(team.places.root, team.variables, "run", "--select", WANTED)
    assert count(team, "dagster", "select count(*) from runs") == before, "there was nothing to do"
    picture = next(archive.rglob("*.dcm"))
    assert "probability" in command(team.places.root, team.variables, "predict", picture)
    assert MODEL in command(team.places.root, team.variables, "promote")


def test_the_pages_show_the_server_of_mlflow_that_is_there(team: Deployment) -> None:
    with pages(team.places.root, team.variables) as address:
        said = graphql(address, "{ runsOrError(limit: 9) { ... on Runs { results { status jobName } } } }")
    assert {run["jobName"] for run in said["runsOrError"]["results"]} >= {"intake"}


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "XRAY_DAGSTER_DATABASE"),
        ({"XRAY_DAGSTER_DATABASE": f"postgresql+psycopg2://me:secret@{HOST}:1/dagster"}, "cannot be reached"),
        ({"XRAY_DAGSTER_DATABASE": f"postgresql://me:secret@{HOST}:1/dagster"}, "name its driver"),
    ],
)
def test_a_database_that_is_not_there_is_one_line_without_a_password(
    tmp_path: Path, variables: dict[str, str], words: str
) -> None:
    shutil.copy(TEAM / "dagster.yaml", tmp_path)
    Places(tmp_path).plans.mkdir(parents=True)
    without = {name: value for name, value in environment().items() if name != "XRAY_DAGSTER_DATABASE"}
    ran = subprocess.run(
        [XRAY, "--root", str(tmp_path), "run"],
        env={**without, **variables}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 1, ran.stderr
    said = " ".join(ran.stderr.split())
    assert words in said
    assert "Traceback" not in said
    assert "secret" not in said
