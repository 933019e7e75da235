"""Inbox: a sensor that opens a batch for new files, only finished ones, and asks for its run.

Names of files may name people. What was seen is kept in the raw zone; Dagster's databases get a digest of it alone.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import dagster as dg

from xray_platform.atomic import atomic_write
from xray_platform.defs.jobs import intake_job
from xray_platform.defs.partitions import BATCHES
from xray_platform.defs.store import Store
from xray_platform.dicom.intake.batch_plan import batch_names, plan_batches
from xray_platform.errors import XrayError
from xray_platform.tables.owner_only import FILE_MODE, make_folder
from xray_platform.tables.places import Places

QUIET_SECONDS = 10.0
UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart", ".swp")


@dg.sensor(
    job=intake_job,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Opens a batch for finished files in data/inbox (and their labels.csv) and takes it in.",
)
def inbox_sensor(context: dg.SensorEvaluationContext, store: Store) -> dg.SensorResult | dg.SkipReason:
    """A file is finished when it kept its size and time between two ticks and was not touched for a while."""
    places = store.places
    if not places.inbox.is_dir():
        return dg.SkipReason("data/inbox is not there yet; make it and drop pictures into it")
    before, now = _seen_before(places), _seen(places.inbox)
    _remember(places, now)
    context.update_cursor(_digest(now))  # a moving mark for the UI; it also takes the place of older cursors with names
    try:
        plan_batches(places, places.inbox, ready=lambda file: _finished(file.path, before, now), patient=True)
    except (XrayError, OSError, ValueError) as error:
        return dg.SkipReason(_told(places, str(error), empty=not now))
    opened = context.instance.get_dynamic_partitions(str(BATCHES.name))
    new = [batch for batch in batch_names(places) if batch not in opened]
    if not new:
        return dg.SkipReason(f"{len(now)} files in the inbox, none of them new and finished")
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=batch, partition_key=batch) for batch in new],
        dynamic_partitions_requests=[BATCHES.build_add_request(new)],
    )


def _seen(inbox: Path) -> dict[str, list[int]]:
    return {str(path): [status.st_size, status.st_mtime_ns] for path, status in _files(inbox)}


def _seen_before(places: Places) -> dict[str, list[int]]:
    with suppress(OSError, ValueError):
        before = json.loads(_memory(places).read_text(encoding="utf-8"))
        return before if isinstance(before, dict) else {}
    return {}


def _remember(places: Places, now: dict[str, list[int]]) -> None:
    make_folder(places.raw, places.raw)
    atomic_write(_memory(places), json.dumps(now), mode=FILE_MODE, durable=True)


def _memory(places: Places) -> Path:
    return places.raw / "inbox-seen.json"


def _digest(now: dict[str, list[int]]) -> str:
    """Return a mark that moves when the inbox does; of sizes and times alone: a name can be guessed from its hash."""
    return sha256(json.dumps(sorted(now.values())).encode()).hexdigest()[:16] if now else ""


def _files(inbox: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for path in sorted(inbox.rglob("*")):
        try:
            if path.is_file():
                yield path, path.stat()
        except OSError:
            continue  # it was taken away between listing and looking


def _finished(path: Path, before: dict[str, list[int]], now: dict[str, list[int]]) -> bool:
    mark = now.get(str(path))
    if mark is None or before.get(str(path)) != mark or path.name.startswith(".") or path.suffix in UNFINISHED:
        return False
    return time.time() - mark[1] / 1e9 > QUIET_SECONDS


def _told(places: Places, problem: str, *, empty: bool) -> str:
    """Keep the problem in the raw zone, since it may name files; the tick only says where it stands."""
    if empty:
        return "the inbox is empty"
    atomic_write(places.raw / "inbox-problem.txt", problem + "\n", mode=FILE_MODE, durable=True)
    return "the inbox cannot be taken in; data/raw/inbox-problem.txt says why (it may name files)"
