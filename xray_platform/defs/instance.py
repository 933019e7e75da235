"""Instance: Dagster's memory of a store, embedded under its root unless the root's dagster.yaml says otherwise."""

from pathlib import Path

import dagster as dg
import yaml

from xray_platform.defs.dagster_internals import InstanceRef
from xray_platform.tables.places import Places


def open_instance(places: Places) -> dg.DagsterInstance:
    """Open the instance of a store: by its root's `dagster.yaml` where there is one, else SQLite below `data/`.

    Relative paths in a `dagster.yaml` count from the current folder; here they count from the root.
    """
    places.dagster.mkdir(parents=True, exist_ok=True)
    embedded = _embedded(places.dagster) if is_embedded(places.root) else {}
    ref = InstanceRef.from_dir(str(places.dagster), config_dir=str(places.root), overrides=embedded)
    return dg.DagsterInstance.from_ref(ref)


def is_embedded(root: Path) -> bool:
    """Say whether Dagster's memory of a store lies in the store."""
    file = root / "dagster.yaml"
    if not file.exists():
        return True
    said = yaml.safe_load(file.read_text(encoding="utf-8"))
    storage = said.get("storage") if isinstance(said, dict) else None
    return isinstance(storage, dict) and "sqlite" in storage


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
