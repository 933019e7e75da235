"""Batch plan: divide what is to be taken in into batches, and write down once which file belongs to which."""

import os
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, ValidationError

from xray_platform.atomic import atomic_write
from xray_platform.dicom.intake.anchor import guard_plan
from xray_platform.dicom.intake.box_file import GivenBox, found_boxes
from xray_platform.dicom.intake.csv_lines import few
from xray_platform.dicom.intake.journal import journal_lock, signed_journal
from xray_platform.dicom.intake.label_file import LabelOptions, LabelRow, found_labels
from xray_platform.dicom.intake.own_output import is_report
from xray_platform.dicom.intake.plan_index import Said, place_of, said_before, said_of
from xray_platform.dicom.intake.refused_files import refused, tried
from xray_platform.dicom.intake.seal import Sealer, unsealed
from xray_platform.dicom.intake.source_lists import SourceLists
from xray_platform.dicom.intake.sources import SourceFile, list_files, list_source, spelled
from xray_platform.errors import InputError, StoreError
from xray_platform.tables.columns import NAME_OF_ORIGIN
from xray_platform.tables.owner_only import FILE_MODE, KEPT_MODE, make_folder, tighten
from xray_platform.tables.places import Places

BATCH_SIZE = 1000
ARCHIVE = "archive"  # the origin of what came without any


class PlannedFile(BaseModel):
    """One file of a batch: where it is, and what the lists beside it said (raw zone: it may identify a person).

    `again` says why a file is planned that an earlier plan holds with this size and time: something about it was
    `changed` since, so its bytes may be others, or reading it `failed`. `boxes` are those that were drawn in it: none
    of them where a boxes file says so, None where nothing is said.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    relative: str
    size_bytes: int
    modified_ns: int
    changed_ns: int | None = None
    member: str | None = None
    again: Literal["changed", "failed"] | None = None
    subject_id: str | None = None
    study_id: str | None = None
    label: str | None = None
    abnormal: bool | None = None
    split: str | None = None
    view_position: str | None = None
    age_years: float | None = None
    sex: str | None = None
    origin: str | None = None
    boxes: tuple[GivenBox, ...] | None = None

    @property
    def source(self) -> str:
        """How the catalogue names it: the path, zip members after `!`."""
        return self.path if self.member is None else f"{self.path}!{self.member}"


class BatchPlan(BaseModel):
    """A batch: at most so many files, fixed when it was opened; its file ends in a seal, see `anchor`.

    `boxes_of_no_file` is how many boxes the boxes file draws in files that were not there when it was opened. A plan
    that `brings_back` takes in also what was forgotten on request.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch: str
    source: str
    origin: str
    opened_at: str
    labels_sha256: str | None = None
    boxes_sha256: str | None = None
    boxes_of_no_file: int = 0
    brings_back: bool = False
    files: tuple[PlannedFile, ...]


