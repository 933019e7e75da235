"""Erase images: take a person out of what was made of pictures, so that what is made of others stays as it was."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from xray_platform.atomic import atomic_write
from xray_platform.dicom.standard.standard_images import settings_of, standardise_batch
from xray_platform.errors import StoreError
from xray_platform.imaging.store.tensors import read_recipe, tensorise_batch
from xray_platform.keeping.person import Person, replaced
from xray_platform.keeping.renewed_manifests import renew
from xray_platform.tables.all import ALL, PATCHES, STANDARD_IMAGES, TENSORS
from xray_platform.tables.column import Column
from xray_platform.tables.layouts import standard_settings_file, tensor_array
from xray_platform.tables.places import Places
from xray_platform.tables.table import Table

_MADE_WITH_ARRAYS = (STANDARD_IMAGES, TENSORS, PATCHES)


def erase_published(places: Places, person: Person) -> None:
    """Remove the person's published files, patches and reasons of refusal; others' reasons name the person no more."""
    named = [places.rejected / f"{image}.txt" for image in person.images]
    cut = [path for path in _files(places.patches) if path.name.partition("-")[0] in person.images]
    gone = [*(places.processed / file for file in person.published), *named, *cut]
    for path in gone:
        path.unlink(missing_ok=True)
        for folder in (path.parent, path.parent.parent):
            if folder != places.processed and folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
    renew(places, list(_reworded(places, person)), gone)


def _reworded(places: Places, person: Person) -> Iterator[Path]:
    for path in _files(places.rejected):
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        if (said := replaced(person, text)) != text:
            atomic_write(path, said.encode("utf-8", "surrogateescape"))
            yield path


def erase_rows(places: Places, person: Person) -> None:
    """Take the person's rows out of every part of every table; texts of other rows name the person no more."""
    for table in (table for table in ALL if table not in _MADE_WITH_ARRAYS):
        for part in table.parts(places):
            frame = _without(table, _read(table, places, part), person)
            if frame is not None:
                table.write(places, frame, part)


def erase_arrays(places: Places, person: Person) -> None:
    """Make the arrays of the person's batches anew without the person, each with the settings that it was made with.

    Standard images and tensors of others come out bit for bit as they were. Raises StoreError where one of theirs is
    damaged.
    """
    for batch in STANDARD_IMAGES.parts(places):
        frame = _read(STANDARD_IMAGES, places, batch)
        if _speaks(frame, person):
            there = standard_settings_file(places, batch).is_file()  # a backup may have left them out
            made = standardise_batch(places, batch, settings_of(places, [batch])) if there else None
            STANDARD_IMAGES.write(places, _others(frame, person) if made is None else made, batch)
    for part in TENSORS.parts(places):
        rows = _read(TENSORS, places, part)
        if _speaks(rows, person):
            batch, recipe = str(rows["batch"].iloc[0]), str(rows["recipe"].iloc[0])
            there = tensor_array(places, recipe, batch).is_dir()
            made = tensorise_batch(places, batch, read_recipe(places, recipe)) if there else None
            left = _others(rows, person).assign(row=lambda frame: range(len(frame)))
            TENSORS.write(places, TENSORS.typed(left) if made is None else made, part)
    rows_now = {(one.image, one.recipe): one.row for one in TENSORS.read(places).itertuples()}
    for part in PATCHES.parts(places):
        cut = _without(PATCHES, _read(PATCHES, places, part), person)
        if cut is not None:
            row = [rows_now[name] for name in zip(cut["image"], cut["recipe"], strict=True)]
            PATCHES.write(places, PATCHES.typed(cut.assign(row=np.array(row, np.int64))), part)


def _read(table: Table, places: Places, part: str) -> pd.DataFrame:
    try:
        return table.read(places, part)
    except StoreError as error:
        raise StoreError(f"{error} (before a person is forgotten, damage is mended: `xray run --deep`)") from error


def _without(table: Table, frame: pd.DataFrame, person: Person) -> pd.DataFrame | None:
    """Return a part without the person; None where it does not speak of the person."""
    left = _others(frame, person)
    texts = [column.name for column in table.columns if _is_prose(column) and column.name in left]
    reworded = left.assign(**{name: left[name].map(lambda text: _said(person, text)) for name in texts})
    if len(left) == len(frame) and reworded.astype("object").equals(left.astype("object")):
        return None
    return table.typed(reworded)


def _is_prose(column: Column) -> bool:
    return column.kind == "text" and column.pattern is None and not column.allowed and not column.identifying


def _said(person: Person, text: object) -> object:
    return replaced(person, text) if isinstance(text, str) else text


def _others(frame: pd.DataFrame, person: Person) -> pd.DataFrame:
    return frame[~_rows_of(frame, person)].reset_index(drop=True)


def _speaks(frame: pd.DataFrame, person: Person) -> bool:
    return bool(_rows_of(frame, person).any())


def _rows_of(frame: pd.DataFrame, person: Person) -> "pd.Series[bool]":
    found = pd.Series(False, index=frame.index)
    wanted = {"image": person.images, "sha256": set(person.hashes), "subject": set(person.subjects)}
    for name, values in wanted.items():
        if name in frame:
            found |= frame[name].isin(values).fillna(False).astype(bool)
    if {"batch", "source"} <= set(frame.columns):
        files = set(person.files)
        pairs = [pair in files for pair in zip(frame["batch"], frame["source"], strict=True)]
        found |= pd.Series(pairs, index=frame.index, dtype=bool)
    return found


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file()) if folder.is_dir() else iter(())
