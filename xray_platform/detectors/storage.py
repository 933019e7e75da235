"""Storage: a detector as a folder of one `detector.json` (settings, facts) and one `arrays.npz`; no pickle."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_platform.errors import StoreError
from xray_platform.settings import Settings

FORM = 1  # of the files; a change that older code cannot read counts it up
CARD, ARRAYS = "detector.json", "arrays.npz"
Arrays = Mapping[str, NDArray[Any]]


def write(folder: Path, name: str, settings: Settings, facts: Mapping[str, Any], arrays: Arrays) -> None:
    """Write a detector named `name` into `folder`; `facts` must fit JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    card = {"form": FORM, "name": name, "settings": settings.model_dump(mode="json"), **facts}
    (folder / CARD).write_text(json.dumps(card, indent=2) + "\n")
    np.savez(folder / ARRAYS, allow_pickle=False, **arrays)


def read(folder: Path, name: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the card and the arrays that `write` wrote.

    Raises `StoreError` where a file is missing, damaged, of another form, or of another detector.
    """
    try:
        card: dict[str, Any] = json.loads((folder / CARD).read_text())
        with np.load(folder / ARRAYS, allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise StoreError(f"the detector in {folder} is missing or damaged: {error}") from error
    if (card.get("form"), card.get("name")) != (FORM, name):
        found = f"{card.get('name')!r} of form {card.get('form')!r}"
        raise StoreError(f"{folder} holds {found}; {name!r} of form {FORM} is wanted")
    return card, arrays