def plan_batches(
    places: Places,
    source: Path,
    labels: LabelOptions | None = None,
    origin: str = ARCHIVE,
    batch_size: int = BATCH_SIZE,
    ready: Callable[[SourceFile], bool] = lambda _: True,
    patient: bool = False,
    only: Collection[Path] | None = None,
    boxes: Path | None = None,
    brings_back: bool = False,
) -> tuple[BatchPlan, ...]:
    """Open batches for the files of a folder, a zip archive or a single file that are not planned yet.

    A file is known by its path, size, time of modification and time of change. It is planned again when its labels or
    boxes changed, and where something that may pass (rights, a lost connection) kept it from being read; with `patient`
    the latter waits for something else that is new. A labels.csv or metadata.csv in the folder is used when no other is
    given, and so is a boxes.csv; without any only those files of the folder that are named in `only` are looked at, if
    it is given, and those that could not be read before. Files that are not `ready` (a folder that others still write
    to) are left for the next time, and logs of what the platform did not publish are left out. Where the plans
    `brings_back` what was forgotten on request, files that were refused for it are planned again. Nothing is written
    before all of it is read.
    Returns the new plans in order, none where nothing is new. Raises InputError for a source, a labels file or a boxes
    file that cannot be used, StoreError where the plans cannot be written.
    """
    if not re.fullmatch(NAME_OF_ORIGIN, origin):
        raise InputError(f"the origin {origin!r} is no name: 1 to 32 small letters, digits, - and _ are allowed")
    if batch_size < 1:
        raise InputError(f"a batch of {batch_size} files; at least 1 is allowed")
    source = Path(os.path.abspath(source))  # noqa: PTH100 - resolve() would follow links and rename what people see
    _guard_store(places, source)
    lists = SourceLists(labels or found_labels(source), boxes or found_boxes(source))
    files, given = _files(source, lists, ready, None if only is None else [*only, *tried(places, source)])
    try:
        make_folder(places.plans, places.raw)
        tighten(places.raw)
        with FileLock(places.plans / ".lock", mode=FILE_MODE):
            again = _again(places, files, patient=patient, forgotten=brings_back)
            given["brings_back"] = brings_back
            return _write_plans(places, source, given, origin, batch_size, again)
    except OSError as error:
        raise StoreError(f"cannot write the plans in {places.plans}: {error.strerror or error}") from error


def plan_files(
    places: Places, source: Path, origin: str, files: Sequence[PlannedFile], batch_size: int = BATCH_SIZE
) -> tuple[BatchPlan, ...]:
    """Open batches for files that are planned already, with other things said of them, and return the new plans.

    Raises StoreError where the plans cannot be written.
    """
    try:
        make_folder(places.plans, places.raw)
        with FileLock(places.plans / ".lock", mode=FILE_MODE):
            return _write_plans(places, source, {}, origin, batch_size, list(files))
    except OSError as error:
        raise StoreError(f"cannot write the plans in {places.plans}: {error.strerror or error}") from error


def read_plan(places: Places, batch: str) -> BatchPlan:
    """Return the plan of a batch. Raises StoreError where there is none, or it is not as it was written."""
    path = places.plans / f"{batch}.json"
    if not path.is_file():
        raise StoreError(f"there is no batch {batch}; there are {few(batch_names(places)) or 'none'}")
    try:
        raw = path.read_bytes()
        plan = BatchPlan.model_validate_json(unsealed(raw))
    except (ValidationError, OSError) as error:
        raise StoreError(f"the plan {path} is damaged or cannot be read") from error
    guard_plan(places, batch, raw)
    return plan


def plans(places: Places) -> Iterator[BatchPlan]:
    """Yield all plans in the order in which they were opened, one at a time."""
    for batch in batch_names(places):
        yield read_plan(places, batch)


def plans_with_boxes(places: Places, among: Collection[str] | None = None) -> Iterator[BatchPlan]:
    """Yield the plans that speak of boxes, of all batches or some, in order; the others are not parsed for it."""
    for batch in (name for name in batch_names(places) if among is None or name in among):
        if b'"boxes' in (places.plans / f"{batch}.json").read_bytes():  # so all keys that speak of boxes begin
            yield read_plan(places, batch)


def batch_names(places: Places) -> list[str]:
    """Return the names of all batches in the order in which they were opened."""
    return sorted((path.stem for path in places.plans.glob("batch-*.json")), key=lambda name: int(name[6:]))


def _guard_store(places: Places, source: Path) -> None:
    """Refuse to take the store in as its own source; inbox and phantoms are no part of it in this sense."""
    try:
        store, real = places.data.resolve(), source.resolve()
    except (OSError, ValueError):  # a path that cannot be; listing it says why
        return
    if any(
        real == allowed or allowed in real.parents for allowed in (places.inbox.resolve(), places.phantoms.resolve())
    ):
        return
    if real == store or store in real.parents or real in store.parents:
        raise InputError(f"{source} holds the store or lies in it ({store}); take in another folder, or the inbox")


