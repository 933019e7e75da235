"""Forget: take a person out of every zone of a store, tell Dagster what is stale now, and prove it by a search."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import dagster as dg
from filelock import FileLock, Timeout

from xray_platform.defs.dagster_internals import DagsterEvent, StepMaterializationData
from xray_platform.defs.freshness import TAG, is_fresh, made_from
from xray_platform.defs.integrity import FILES, manifests_of
from xray_platform.defs.jobs import UNDER_WAY
from xray_platform.defs.local_runner import LocalRunner
from xray_platform.defs.materializations import VERSION_TAG, LastMaterializations, last_record
from xray_platform.defs.recorded_head import HEAD, RAW_ARCHIVE, head_metadata
from xray_platform.dicom.intake.journal import journal_lock, signed_journal
from xray_platform.dicom.pseudonym import PseudonymKey, load_key
from xray_platform.errors import MachineError
from xray_platform.keeping.erase_images import erase_arrays, erase_published, erase_rows
from xray_platform.keeping.erase_raw import erase_dropped, erase_raw
from xray_platform.keeping.erase_reports import erase_leftovers, erase_references, erase_reports
from xray_platform.keeping.erase_texts import erase_in_databases, erase_in_texts
from xray_platform.keeping.find_person import find_person
from xray_platform.keeping.models_that_learnt import models_that_learnt
from xray_platform.keeping.person import Person, keep_person, let_go
from xray_platform.keeping.proof import Searched, search
from xray_platform.progress import Progress, silent
from xray_platform.tables.manifest import manifest_bytes, manifest_file

FORGOTTEN = "forget"
"""The job's name of what is noted here."""


def whom_to_forget(store: LocalRunner, subject: str, progress: Progress = silent) -> Person | None:
    """Return all by which a subject is found, with the models that learnt from it; None where there is nothing.

    Nothing is changed. Raises StoreError where the store is damaged, or this machine's key is not the store's.
    """
    with journal_lock(store.places):
        signed_journal(store.places)
    person = find_person(store.places, _key(store), subject, progress)
    if person is None:
        return None
    learnt = models_that_learnt(store.places, person)
    labelled = person.labelled or bool(learnt)
    return person.model_copy(update={"fresh": tuple(_fresh(store, person)), "learnt": learnt, "labelled": labelled})


def forget(store: LocalRunner, person: Person, progress: Progress = silent) -> Searched:
    """Take a person out of a store, and search it; what was begun and cut off is gone on with, step for step.

    While anything is found, what is needed to look for the person stays in the raw zone, and `xray verify` says so.
    Raises MachineError where a run is under way, StoreError where something is damaged or cannot be written.
    """
    places = store.places
    with _alone(store, person):
        keep_person(places, person)
        erase_leftovers(places)
        erase_raw(places, _key(store), person)
        erase_dropped(places, _key(store), person)
        erase_published(places, person)
        erase_rows(places, person)
        erase_arrays(places, person)
        erase_reports(places, person)
        person = erase_references(places, person, lambda renewed: _noted(store, person, renewed))
        erase_in_texts(places, person)
        _tell_dagster(store, person)
        erase_in_databases(places, person)
        searched = search(places, person, progress)
        if not searched.left:
            let_go(places)
    return searched


def _key(store: LocalRunner) -> PseudonymKey:
    return load_key(outside=[store.places.root])


def _noted(store: LocalRunner, person: Person, renewed: dict[str, str]) -> Person:
    more = person.model_copy(update={"renewed": renewed})
    keep_person(store.places, more)
    return more


def run_under_way(store: LocalRunner) -> str | None:
    """Return a Dagster run that is queued or at work on the store, or None."""
    found = store.instance.get_runs(dg.RunsFilter(statuses=UNDER_WAY), limit=1)
    return found[0].run_id if found else None


def last_run(store: LocalRunner) -> str | None:
    """Return the Dagster run that was created last, or None."""
    found = store.instance.get_runs(limit=1)
    return found[0].run_id if found else None


def _alone(store: LocalRunner, person: Person) -> ExitStack:
    """Hold the batches' intakes; MachineError where Dagster runs anything, or an intake is at work."""
    if running := run_under_way(store):
        raise MachineError(f"run {running} is under way; wait for it or end it (`xray ui`), and stop the daemon")
    held = ExitStack()
    try:
        for batch in person.batches:
            lock = FileLock(store.places.raw / ".locks" / f"{batch}.lock", mode=0o600)
            held.enter_context(lock.acquire(timeout=0))
    except Timeout as error:
        held.close()
        raise MachineError(f"{batch} is being taken in; wait for it") from error
    return held


def _fresh(store: LocalRunner, person: Person) -> Iterator[tuple[str, str]]:
    """Yield the assets of the person's batches that are up to date, in the order in which they are made."""
    last = LastMaterializations(store.instance)
    for key, spec in store.graph.specs.items():
        for batch in person.batches if store.graph.partitioned(key) else ():
            if is_fresh(last, spec, batch, store.graph):
                yield key.to_user_string(), batch


def _tell_dagster(store: LocalRunner, person: Person) -> None:
    """Note for each asset what is left of what it wrote: by batch it stays up to date, all else is to be made anew."""
    for key in store.graph.specs:
        for batch in store.batches() if store.graph.partitioned(key) else (None,):
            _tell(store, person, key, batch)


def _tell(store: LocalRunner, person: Person, key: dg.AssetKey, batch: str | None) -> None:
    """Note what is left of what an asset wrote; what was made of several batches is not up to date any more.

    In batches of others no more was changed than what was said of the person there; they stay as they are.
    """
    record = last_record(store.instance, key, batch)
    made = record.asset_materialization if record else None
    noted = manifests_of(made) if made else None
    if record is None or made is None or noted is None:
        return
    now = {name: _digest(store, name) for name in noted}
    if batch not in person.batches and now == dict(noted):
        return
    metadata: dict[str, Any] = {FILES: dg.MetadataValue.json({name: digest for name, digest in now.items() if digest})}
    if key == RAW_ARCHIVE and HEAD in made.metadata:
        metadata |= head_metadata(store.places)
    tags = _tags(store, person, key, batch, made)
    event = dg.AssetMaterialization(key, partition=batch, metadata=metadata, tags=tags)
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION.value
    said = DagsterEvent(kind, FORGOTTEN, event_specific_data=StepMaterializationData(event))
    store.instance.report_dagster_event(said, run_id=record.run_id)


def _tags(
    store: LocalRunner, person: Person, key: dg.AssetKey, batch: str | None, made: dg.AssetMaterialization
) -> dict[str, str]:
    before = made.tags or {}
    if batch is not None and batch not in person.batches:
        return {tag: before[tag] for tag in (VERSION_TAG, TAG) if tag in before}
    version = hashlib.sha256(f"{before.get(VERSION_TAG)}|{person.tombstone}".encode()).hexdigest()[:16]
    if batch is None or (key.to_user_string(), batch) not in person.fresh:
        return {VERSION_TAG: version}
    last = LastMaterializations(store.instance)
    return {VERSION_TAG: version, TAG: made_from(last, store.graph.specs[key], batch, store.graph)}


def _digest(store: LocalRunner, name: str) -> str:
    """Return the SHA-256 of a manifest as it is now, nothing where it is gone."""
    if not manifest_file(store.places, name).exists():
        return ""
    return hashlib.sha256(manifest_bytes(store.places, name)).hexdigest()
