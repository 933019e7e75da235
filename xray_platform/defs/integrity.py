"""Integrity: what an asset has written is noted with its materialisation, and held against what lies in the store."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from xray_platform.defs.freshness import TAG
from xray_platform.defs.materializations import LastMaterializations, last_record
from xray_platform.tables.faults import Fault, faults_of
from xray_platform.tables.places import Places

SHOWN = 5
FILES = "files"
"""Metadata of a materialisation: the manifests that it kept, by name, each with its SHA-256."""


def damage(
    last: LastMaterializations, places: Places, key: dg.AssetKey, partition: str | None, *, deep: bool = False
) -> list[Fault]:
    """Return what is missing or changed of what the last materialisation wrote; nothing where there was none.

    Files are looked for by presence and size, and read where they were written to since; with `deep` all are read.
    """
    made = last.of(key, partition)
    if made is None or TAG not in (made.tags or {}):
        return []
    noted = manifests_of(made)
    if noted is None:
        return [Fault("unrecorded", key.to_user_string(), "it was made before files were recorded")]
    return [fault for name, digest in noted.items() for fault in faults_of(places, name, digest, deep=deep)]


def describe_faults(name: str, faults: Sequence[Fault]) -> Iterator[str]:
    """Say in lines why an asset is made anew; the first faults stand for many."""
    for fault in faults[:SHOWN]:
        yield f"{name} is made anew: {fault.line}"
    if len(faults) > SHOWN:
        yield f"{name} is made anew: {len(faults) - SHOWN} more faults"


def manifests_of(materialization: dg.AssetMaterialization) -> Mapping[str, str] | None:
    """Return the manifests that a materialisation kept; None where it noted nothing."""
    noted = materialization.metadata.get(FILES)
    return noted.value if noted is not None and isinstance(noted.value, Mapping) else None  # type: ignore[return-value]


def settings_of_last(instance: dg.DagsterInstance, key: dg.AssetKey, partition: str | None) -> Mapping[str, Any]:
    """Return the launchpad settings of an asset's last materialisation, so that it is made anew as it was made."""
    record = last_record(instance, key, partition)
    run = instance.get_run_by_id(record.run_id) if record else None
    config: Mapping[str, Any] = run.run_config if run is not None else {}
    settings: Mapping[str, Any] = config.get("ops", {}).get(key.to_user_string(), {}).get("config", {})
    return settings
