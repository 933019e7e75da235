"""Opened store: a store of a benchmark's own, with a key of its own, run in this process."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from xray_platform.defs.graph import definitions
from xray_platform.defs.local_runner import LocalRunner
from xray_platform.defs.store import ROOT_VARIABLE
from xray_platform.dicom.pseudonym import KEY_VARIABLE
from xray_platform.tables.places import Places


@contextmanager
def own_key() -> Iterator[None]:
    """Give the stores a pseudonym key of their own, whatever this machine has."""
    before = os.environ.get(KEY_VARIABLE)
    os.environ[KEY_VARIABLE] = secrets.token_hex(32)
    try:
        yield
    finally:
        if before is None:
            del os.environ[KEY_VARIABLE]
        else:
            os.environ[KEY_VARIABLE] = before


@contextmanager
def open_store(places: Places) -> Iterator[LocalRunner]:
    """Open a store, which is made where there is none, until the end of the block."""
    os.environ[ROOT_VARIABLE] = str(places.root)
    store = LocalRunner(places, definitions())
    try:
        yield store
    finally:
        store.close()
