"""Restorer films: which clean pictures of the Kermany set the restorer learns from."""

from pathlib import Path

import pandas as pd

from xray_platform.errors import InputError

NEEDED = {"file", "patient", "in_durham_set"}


def films_to_learn_from(folder: Path, count: int, seed: int = 0) -> list[Path]:
    """Return `count` pictures of a folder with a `manifest.csv` (file, patient, in_durham_set), drawn by chance.

    Left out are the originals of the damaged pictures that restoring is measured on, and every other picture of the
    same patients. Raises InputError where the manifest is missing or lacks a column.
    """
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        raise InputError(f"{folder} has no manifest.csv")
    films = pd.read_csv(manifest)
    if missing := NEEDED - set(films.columns):
        raise InputError(f"{manifest} lacks {', '.join(sorted(missing))}; needed are {', '.join(sorted(NEEDED))}")
    judged = films.loc[films["in_durham_set"] == 1, "patient"]
    free = films[(films["in_durham_set"] == 0) & ~films["patient"].isin(judged)]
    drawn = free.sample(min(count, len(free)), random_state=seed)
    return [folder / file for file in drawn["file"]]
