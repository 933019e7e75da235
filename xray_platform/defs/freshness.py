"""Freshness: what an asset was made from, so that what is done is not done again."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence

import dagster as dg

from xray_platform.defs.checks import blocking
from xray_platform.defs.materializations import VERSION_TAG, LastMaterializations
from xray_platform.defs.partitions import BATCHES
from xray_platform.defs.sound_batches import LABELS, left_out

TAG = "xray/made_from"
SETTINGS = "xray/settings"
"""Metadata of an asset: what the store sets otherwise than the defaults."""
ANY_DEPS = "xray/any_deps"
"""Metadata of an asset: whether it is made of whichever of its dependencies there are."""
UNASKED = "xray/on_request"
"""Metadata of an asset: that it is of a model which this store trains only where a person asks for it."""


def made_from(last: LastMaterializations, spec: dg.AssetSpec, partition: str | None, graph: "Graph") -> str:
    """Return a digest of an asset's code version, the store's own settings of it, and what it reads (data versions)."""
    inputs = [
        [dep.asset_key.to_user_string(), part or "", version]
        for dep in spec.deps
        for part, version in _versions(last, graph, dep.asset_key, partition)
    ]
    text = json.dumps([spec.code_version, sorted(inputs), *_left_out(last.instance, spec), *_own_settings(spec)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _own_settings(spec: dg.AssetSpec) -> list[str]:
    return [str(spec.metadata[SETTINGS])] if SETTINGS in spec.metadata else []


def _left_out(instance: dg.DagsterInstance, spec: dg.AssetSpec) -> list[str]:
    """Return the batches that the labels leave out, since a check may pass later at the same content."""
    if spec.key != LABELS:
        return []
    return [found.batch for found in left_out(instance, _batches(instance), blocking("quality", "images"))]


def is_fresh(last: LastMaterializations, spec: dg.AssetSpec, partition: str | None, graph: "Graph") -> bool:
    """Tell whether the last materialisation was made from just what is there now."""
    recorded = _tag(last, spec.key, partition, TAG)
    return recorded != "" and recorded == made_from(last, spec, partition, graph)


class Graph:
    """The assets by key, in an order in which each comes after what it reads."""

    def __init__(self, specs: Iterable[dg.AssetSpec]) -> None:
        by_key = {spec.key: spec for spec in specs}
        self.specs: Mapping[dg.AssetKey, dg.AssetSpec] = {key: by_key[key] for key in _sorted(by_key)}

    def asked(self) -> list[dg.AssetKey]:
        """Return the assets that a store makes by itself: all but those of models that are on request."""
        return [key for key, spec in self.specs.items() if not spec.metadata.get(UNASKED)]

    def partitioned(self, key: dg.AssetKey) -> bool:
        return self.specs[key].partitions_def is not None

    def pending(
        self,
        last: LastMaterializations,
        keys: Sequence[dg.AssetKey],
        partition: str | None = None,
        force: bool = False,
        *,
        changing: Collection[dg.AssetKey] = (),
    ) -> list[dg.AssetKey]:
        """Return those of `keys` that are missing, out of date, or downstream of one that is, in order.

        So is what reads any of `changing`.
        """
        found: list[dg.AssetKey] = []
        for key in self.specs:
            if key in keys:
                behind = any(dep.asset_key in found or dep.asset_key in changing for dep in self.specs[key].deps)
                if force or behind or not is_fresh(last, self.specs[key], partition, self):
                    found.append(key)
        return found

    def held_back(self, failed: Collection[dg.AssetKey]) -> set[dg.AssetKey]:
        """Return what failed, and what cannot be made without it."""
        held = set(failed)
        for key, spec in self.specs.items():
            missing = [dep.asset_key in held for dep in spec.deps]
            if missing and (all(missing) if spec.metadata.get(ANY_DEPS) else any(missing)):
                held.add(key)
        return held


def _sorted(by_key: Mapping[dg.AssetKey, dg.AssetSpec]) -> list[dg.AssetKey]:
    done: list[dg.AssetKey] = []

    def visit(key: dg.AssetKey) -> None:
        for dep in sorted(by_key[key].deps, key=lambda dep: dep.asset_key.to_user_string()):
            if dep.asset_key in by_key and dep.asset_key not in done:
                visit(dep.asset_key)
        if key not in done:
            done.append(key)

    for key in by_key:
        visit(key)
    return done


def _versions(
    last: LastMaterializations, graph: Graph, key: dg.AssetKey, partition: str | None
) -> list[tuple[str | None, str]]:
    """Return the data versions that are read: a batch reads the same batch; what has no batches reads them all."""
    if partition is None and graph.partitioned(key):
        versions = last.data_versions(key)
        return [(batch, versions.get(batch, "")) for batch in _batches(last.instance)]
    part = partition if graph.partitioned(key) else None
    return [(part, _tag(last, key, part, VERSION_TAG))]


def _batches(instance: dg.DagsterInstance) -> Sequence[str]:
    return instance.get_dynamic_partitions(str(BATCHES.name))


def _tag(last: LastMaterializations, key: dg.AssetKey, partition: str | None, tag: str) -> str:
    materialization = last.of(key, partition)
    return (materialization.tags or {}).get(tag, "") if materialization else ""
