"""Recorded: the journal's head in Dagster's own database, where a rewritten raw zone does not reach."""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from pydantic import ValidationError

from xray_platform.defs.instance import open_instance
from xray_platform.defs.materializations import LastMaterializations
from xray_platform.defs.partitions import BATCHES
from xray_platform.dicom.intake.anchor import JournalPosition
from xray_platform.dicom.intake.history import RecordedHead, head_of
from xray_platform.tables.places import Places

RAW_ARCHIVE = dg.AssetKey("raw_archive")
HEAD = "journal"


def head_metadata(places: Places) -> dict[str, Any]:
    """Return the journal's signed head as metadata of `raw_archive`; it says nothing of any file."""
    head = head_of(places)
    said = {"series": head.series, **head.head.model_dump()} if head else {}
    return {HEAD: dg.MetadataValue.json(said)}


def recorded_heads(places: Places) -> tuple[RecordedHead, ...]:
    """Return the head that each batch's last intake recorded; none where Dagster has no memory of the store."""
    if not places.dagster.is_dir():
        return ()
    instance = open_instance(places)
    try:
        return tuple(heads_of(instance))
    finally:
        instance.dispose()


def heads_of(instance: dg.DagsterInstance) -> Iterator[RecordedHead]:
    """Yield the head that each batch's last intake recorded in this memory of a store."""
    last = LastMaterializations(instance, together=True)
    for batch in instance.get_dynamic_partitions(str(BATCHES.name)):
        made = last.of(RAW_ARCHIVE, batch)
        if head := _head(batch, made.metadata if made else {}):
            yield head


def _head(batch: str, metadata: Mapping[str, dg.MetadataValue]) -> RecordedHead | None:
    """Read one record; an intake of an older version has left none."""
    said: Any = metadata[HEAD].value if HEAD in metadata else None
    try:
        return RecordedHead(batch, said["series"], JournalPosition(size=said["size"], digest=said["digest"]))
    except (TypeError, KeyError, ValidationError):
        return None
