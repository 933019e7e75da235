"""Instance: Dagster's memory of a store, embedded under its root unless the root's dagster.yaml says otherwise."""

import os
import re
from pathlib import Path

import dagster as dg
import yaml
from sqlalchemy.exc import OperationalError

from xray_platform.defs.dagster_internals import InstanceRef
from xray_platform.errors import StoreError, first_line, without_password
from xray_platform.tables.places import Places
from xray_platform.tracking.links import is_server

DRIVER = "postgresql+psycopg2://…"
UNSET = re.compile(r'environment variable "(\w+)" which is not set')


def open_instance(places: Places) -> dg.DagsterInstance:
    """Open the instance of a store: by its root's `dagster.yaml` where there is one, else SQLite below `data/`.

    Relative paths in a `dagster.yaml` count from the current folder; here they count from the root.
    Raises StoreError where the database that it names cannot be reached, or a variable that it asks for is not set.
    """
    places.dagster.mkdir(parents=True, exist_ok=True)
    embedded = _embedded(places.dagster) if is_embedded(places.root) else {}
    try:
        ref = InstanceRef.from_dir(str(places.dagster), config_dir=str(places.root), overrides=embedded)
        return dg.DagsterInstance.from_ref(ref)
    except Exception as error:
        if (why := _unreachable(error)) is None:
            raise
        raise StoreError(f"{places.root / 'dagster.yaml'}: {why}") from error


def _unreachable(error: BaseException | None) -> str | None:
    """Say why the memory that a `dagster.yaml` names cannot be opened, without passwords; None for any other error."""
    while error is not None:
        if isinstance(error, OperationalError):
            return f"the database cannot be reached: {without_password(first_line(error.orig or error))}"
        if isinstance(error, ModuleNotFoundError):
            return (
                f"the package {error.name} is not installed; install xray-platform[team], and name its driver: {DRIVER}"
            )
        if isinstance(error, dg.DagsterInvalidConfigError):
            unset = UNSET.search(str(error))
            return f"the environment variable {unset.group(1)} is not set" if unset else first_line(error)
        error = error.__cause__ or error.__context__
    return None


def is_embedded(root: Path) -> bool:
    """Say whether Dagster's memory of a store lies in the store."""
    file = root / "dagster.yaml"
    if not file.exists():
        return True
    said = yaml.safe_load(file.read_text(encoding="utf-8"))
    storage = said.get("storage") if isinstance(said, dict) else None
    return isinstance(storage, dict) and "sqlite" in storage


def remembers_elsewhere(root: Path) -> bool:
    """Say whether neither Dagster's nor MLflow's memory of a store lies in it, so that several may work at once."""
    return not is_embedded(root) and is_server(os.environ.get("MLFLOW_TRACKING_URI", ""))


def _embedded(folder: Path) -> dict[str, object]:
    return {
        "storage": {"sqlite": {"base_dir": str(folder)}},
        "local_artifact_storage": {
            "module": "dagster._core.storage.root",
            "class": "LocalArtifactStorage",
            "config": {"base_dir": str(folder)},
        },
        "compute_logs": {
            "module": "dagster._core.storage.local_compute_log_manager",
            "class": "LocalComputeLogManager",
            "config": {"base_dir": str(folder / "compute_logs")},
        },
        "telemetry": {"enabled": False},
    }
