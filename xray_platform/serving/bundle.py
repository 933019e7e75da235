"""Bundle: a folder with all that is needed to predict for a picture, and proof that nothing in it was changed."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xray_platform.atomic import atomic_path
from xray_platform.clinical_columns import ClinicalColumn
from xray_platform.dicom.standard.standard_job import StandardSettings
from xray_platform.errors import InputError, StoreError
from xray_platform.evaluation.calibration import Calibration
from xray_platform.evaluation.class_judgement import ClassJudgement
from xray_platform.evaluation.threshold import Threshold
from xray_platform.imaging.recipe import Recipe
from xray_platform.serving.made_with import MadeWith
from xray_platform.serving.reference import Reference
from xray_platform.tables.columns import Family

FORMAT = 3
READ = (1, 2, FORMAT)  # 1 had no digest of the facts, 2 no classes
FACTS = "bundle.json"
MODEL, REFERENCE = "model", "reference"
ORIGIN = "pictures"  # of the provenance: the origin of the pictures that it learnt from, if one
MEND = "put it back from a backup, or write it anew (xray run --force --select 'key:<model>_report+')"


class Savable(Protocol):
    """What a fitted detector or a trained network can do: write itself into a folder."""

    def save(self, folder: Path) -> None: ...


class BundleFacts(BaseModel):
    """What a bundle says of its model, without the model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="name of the model, a key of the table of its family")
    family: Family = Field(description="how it learnt: from normals only, from both classes, or of other models")
    standard: StandardSettings = Field(
        default_factory=StandardSettings, description="how the standard images that it learnt from were made"
    )
    recipe: Recipe = Field(description="the recipe that makes its input from a standard image")
    views: tuple[Recipe, ...] = Field(default=(), description="further recipes, which other parts of an ensemble read")
    threshold: Threshold = Field(description="score from which on the verdict is abnormal, its rule and explanation")
    calibration: Calibration = Field(description="how a score becomes a probability")
    classes: ClassJudgement | None = Field(
        default=None, description="of a model that knows several classes: which, and how its outputs become named ones"
    )
    clinical_columns: tuple[ClinicalColumn, ...] = Field(
        default=(),
        exclude_if=lambda columns: not columns,  # so that a bundle without any is what it was, byte for byte
        description="what the model takes beside the picture, as the file states it; unknown where it does not",
    )
    heatmap_scale: float | None = Field(
        default=None, gt=0, description="heat-map value shown in full colour, the same for all pictures; None: not set"
    )
    heatmap_low: float | None = Field(
        default=None, description="heat-map value from which colour begins, the same for all pictures; None: 0"
    )
    made_with: MadeWith | None = Field(default=None, description="the code that computed the scores behind it")
    provenance: dict[str, Any] = Field(default_factory=dict, description="data, settings, versions and runs behind it")

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """The recipe of each view that the model takes."""
        return (self.recipe, *self.views)


class BundleFile(BaseModel):
    """What `bundle.json` holds: the facts, their form and digest, and the SHA-256 of every other file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    facts: BundleFacts
    files: dict[str, str]
    facts_sha256: str | None = None


@dataclass(frozen=True)
class Bundle:
    """An opened bundle, its files found whole. `id` is the SHA-256 of `bundle.json`, and so of all it vouches for."""

    folder: Path
    facts: BundleFacts
    id: str

    @classmethod
    def open(cls, folder: Path, expected: str | None = None) -> "Bundle":
        """Return the bundle in `folder`; StoreError where it is absent, of a foreign format, or any file differs.

        What a bundle says of itself proves only that nothing was damaged by accident. That it is the one that was
        made is proved by `expected`, its id as somebody else has kept it (MLflow does).
        """
        raw = _read(folder / FACTS)
        found = hashlib.sha256(raw).hexdigest()
        if expected is not None and found != expected:
            raise StoreError(f"the bundle {folder} was changed: its digest is {found}, not {expected}; {MEND}")
        written = _understand(raw, folder)
        if written.format > 1 and written.facts_sha256 != _digest_of_facts(raw):
            raise StoreError(f"the bundle {folder} holds a changed {FACTS}; {MEND}")
        _compare(folder, written.files)
        return cls(folder, written.facts, found)

    @property
    def model_folder(self) -> Path:
        """What the detector or the network saved."""
        return self.folder / MODEL

    def reference(self) -> Reference | None:
        """Return what the model learnt from, as it sees it; None of a bundle that was written without."""
        folder = self.folder / REFERENCE
        return Reference.load(folder) if folder.is_dir() else None


def write_bundle(folder: Path, facts: BundleFacts, model: Savable, reference: Reference | None = None) -> Bundle:
    """Write facts, model and reference to `folder` as a whole, in place of what was there, and return the bundle.

    Raises StoreError where the disk does not take it; the old bundle is then still whole.
    """
    with atomic_path(folder) as temporary:
        (temporary / MODEL).mkdir(parents=True)
        model.save(temporary / MODEL)
        if reference is not None:
            reference.save(temporary / REFERENCE)
        written = BundleFile(format=FORMAT, facts=facts, files=hashes(temporary))
        digest = _digest_of_facts(written.model_dump_json().encode())
        (temporary / FACTS).write_text(
            written.model_copy(update={"facts_sha256": digest}).model_dump_json(indent=2), encoding="utf-8"
        )
    return Bundle.open(folder)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"no bundle in {path.parent}: {path.name}: {error.strerror or error}") from error


def _understand(raw: bytes, folder: Path) -> BundleFile:
    try:
        written = BundleFile.model_validate_json(raw)
    except (ValidationError, InputError) as error:
        raise StoreError(f"{folder / FACTS} is no bundle of this version: {_first(error)}") from error
    if written.format not in READ:
        allowed = " and ".join(map(str, READ))
        raise StoreError(f"{folder / FACTS} has the format {written.format}; this version reads {allowed}")
    return written


def _digest_of_facts(raw: bytes) -> str:
    """Digest what the file says, not what this version makes of it, which a later version may make differently."""
    return hashlib.sha256(json.dumps(json.loads(raw)["facts"], sort_keys=True).encode()).hexdigest()


def _first(error: ValidationError | InputError) -> str:
    if isinstance(error, InputError):
        return str(error)
    found = error.errors()[0]
    return f"{'.'.join(str(part) for part in found['loc']) or 'the file'}: {found['msg']}"


def _compare(folder: Path, listed: dict[str, str]) -> None:
    """Raise StoreError unless the folder holds just the listed files with just the listed bytes."""
    found = hashes(folder)
    for words, names in (
        ("lacks", listed.keys() - found.keys()),
        ("holds a file that it does not list,", found.keys() - listed.keys()),
        ("holds a changed", {name for name in listed.keys() & found.keys() if listed[name] != found[name]}),
    ):
        if names:
            raise StoreError(f"the bundle {folder} {words} {min(names)}; {MEND}")


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 by relative name of every file but `bundle.json`; a link is never followed."""
    files = sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return {path.relative_to(folder).as_posix(): _hash(path) for path in files if path != folder / FACTS}


def _hash(path: Path) -> str:
    if path.is_symlink():
        return "link"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
