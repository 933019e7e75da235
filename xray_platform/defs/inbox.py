"""Inbox: a sensor that opens a batch for new files, only finished ones, and asks for its run.

Names of files may name people. What was seen is kept in the raw zone; Dagster's databases get a digest of it alone.
"""

import time
from collections.abc import Set
from typing import cast

import dagster as dg
from pydantic import Field

from xray_platform.atomic import atomic_write
from xray_platform.defs.instance import remembers_elsewhere
from xray_platform.defs.jobs import intake_job
from xray_platform.defs.partitions import BATCHES
from xray_platform.defs.store import Store
from xray_platform.defs.store_settings import settings_of
from xray_platform.dicom.intake.batch_plan import BATCH_SIZE, batch_names, plan_batches, read_plan
from xray_platform.dicom.intake.inbox_watch import Look, inbox_watch
from xray_platform.dicom.intake.raw_store import take_in_some
from xray_platform.errors import XrayError
from xray_platform.object_store.at_work import at_work, is_apart
from xray_platform.settings import Settings
from xray_platform.tables.owner_only import FILE_MODE
from xray_platform.tables.places import Places

SECTION = "inbox"
"""How `xray.yaml` calls these settings."""
UNLED = "a store in object storage takes its inbox in under `xray ui`, or by `xray ingest`"
TAKING_SECONDS = 20.0  # of a tick, which Dagster ends after 60
PROBLEM = "inbox-problem.txt"
EARLIER_MEMORY = "inbox-seen.json"  # of earlier versions


class InboxSettings(Settings):
    """When a batch is opened for what lies in the inbox."""

    gather_minutes: int = Field(
        0,
        ge=0,
        le=1440,
        description="how long finished files wait for others to make up a batch of 1,000 with; 0: a batch is opened "
        "for whatever is finished. Every batch costs the same few files, records and looks, however small it is",
        json_schema_extra={"unit": "minute"},
    )


@dg.sensor(
    job=intake_job,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Opens a batch for finished files in data/inbox (and their labels.csv) and takes it in.",
)
def inbox_sensor(context: dg.SensorEvaluationContext, store: Store) -> dg.SensorResult | dg.SkipReason:
    """A file is finished when it kept its size and time between two ticks and was not touched for a while.

    Only what is new or changed is looked at, however much lies in the inbox.
    """
    places = store.places
    if is_apart(places.root) and not remembers_elsewhere(places.root):
        return dg.SkipReason(UNLED)
    if not places.inbox.is_dir():
        return dg.SkipReason("data/inbox is not there yet; make it and drop pictures into it")
    try:
        with inbox_watch(places) as watch:
            look = watch.look(time.time())
            context.update_cursor(look.mark if look.count else "")  # a moving mark; it replaces older ones with names
            if waiting := _waiting(places, look):
                return dg.SkipReason(waiting)
        new = _due(places, look, set(context.instance.get_dynamic_partitions(str(BATCHES.name))))
    except (XrayError, OSError, ValueError) as error:
        return dg.SkipReason(_told(places, str(error)))
    if not look.count:
        return dg.SkipReason("the inbox is empty")
    if not new:
        return dg.SkipReason(f"{look.count} files in the inbox, none of them new and finished")
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=batch, partition_key=batch) for batch in new],
        dynamic_partitions_requests=[BATCHES.build_add_request(new)],
    )


def _waiting(places: Places, look: Look) -> str:
    """Say that finished files wait for others, as the store's settings have it; nothing where a batch is due."""
    minutes = cast("InboxSettings", settings_of(places, SECTION, InboxSettings)).gather_minutes
    arrived = [path.stat().st_ctime for path in look.finished] if 0 < len(look.finished) < BATCH_SIZE else []
    if not arrived or time.time() - min(arrived) >= minutes * 60:
        return ""
    return f"{len(arrived)} finished files wait for others, {minutes} minutes at most"


def _due(places: Places, look: Look, opened: Set[str]) -> list[str]:
    """Open batches for what is finished, and return those of which a run is due.

    Where runs are made on machines that do not see this inbox, its bytes go into the store before: as much of them as
    a tick has time for. What fails is tried again at the next tick.
    """

    def unopened() -> list[str]:
        return [batch for batch in batch_names(places) if batch not in opened]

    def taken_in() -> list[str]:
        _plan(places, look)
        deadline = time.monotonic() + TAKING_SECONDS
        return [
            batch for batch in unopened() if take_in_some(places, read_plan(places, batch), deadline - time.monotonic())
        ]

    if not is_apart(places.root):
        _plan(places, look)
        due = unopened()
    else:
        due = at_work(places.root, taken_in, beside=True, patience=0) if look.finished or unopened() else []
    with inbox_watch(places) as watch:
        watch.planned(look.finished)  # now that the plans are the store's
    return due


def _plan(places: Places, look: Look) -> None:
    if look.finished:
        with inbox_watch(places) as watch:
            ready = watch.ready(look.finished)
        plan_batches(places, places.inbox, ready=lambda file: str(file.path) in ready, patient=True, only=look.finished)
    (places.raw / EARLIER_MEMORY).unlink(missing_ok=True)


def _told(places: Places, problem: str) -> str:
    """Keep the problem in the raw zone, since it may name files; the tick only says where it stands."""
    atomic_write(places.raw / PROBLEM, problem + "\n", mode=FILE_MODE, durable=True)
    return f"the inbox cannot be taken in; data/raw/{PROBLEM} says why (it may name files)"
