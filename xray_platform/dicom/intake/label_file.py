"""Label file: read what a person says of the pictures, in either of two forms of CSV."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from xray_platform.dicom.intake.csv_lines import csv_lines, few, named_file
from xray_platform.dicom.intake.label_findings import NORMAL_WORDS, is_abnormal
from xray_platform.dicom.parse.description_vocabulary import view_in
from xray_platform.dicom.parse.patient_id import names_nobody
from xray_platform.errors import InputError
from xray_platform.tables.columns import NAME_OF_ORIGIN

FOUND_BY_ITSELF = ("labels.csv", "metadata.csv")
SPLITS = ("train", "val", "test")
_SPLIT_WORDS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
_FLAGS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_SEXES = {"M": "M", "F": "F", "O": "O", "MALE": "M", "FEMALE": "F", "OTHER": "O"}
MOST_ORIGINS = 50


@dataclass(frozen=True)
class LabelOptions:
    """Which file, and how its columns are called. Labels in `normal` (any case) mean normal, all others abnormal.

    `subject_column` and `split_column` default to `subject` and `split` where the file has them.
    """

    file: Path
    file_column: str = "file"
    label_column: str = "label"
    normal: tuple[str, ...] = NORMAL_WORDS
    subject_column: str | None = None
    split_column: str | None = None


@dataclass(frozen=True)
class LabelRow:
    """What the labels file says of one picture; None where it says nothing."""

    subject_id: str | None = None
    study_id: str | None = None
    label: str | None = None
    abnormal: bool | None = None
    split: str | None = None
    view_position: str | None = None
    age_years: float | None = None
    sex: str | None = None
    origin: str | None = None


def found_labels(source: Path) -> LabelOptions | None:
    """Return the labels file that lies in an ingested folder, or None; a link there is no labels file."""
    try:
        files = [source / name for name in FOUND_BY_ITSELF] if source.is_dir() else []
    except (OSError, ValueError):  # a path that cannot be; listing it says why
        return None
    found = [file for file in files if file.is_file() and not file.is_symlink()]
    if len(found) > 1:
        raise InputError(f"{source} holds both {FOUND_BY_ITSELF[0]} and {FOUND_BY_ITSELF[1]}: say which one to take")
    return LabelOptions(found[0]) if found else None


def read_labels(options: LabelOptions) -> dict[str, LabelRow]:
    """Return what the labels file says, by the name that it gives each file, in its order.

    A subject that names nobody (`UNKNOWN`, `n/a`, `000`) is none, and so is a view that is no known word. Raises
    InputError where the file cannot be read, lacks a column, names a file twice or holds a value that its column does
    not allow; the message names lines and allowed values, and no value of a cell but files.
    """
    lines = list(csv_lines(options.file, "labels file"))
    if not lines:
        raise InputError(f"{options.file} holds no rows")
    read, name_column = _reader(options, lines[0][1].keys())
    rows: dict[str, LabelRow] = {}
    twice: list[str] = []
    for number, line in lines:
        name = named_file(line, name_column, options.file, number)
        if name in rows:
            twice.append(name)
        rows[name] = _row(read, line, options.file, number)
    origins = {row.origin for row in rows.values() if row.origin}
    if len(origins) > MOST_ORIGINS:
        raise InputError(f"{options.file} names {len(origins)} origins; at most {MOST_ORIGINS} archives are allowed")
    if twice:
        raise InputError(f"{options.file} names {len(twice)} files more than once: {few(twice)}")
    return rows


Reader = Callable[[dict[str, str]], LabelRow]


def _reader(options: LabelOptions, columns: Iterable[str]) -> tuple[Reader, str]:
    """Choose the form by the columns: `metadata.csv` names its files in DicomPath."""
    names = set(columns)
    if "DicomPath" in names and options.file_column not in names:
        return _metadata_row, "DicomPath"
    subject = options.subject_column or ("subject" if "subject" in names else None)
    split = options.split_column or ("split" if "split" in names else None)
    wanted = (options.file_column, options.label_column, subject, split)
    missing = [name for name in wanted if name is not None and name not in names]
    if missing:
        raise InputError(
            f"{options.file} has no column {' and no column '.join(missing)}; "
            f"it has {', '.join(sorted(names))} (options name the columns; DicomPath marks the other form)"
        )
    return lambda line: _plain_row(line, options.label_column, options.normal, subject, split), options.file_column


def _row(read: Reader, line: dict[str, str], file: Path, number: int) -> LabelRow:
    try:
        return read(line)
    except ValueError as error:
        raise InputError(f"{file}, line {number}: {error}") from error


def _plain_row(
    line: dict[str, str], label_column: str, normal: tuple[str, ...], subject: str | None, split: str | None
) -> LabelRow:
    label = line[label_column].strip() or None
    return LabelRow(
        subject_id=_somebody(line[subject]) if subject else None,
        label=label,
        abnormal=None if label is None else is_abnormal(label, normal),
        split=_split(line[split]) if split else None,
        origin=_origin(line.get("origin", "")),
    )


def _metadata_row(line: dict[str, str]) -> LabelRow:
    abnormal = _flag(line.get("Abnormal", ""))
    return LabelRow(
        subject_id=_somebody(line.get("PatientID", "")),
        study_id=_somebody(line.get("StudyID", "")),
        label=None if abnormal is None else "abnormal" if abnormal else "normal",
        abnormal=abnormal,
        view_position=view_in(line.get("ViewPosition", "")),
        age_years=_age(line.get("Age", "")),
        sex=_sex(line.get("Sex", "")),
        origin=_origin(line.get("origin", "")),
    )


def _somebody(text: str) -> str | None:
    """Return who is meant, or None where the cell names nobody: else all the unknown would be one subject."""
    return None if names_nobody(text) else text.strip()


def _origin(text: str) -> str | None:
    word = text.strip().casefold()
    if word and not re.fullmatch(NAME_OF_ORIGIN, word):
        raise ValueError("the origin is no name: 1 to 32 letters, digits, - and _ are allowed")
    return word or None


def _split(text: str) -> str | None:
    word = text.strip().casefold()
    if word and word not in _SPLIT_WORDS:
        raise ValueError(f"the split is unknown; {', '.join(SPLITS)} or nothing is allowed")
    return _SPLIT_WORDS.get(word)


def _flag(text: str) -> bool | None:
    word = text.strip().casefold().removesuffix(".0")
    if word and word not in _FLAGS:
        raise ValueError("Abnormal is unknown; 0, 1, true, false, yes, no or nothing is allowed")
    return _FLAGS.get(word)


def _age(text: str) -> float | None:
    word = text.strip().upper().removesuffix("Y")
    try:
        age = float(word) if word else None
    except ValueError:
        age = -1.0
    if age is not None and not 0 <= age <= 150:
        raise ValueError("Age is no number of years from 0 to 150")
    return age


def _sex(text: str) -> str | None:
    word = text.strip().upper()
    if word and word not in _SEXES:
        raise ValueError("Sex is unknown; M, F, O or nothing is allowed")
    return _SEXES.get(word)
