"""Session: the store that a command works on, held by one command at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from xray_platform.cli.remote import opened_copy
from xray_platform.errors import InputError, MachineError, StoreError
from xray_platform.object_store.bucket import is_url
from xray_platform.object_store.cache import shown
from xray_platform.tables.places import Places

if TYPE_CHECKING:
    from xray_platform.defs.local_runner import LocalRunner

LEAST_FREE_BYTES = 200 * 1024**2


def places() -> Places:
    """Return the store named by the option or the environment."""
    root = os.environ["XRAY_ROOT"]
    return Places(opened_copy(root) if is_url(root) else Path(root))


def existing_store() -> Places:
    """Return the store named by the option or the environment; InputError where there is none. Nothing is made."""
    store = places()
    if not (store.dagster.is_dir() or store.raw.is_dir() or (store.mlruns / "mlflow.db").is_file()):
        known = shown(store.root)
        copy = "" if known == str(store.root) else f"; its working copy on this machine is {store.root}"
        raise InputError(
            f"{known} holds no store; bring images with `xray ingest PATH`, or name another with --root{copy}"
        )
    return store


@contextmanager
def read_store() -> "Iterator[LocalRunner]":
    """Open the store to look at it: nothing on disk is changed, and nothing needs to wait for another command."""
    # dagster takes a second to import, and `--help` must not wait for it
    from xray_platform.defs.graph import definitions
    from xray_platform.defs.local_runner import LocalRunner

    runner = LocalRunner(existing_store(), definitions(), read_only=True)
    try:
        yield runner
    finally:
        runner.close()


@contextmanager
def opened_store(least_free_bytes: int = LEAST_FREE_BYTES) -> "Iterator[LocalRunner]":
    """Open the store for work; a second command that wants to work on it is refused at once."""
    # dagster takes a second to import, and `--help` must not wait for it
    from xray_platform.defs.graph import definitions
    from xray_platform.defs.local_runner import LocalRunner

    store = places()
    _writable(store, least_free_bytes)
    lock = FileLock(store.dagster / "xray.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise MachineError(f"another xray command is at work on {shown(store.root)}; wait for it or end it") from error
    except OSError as error:
        raise StoreError(f"cannot write to {store.root}: {error.strerror}; give another root with --root") from error
    runner = LocalRunner(store, definitions())
    try:
        yield runner
    finally:
        runner.close()
        lock.release()


def _writable(store: Places, least_free_bytes: int) -> None:
    try:
        store.dagster.mkdir(parents=True, exist_ok=True)
        space = os.statvfs(store.dagster)
    except OSError as error:
        raise StoreError(f"cannot write to {store.root}: {error.strerror}; give another root with --root") from error
    free = space.f_bavail * space.f_frsize
    if free < least_free_bytes:
        raise StoreError(
            f"{store.root} has {free // 1024**2} MB free; at least {least_free_bytes // 1024**2} are needed"
        )
