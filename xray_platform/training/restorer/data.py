"""Data: which clean images of the Kermany set the restorer is trained on."""

from pathlib import Path

import pandas as pd

from xray_platform.errors import InputError

NEEDED = {"file", "patient", "in_durham_set"}


def training_images(folder: Path, count: int, seed: int = 0) -> list[Path]:
    """Return `count` pictures of a folder with a `manifest.csv` (file, patient, in_durham_set), drawn at random.

    Left out are the originals of the damaged pictures that restoring is measured on, and every other picture of the
    same patients. Raises InputError where the manifest is missing or lacks a column.
    """
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        raise InputError(f"{folder} has no manifest.csv")
    images = pd.read_csv(manifest)
    if missing := NEEDED - set(images.columns):
        raise InputError(f"{manifest} lacks {', '.join(sorted(missing))}; needed are {', '.join(sorted(NEEDED))}")
    held_out = images.loc[images["in_durham_set"] == 1, "patient"]
    free = images[(images["in_durham_set"] == 0) & ~images["patient"].isin(held_out)]
    drawn = free.sample(min(count, len(free)), random_state=seed)
    return [folder / file for file in drawn["file"]]
