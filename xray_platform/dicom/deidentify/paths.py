"""Paths: de-identify a file, or a folder with all that lies in it, outside of any store."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from xray_platform.atomic import atomic_write
from xray_platform.dicom.deidentify.engine import deidentify
from xray_platform.dicom.deidentify.person import GivenIdentity
from xray_platform.dicom.deidentify.refused import RefusedError
from xray_platform.dicom.deidentify.settings import DeidentifySettings
from xray_platform.dicom.pseudonym import PseudonymKey
from xray_platform.dicom.rules import UNPUBLISHABLE
from xray_platform.errors import InputError, StoreError
from xray_platform.progress import Progress, silent
from xray_platform.workers import Limits, Lost, map_in_children

LARGEST_BYTES = 1 << 30
SECONDS = 120.0


@dataclass(frozen=True)
class PathResult:
    """What became of one file: `written` is where it lies now, or None with the rule and the `reason`.

    `number` is the place of the source among the sources in the order of their names; the source's own name may
    identify a person and is not repeated.
    """

    number: int
    decision: Literal["written", "quarantine", "reject"]
    written: Path | None = None
    rule: str = ""
    reason: str = ""
    masked: int = 0


@dataclass(frozen=True)
class _Task:
    number: int
    source: Path
    target: Path
    whole_name: bool
    key: PseudonymKey
    settings: DeidentifySettings


def deidentify_path(
    source: Path,
    target: Path,
    key: PseudonymKey,
    settings: DeidentifySettings = DeidentifySettings(),
    *,
    progress: Progress = silent,
) -> Iterator[PathResult]:
    """De-identify `source` into `target` and yield what became of each file, in the order of the sources' names.

    A file gives the file `target`. A folder gives a folder with `<subject>/<study>/<picture>.dcm` or `.png`, named by
    pseudonyms and hashes, for a file's name may hold a name. Files that are no pictures, and pictures that cannot be
    de-identified surely, are not written. Raises InputError where the source is missing or empty, or where source and
    target lie in each other; StoreError where the target cannot be written.
    """
    tasks = list(_tasks(source, target, key, settings))
    limits = Limits(seconds=SECONDS)
    results = map_in_children(_do_one, tasks, what="pictures de-identified", limits=limits, progress=progress)
    for task, result in zip(tasks, results, strict=True):
        if isinstance(result, Lost):
            yield PathResult(
                task.number, "reject", None, UNPUBLISHABLE, f"it failed ({result.reason}: {result.detail})"
            )
        elif isinstance(result, str):
            raise StoreError(result)
        else:
            yield result


def _tasks(source: Path, target: Path, key: PseudonymKey, settings: DeidentifySettings) -> Iterator[_Task]:
    if not source.exists():
        raise InputError(f"{source} does not exist; a file or a folder is wanted")
    one, other = source.resolve(), target.resolve()
    if one == other or one in other.parents or other in one.parents:
        raise InputError(f"{target} and {source} lie in each other; the source must not be written over")
    if source.is_file():
        if target.is_dir():
            raise InputError(f"{target} is a folder; for a single file the target is a file")
        yield _Task(0, source, target, True, key, settings)
        return
    if target.is_file():
        raise InputError(f"{target} is a file; for a folder the target is a folder")
    files = sorted(path for path in source.rglob("*") if path.is_file() and not path.is_symlink())
    if not files:
        raise InputError(f"{source} holds no files")
    yield from (_Task(number, file, target, False, key, settings) for number, file in enumerate(files))


def _do_one(task: _Task) -> PathResult | str:
    """De-identify one file in a child process; text is why the target cannot be written."""
    result = PathResult(task.number, "reject", None, UNPUBLISHABLE)
    try:
        if task.source.stat().st_size > LARGEST_BYTES:
            return replace(result, reason=f"more than {LARGEST_BYTES} bytes")
        data = task.source.read_bytes()
    except OSError as error:
        return replace(result, reason=f"it cannot be read: {error.strerror}")
    digest = hashlib.sha256(data).hexdigest()
    try:
        made = deidentify(data, task.key, GivenIdentity(fallback=digest), task.settings)
    except RefusedError as error:
        return replace(result, decision=error.severity, rule=error.code, reason=error.evidence)
    folder = task.target / made.person.subject / made.person.study
    path = task.target if task.whole_name else folder / f"{digest[:16]}{made.suffix}"
    try:
        atomic_write(path, made.parts)
    except StoreError as error:
        return str(error)
    return PathResult(task.number, "written", path, masked=made.masked)
