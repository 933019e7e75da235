"""Remote: the working copy of a store in object storage that a command works on, committed when the command ends."""

import os
import threading
import time
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from xray_platform.cli.screen import bar, complain, say, visible
from xray_platform.errors import InputError, StoreError

if TYPE_CHECKING:
    from xray_platform.object_store.working_copy import WorkingCopy

READERS = frozenset({"status", "settings", "recipes", "dataset", "predict", "export"})
WHOLE = frozenset({"forget", "backup"})  # they look into every raw file
WRITERS = WHOLE | {"demo", "ingest", "run", "report", "promote", "rollback", "verify", "ui", "restore-store"}
NOT_YET = "`xray {name}` works on a store in a folder, and {url} is in object storage; {how}"
INSTEAD = {
    "receive": "receive into a folder of its own, then `xray ingest` that store's data/inbox",
    "pull": "pull into a folder of its own, then `xray ingest` that store's data/inbox",
}
START_SECONDS = 120.0  # how long pages wait for another command
FOLLOW_SECONDS = 10.0
OTHERWISE = "give a folder with --root"
_CONTEXT: list[typer.Context] = []


def remember(context: typer.Context) -> None:
    """Keep the context of the command that was called; when it ends, what the command did is committed."""
    _CONTEXT[:] = [context]


def opened_copy(url: str) -> Path:
    """Return the folder to work in, equal to the store; what changes there is committed when the command ends.

    A command that writes holds the store's lease until then. Raises InputError for a command that needs a folder,
    MachineError where another command is at work on the store, StoreError where the storage cannot be reached.
    """
    context = _CONTEXT[-1]
    name = str(context.invoked_subcommand)
    if name not in READERS | WRITERS:
        raise InputError(NOT_YET.format(name=name, url=url, how=INSTEAD.get(name, OTHERWISE)))
    # the storage's client takes a moment to import
    from xray_platform.object_store.at_work import LED
    from xray_platform.object_store.lease import take_lease
    from xray_platform.object_store.local_files import is_database
    from xray_platform.object_store.working_copy import WorkingCopy

    copy = WorkingCopy.open(url)
    if name == "ui" and _kept_up(copy):
        os.environ["XRAY_ROOT"] = str(copy.folder)
        return copy.folder
    if name in WRITERS:
        context.call_on_close(take_lease(copy.bucket, copy.home).release)
    with bar("fetching") as progress:
        given_up = [path for path in copy.bring_up(stay=name in WRITERS, progress=progress) if not is_database(path)]
    if given_up:
        complain(
            f"{len(given_up)} files that a command which was cut off had not committed are given up, "
            f"such as {visible(given_up[0])}; run that command once more"
        )
    if name in WHOLE:
        with bar("fetching raw files") as progress:
            copy.bring_raw(progress=progress)
    if name in WRITERS:
        context.call_on_close(partial(_commit, copy, forgets=name == "forget"))
        os.environ[LED] = str(copy.folder)
    os.environ["XRAY_ROOT"] = str(copy.folder)
    return copy.folder


def _kept_up(copy: "WorkingCopy") -> bool:
    """Say whether pages may be served without the lease, since Dagster and MLflow remember elsewhere.

    Then others work on the store at the same time, and the copy follows it as long as this process lives.
    """
    from xray_platform.defs.instance import remembers_elsewhere  # Dagster takes a second to import
    from xray_platform.object_store.at_work import at_work

    with bar("fetching") as progress:
        copy.bring_up(whole=False, progress=progress)
    if not remembers_elsewhere(copy.folder):
        return False
    at_work(copy.folder, lambda: None, beside=True, patience=START_SECONDS)  # commits what people wrote here
    threading.Thread(target=_follow, args=(copy,), name="follow", daemon=True).start()
    return True


def _follow(copy: "WorkingCopy") -> None:
    while True:
        time.sleep(FOLLOW_SECONDS)
        with suppress(StoreError):  # the storage may come back; whoever works on the store says what is wrong
            copy.keep_up()


def _commit(copy: "WorkingCopy", *, forgets: bool) -> None:
    """Commit what a command did; with `forgets` raw files may go, and all that earlier commits held goes at once."""
    from xray_platform.object_store.objects import sweep, sweep_at_times  # see above

    with bar("committing") as progress:
        made = copy.commit(raw_may_go=forgets, progress=progress)
    copy.activity.end()
    if made is not None:
        say(f"Committed to {copy.bucket.url}: {made.files:,} files, {made.size_bytes / 1e6:,.1f} MB.")
    if forgets:
        number, size = sweep(copy.bucket, older_than=timedelta(0))
        say(f"{number:,} objects that earlier commits held are gone from {copy.bucket.url}, {size / 1e6:,.1f} MB.")
        say(
            "Copies on other machines lose them with their next command; versions that a bucket keeps are yours to end."
        )
    elif made is not None:
        sweep_at_times(copy.bucket, made.number)
