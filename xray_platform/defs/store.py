"""Store resource: tells every asset where the store's root is."""

import os
from functools import cache
from pathlib import Path

import dagster as dg
from pydantic import Field

from xray_platform.object_store.bucket import is_url
from xray_platform.object_store.working_copy import WorkingCopy
from xray_platform.tables.places import Places

ROOT_VARIABLE = "XRAY_ROOT"


class Store(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The store that a code location works on."""

    root: str = Field(
        "",
        description=f"folder that holds data/ and mlruns/, or s3://BUCKET/PREFIX; empty: ${ROOT_VARIABLE}, "
        "else where it was started",
    )

    @property
    def places(self) -> Places:
        return Places(root_folder(self.root or None))


def root_folder(given: str | Path | None = None) -> Path:
    """Return the root: as given, else from the environment, else the current folder; always absolute.

    Of a store in object storage it is the working copy on this machine. Raises StoreError where that cannot be made.
    """
    root = str(given or os.environ.get(ROOT_VARIABLE) or ".")
    return _copied(root) if is_url(root) else Path(root).expanduser().resolve()


@cache
def _copied(url: str) -> Path:
    """Return the working copy of a store in object storage, as the store was when this process first asked."""
    copy = WorkingCopy.open(url)
    copy.bring_up(whole=False)
    return copy.folder
