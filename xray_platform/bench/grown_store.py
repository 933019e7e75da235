"""Grown store: a store as it is after many batches, its tables and records filled without a picture being decoded.

Plans, journal, manifests and Dagster's records are written by the platform's own code; what stands in the tables is
made up. Of the earlier pictures there are no standard images and tensors, since nobody reads them for a new batch.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import numpy as np
import pandas as pd

from xray_platform.defs.checks import BY_BATCH
from xray_platform.defs.freshness import TAG, made_from
from xray_platform.defs.integrity import FILES
from xray_platform.defs.local_runner import LocalRunner
from xray_platform.defs.materializations import VERSION_TAG, LastMaterializations
from xray_platform.defs.partitions import BATCHES
from xray_platform.dicom.intake.batch_plan import plan_batches, read_plan
from xray_platform.dicom.intake.index import open_index
from xray_platform.dicom.intake.journal import JournalEntry, append, journal_lock
from xray_platform.dicom.intake.raw_store import raw_path
from xray_platform.imaging.store.tensors import rows_part
from xray_platform.tables import all as tables
from xray_platform.tables.column import Column
from xray_platform.tables.manifest import noted
from xray_platform.tables.owner_only import make_folder
from xray_platform.tables.places import Places
from xray_platform.tables.table import Table

LONG_AGO = 1_700_000_000
OWN_TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (tables.QUALITY, tables.IMAGES, tables.STANDARD_IMAGES, tables.PATCHES, tables.PREDICTIONS)
} | {"raw_archive": tables.CATALOGUE}
"""The table that an asset of a batch writes; tensors have assets of their own names."""
OFTEN: Mapping[str, Any] = {"rule": "Q000", "severity": "pass", "intake": "stored", "modality": "DX", "side": 32}


def grow(store: LocalRunner, batches: int, pictures: int) -> None:
    """Let a new store look as if it had taken in so many batches of so many pictures from its inbox."""
    places = store.places
    _drop(places.inbox, batches, pictures)
    plans = [plan.batch for plan in plan_batches(places, places.inbox, batch_size=pictures)]
    rng = np.random.default_rng(batches)
    store.instance.add_dynamic_partitions(str(BATCHES.name), plans)
    last = Remembered(store.instance)
    for batch in plans:
        catalogue = _taken_in(places, batch)
        known = _columns(catalogue, batch, rng)
        tables.LIKENESS.write(places, _rows(tables.LIKENESS, {**known, "order": [int(batch[6:])] * pictures}), batch)
        for key in (key for key in store.graph.specs if store.graph.partitioned(key)):
            name = key.to_user_string()
            table = OWN_TABLES.get(name, tables.TENSORS)
            part = rows_part(batch, name) if table is tables.TENSORS else batch
            with noted() as kept:
                table.write(places, catalogue if table is tables.CATALOGUE else _rows(table, known), part)
            record(store, last, key, batch, kept)
        record_run(store.instance, batch)


def _drop(inbox: Path, batches: int, pictures: int) -> None:
    for batch in range(batches):
        folder = inbox / f"{batch:04d}"
        folder.mkdir(parents=True)
        for number in range(pictures):
            path = folder / f"{number:04d}.dcm"
            path.write_bytes(f"{batch} {number}".encode())
            os.utime(path, (LONG_AGO, LONG_AGO))


def _taken_in(places: Places, batch: str) -> pd.DataFrame:
    """Put the files of a plan into the raw store and write them down, as an intake does."""
    entries = []
    for file in read_plan(places, batch).files:
        content = Path(file.path).read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        path = raw_path(places, digest)
        make_folder(path.parent, path.parents[2])
        path.write_bytes(content)
        size, modified = file.size_bytes, file.modified_ns
        entries.append(JournalEntry(batch, file.source, file.relative, digest, size, modified, "stored"))
    with journal_lock(places), open_index(places) as index:
        index.catch_up()
        index.note(entries, append(places, entries))
    return tables.CATALOGUE.frame([vars(entry) for entry in entries])


def _columns(catalogue: pd.DataFrame, batch: str, rng: np.random.Generator) -> dict[str, list[Any]]:
    """Return what the tables say of each picture: names that belong together, and hashes of which none are alike."""
    digests = [str(sha256) for sha256 in catalogue["sha256"]]
    subjects = [hashlib.sha256(f"{batch} {number // 2}".encode()).hexdigest() for number in range(len(digests))]
    return {
        "sha256": digests,
        "image": [digest[:16] for digest in digests],
        "batch": [batch] * len(digests),
        "subject": [f"sub-{subject[:16]}" for subject in subjects],
        "person": subjects,
        "instance": [hashlib.sha256(f"{digest} instance".encode()).hexdigest() for digest in digests],
        "pixel_sha256": [hashlib.sha256(f"{digest} pixels".encode()).hexdigest() for digest in digests],
        "looks": [rng.bytes(32).hex() for _ in digests],
        "row": list(range(len(digests))),
    }


def _rows(table: Table, known: Mapping[str, list[Any]]) -> pd.DataFrame:
    """Return rows of a table: what is known of each picture, and something of the right kind for the rest."""
    count = len(known["sha256"])
    filled = {column.name: known.get(column.name, [any_value(column)] * count) for column in table.columns}
    return table.frame([dict(zip(filled, row, strict=True)) for row in zip(*filled.values(), strict=True)])


def any_value(column: Column) -> Any:
    """Return something of the right kind for a column: null where that may be."""
    if column.name in OFTEN:
        return OFTEN[column.name]
    if column.nullable:
        return None
    if column.allowed:
        return column.allowed[0]
    low = column.low if column.low is not None else 0
    return {"text": column.name, "integer": int(low), "number": float(low), "flag": False}.get(column.kind, [])


class Remembered(LastMaterializations):
    """What was recorded of the batch at hand, without asking Dagster for it again."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        super().__init__(instance)
        self.made: dict[tuple[dg.AssetKey, str | None], dg.AssetMaterialization] = {}

    def of(self, key: dg.AssetKey, batch: str | None) -> dg.AssetMaterialization | None:
        return self.made.get((key, batch))


def record(store: LocalRunner, last: Remembered, key: dg.AssetKey, batch: str, kept: Mapping[str, str]) -> None:
    """Let Dagster remember that an asset of a batch was made, fresh, and that its checks passed."""
    digest = hashlib.sha256(str(kept).encode()).hexdigest()[:16]
    tags = {TAG: made_from(last, store.graph.specs[key], batch, store.graph), VERSION_TAG: digest}
    made = dg.AssetMaterialization(key, partition=batch, tags=tags, metadata={FILES: dg.MetadataValue.json(dict(kept))})
    last.made[key, batch] = made
    store.instance.report_runless_asset_event(made)
    for passed in _passed(key.to_user_string(), batch):
        store.instance.report_runless_asset_event(passed)


def _passed(asset: str, batch: str) -> Iterator[dg.AssetCheckEvaluation]:
    for suite in BY_BATCH:
        if suite.table.name == asset and suite.blocking:
            yield dg.AssetCheckEvaluation(
                dg.AssetKey(asset), suite.name, passed=True, metadata={}, blocking=suite.blocking, partition=batch
            )


def record_run(instance: dg.DagsterInstance, batch: str) -> None:
    """Let Dagster remember that a run took a batch in."""
    tags = {"dagster/partition": batch}
    run = dg.DagsterRun("intake", run_id=str(uuid4()), status=dg.DagsterRunStatus.SUCCESS, tags=tags)
    instance.add_run(run)
