"""Location: the one name under which Dagster knows this platform's definitions, however it was started."""

import json
import sys
from functools import partial
from pathlib import Path

import dagster as dg

from xray_platform.defs.dagster_internals import (
    SINGLETON_REPOSITORY_NAME,
    LoadableTargetOrigin,
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteRepositoryOrigin,
)

NAME = "xray_platform"  # schedules and sensors keep their switches as long as it stays
MODULE = "xray_platform.definitions"


def code_server_command(socket: Path) -> list[str]:
    """Return the command of the one process that loads the definitions, for webserver and daemon together."""
    serve = [sys.executable, "-m", "dagster", "code-server", "start", "-m", MODULE, "--location-name", NAME]
    return [*serve, "--socket", str(socket), "--use-python-environment-entry-point"]


def write_workspace(folder: Path, socket: Path) -> Path:
    """Write a workspace file of that code server below `folder`, for the webserver and the daemon, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "workspace.yaml"
    server = {"socket": str(socket), "location_name": NAME}
    file.write_text(json.dumps({"load_from": [{"grpc_server": server}]}, indent=2), encoding="utf-8")  # JSON is YAML
    return file


def in_location(instance: dg.DagsterInstance, job: dg.JobDefinition) -> None:
    """Let runs of `job` in this process stand in the user interface under its name, and be executed again there.

    Dagster notes where the code of a run is only for runs that a server has started; those of the command belong to
    nobody, and Overview does not show them.
    """
    location = ManagedGrpcPythonEnvCodeLocationOrigin(LoadableTargetOrigin(module_name=MODULE), NAME)
    origin = RemoteRepositoryOrigin(location, SINGLETON_REPOSITORY_NAME).get_job_origin(job.name)
    create = partial(type(instance).create_run_for_job, instance, remote_job_origin=origin)
    instance.create_run_for_job = create  # type: ignore[method-assign]