def _files(
    source: Path, lists: SourceLists, ready: Callable[[SourceFile], bool], only: Collection[Path] | None
) -> tuple[list[PlannedFile], dict[str, Any]]:
    """Return the files of a source with what the lists say of them, and what plans say of the lists."""
    some = only is not None and not lists.files  # a list may speak of any of them
    listed = list_files(source, only or ()) if some else list_source(source)
    found = [file for file in listed if not lists.hold(file.path) and not is_report(file)]
    if not found and not some:
        raise InputError(f"{source} holds no files")
    said = lists.match(source, found)
    by_path = ((file, spelled(file.relative)) for file in found if ready(file))
    files = [_planned(file, said.labels.get(path, LabelRow()), said.boxes.get(path)) for file, path in by_path]
    return files, {**lists.digests(), "boxes_of_no_file": said.boxes_of_no_file}


def _planned(file: SourceFile, said: LabelRow, boxes: tuple[GivenBox, ...] | None) -> PlannedFile:
    return PlannedFile(
        path=spelled(str(file.path)),
        relative=spelled(file.relative),
        size_bytes=file.size_bytes,
        modified_ns=file.modified_ns,
        changed_ns=file.changed_ns,
        member=spelled(file.member) if file.member else None,
        boxes=boxes,
        **vars(said),
    )


def _write_plans(
    places: Places, source: Path, given: dict[str, Any], origin: str, batch_size: int, files: list[PlannedFile]
) -> tuple[BatchPlan, ...]:
    with journal_lock(places):
        _, sealer = signed_journal(places)
    fresh = iter(files)
    number = max((int(name[6:]) for name in batch_names(places)), default=0)
    opened = datetime.now(UTC).isoformat(timespec="seconds")
    written: list[BatchPlan] = []
    while part := tuple(islice(fresh, batch_size)):
        number += 1
        plan = BatchPlan(
            batch=f"batch-{number:04d}",
            source=spelled(str(source)),
            origin=origin,
            opened_at=opened,
            **given,
            files=part,
        )
        _write(places, plan, sealer)
        written.append(plan)
    return tuple(written)


def _write(places: Places, plan: BatchPlan, sealer: Sealer) -> None:
    text = plan.model_dump_json(indent=1, exclude_defaults=True).encode()
    sealed = sealer.sealed(f"plan {plan.batch}", text)
    atomic_write(places.plans / f"{plan.batch}.json", sealed, mode=KEPT_MODE, durable=True)


def _again(
    places: Places, files: Sequence[PlannedFile], *, patient: bool, forgotten: bool = False
) -> list[PlannedFile]:
    """Return those of `files` that are to be planned, each with why where a plan holds it already."""
    failed, by_place = refused(places, forgotten=forgotten), [place_of(file.model_dump()) for file in files]
    known = said_before(places, by_place)
    states = [(file, _state(file, known.get(place))) for file, place in zip(files, by_place, strict=True)]
    if patient and all(said == "known" for _, said in states):
        return []
    retried = [(file, "failed" if said == "known" and file.source in failed else said) for file, said in states]
    return [
        file.model_copy(update={"again": said if said in {"changed", "failed"} else None})
        for file, said in retried
        if said != "known"
    ]


def _state(file: PlannedFile, found: Said | None) -> Literal["new", "changed", "known", "labelled"]:
    """Say whether a file is planned; one of which nothing is said now keeps what was said before."""
    if found is None:
        return "new"
    before, changed_ns = found
    if None not in (changed_ns, file.changed_ns) and changed_ns != file.changed_ns:
        return "changed"
    whole = file.model_dump()
    unlabelled = all(whole[name] is None for name in (*LabelRow.__dataclass_fields__, "boxes"))
    return "known" if unlabelled or before == said_of(whole) else "labelled"
