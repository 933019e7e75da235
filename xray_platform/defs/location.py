"""Location: the one name under which Dagster knows this platform's definitions, however it was started."""

from functools import partial
from pathlib import Path

import dagster as dg
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin, RemoteRepositoryOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

NAME = "xray_platform"
MODULE = "xray_platform.definitions"
WORKSPACE = f"""load_from:
  - python_module:
      module_name: {MODULE}
      location_name: {NAME}
"""
"""The workspace file: schedules and sensors keep their switches as long as this name stays."""


def write_workspace(folder: Path) -> Path:
    """Write the workspace file below `folder`, for the webserver and the daemon, and return it."""
    file = folder / "workspace.yaml"
    file.write_text(WORKSPACE, encoding="utf-8")
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
