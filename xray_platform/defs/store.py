"""Store resource: tells every asset where the store's root is."""

import os
from pathlib import Path

import dagster as dg
from pydantic import Field

from xray_platform.tables.places import Places

ROOT_VARIABLE = "XRAY_ROOT"


class Store(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The store that a code location works on."""

    root: str = Field(
        "",
        description=f"folder that holds data/ and mlruns/; empty: ${ROOT_VARIABLE}, else where it was started",
    )

    @property
    def places(self) -> Places:
        return Places(root_folder(self.root or None))


def root_folder(given: str | Path | None = None) -> Path:
    """Return the root: as given, else from the environment, else the current folder; always absolute."""
    return Path(given or os.environ.get(ROOT_VARIABLE) or ".").expanduser().resolve()
