"""Erase reports: remove what shows or counts a person one by one, and take the person out of bundles' references.

Weights stay: what a model learnt cannot be taken out of it, so such models are listed, see `models_that_learnt`.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import numpy as np

from xray_platform.atomic import atomic_write
from xray_platform.keeping.person import Person, replaced
from xray_platform.keeping.renewed_manifests import renew
from xray_platform.serving.bundle import FACTS, REFERENCE, hashes
from xray_platform.serving.reference import CARD, Reference
from xray_platform.tables.faults import files_of, manifest_names
from xray_platform.tables.places import Places

REPORTS = "reports/"
_COPY = "report"  # the folder of an MLflow run's artifacts that holds a copy of its report
_SMALL = 1 << 20  # bytes; larger files of a logged model are weights, not words


def erase_reports(places: Places, person: Person) -> None:
    """Remove every report that names the person, and all reports of models where the person was in their data."""
    gone: list[Path] = []
    for name in (name for name in manifest_names(places) if name.startswith(REPORTS)):
        files = [places.data / path for path in files_of(places, name)]
        of_model = name.count("/") > 1 and person.labelled
        if of_model or any(names_person(path, person) for path in files):
            gone += files
    for run in sorted((places.mlruns / "artifacts").glob("*/artifacts")):
        if run.parent.parent.name == "artifacts" and person.labelled:
            shutil.rmtree(run / _COPY, ignore_errors=True)
        for path in (path for path in run.rglob("*") if path.is_file() and names_person(path, person)):
            path.unlink()
    for path in gone:
        path.unlink(missing_ok=True)
    renew(places, [], gone)
    _remove_empty_below(places.reports)
    shutil.rmtree(places.mlruns / "cache", ignore_errors=True)  # copies of a server's files


def names_person(path: Path, person: Person) -> bool:
    """Say whether a file is named by, or has in its bytes, any text that stands for the person alone."""
    if not path.is_file():
        return False
    said = f"{path.name}\n{path.read_bytes().decode('latin-1')}"
    return replaced(person, said) != said


def erase_leftovers(places: Places) -> None:
    """Remove what killed writers left half-done or set aside; a bundle that was just set aside is put back first."""
    for root in (places.data, places.mlruns):
        for path in sorted(root.rglob(".*")) if root.is_dir() else ():
            whole = path.with_name(path.name[1:].split(".")[0])
            if path.suffix == ".old" and (path / FACTS).is_file() and not whole.exists():
                path.rename(whole)
            elif path.suffix in {".part", ".old"}:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def erase_references(places: Places, person: Person, note: Callable[[dict[str, str]], Person]) -> Person:
    """Take the person out of what bundles remember of the images that they learnt from; return what `note` returns.

    A bundle's digest changes by it: `note` is told new digests by old ones before any bundle changes, and the logged
    models' own descriptions are made to say the new one.
    """
    for folder in list(_bundles(places)):
        waiting = folder.with_name(f".{folder.name}.{uuid4().hex}.part")
        try:
            if (made := _without(folder, waiting, person)) is not None:
                person = note({**person.renewed, **made})
                _put(waiting, folder)
                renew(places, *_of_store(places, folder))
        finally:
            shutil.rmtree(waiting, ignore_errors=True)
    for path in (places.mlruns / "artifacts").glob("models/*/artifacts/*"):
        if path.is_file() and path.stat().st_size < _SMALL:
            _say_new(path, person)
    return person


def _bundles(places: Places) -> Iterator[Path]:
    for root in (places.models, places.mlruns):
        yield from (card.parent.parent for card in sorted(root.rglob(f"{REFERENCE}/{CARD}")))


def _without(folder: Path, waiting: Path, person: Person) -> dict[str, str] | None:
    """Write a bundle without the person to `waiting`, and return its new digest by the old one; None: no need."""
    reference = Reference.load(folder / REFERENCE)
    kept = np.array([image not in person.images for image in reference.images], bool)
    if kept.all():
        return None
    shutil.copytree(folder, waiting)
    shutil.rmtree(waiting / REFERENCE)
    if kept.any():
        images = tuple(image for image, keep in zip(reference.images, kept, strict=True) if keep)
        less = replace(
            reference, images=images, abnormal=reference.abnormal[kept], embeddings=reference.embeddings[kept]
        )
        less.save(waiting / REFERENCE)
    before = (folder / FACTS).read_bytes()
    said = json.loads(before)
    said["files"] = hashes(waiting)
    after = json.dumps(said, indent=2).encode()
    (waiting / FACTS).write_bytes(after)
    return {hashlib.sha256(before).hexdigest(): hashlib.sha256(after).hexdigest()}


def _put(waiting: Path, folder: Path) -> None:
    aside = folder.with_name(f".{folder.name}.{uuid4().hex}.old")
    folder.rename(aside)
    waiting.rename(folder)
    shutil.rmtree(aside)


def _of_store(places: Places, folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the recorded files of a bundle that lies below `data`: those to be recorded anew, and those gone."""
    if not folder.is_relative_to(places.data):
        return [], []
    there = [path for path in folder.rglob("*") if path.is_file()]
    gone = [path for name in (REFERENCE,) for path in (folder / name / CARD, folder / name / "reference.safetensors")]
    return there, [path for path in gone if not path.exists()]


def _say_new(path: Path, person: Person) -> None:
    text = path.read_bytes()
    said = text
    for old, new in person.renewed.items():
        said = said.replace(old.encode(), new.encode())
    if said != text:
        atomic_write(path, said)


def _remove_empty_below(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
