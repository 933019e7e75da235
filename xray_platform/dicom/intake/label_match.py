"""Label match: which of the files that were found each name in a list (labels, boxes) means."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from xray_platform.dicom.intake.csv_lines import few
from xray_platform.dicom.intake.label_file import LabelOptions, LabelRow, read_labels
from xray_platform.dicom.intake.sources import SourceFile, spelled
from xray_platform.errors import InputError


@dataclass(frozen=True)
class Matched:
    """The relative path of the file that each name means, and the names of nothing."""

    relative: dict[str, str]
    lost: tuple[str, ...]


def match(source: Path, found: list[SourceFile], labels: LabelOptions) -> dict[str, LabelRow]:
    """Return what the labels file says by the relative path of each file that was `found` below a source.

    Raises InputError for names of nothing, and for two names of one file.
    """
    rows = read_labels(labels)
    matched = match_names(found, labels.file, rows)
    if matched.lost:
        raise names_of_nothing(source, labels.file, matched.lost)
    return {relative: rows[name] for name, relative in matched.relative.items()}


def match_names(found: list[SourceFile], file: Path, names: Collection[str]) -> Matched:
    """Return which of the files that were `found` below a source the names in a list mean.

    A name is looked for below the source, then beside the list, then as an absolute path, then as the only
    file of that name. Files that exist outside of the source are left alone. Raises InputError for two names of one
    file.
    """
    by_relative = {spelled(file.relative) for file in found}
    by_path = {spelled(str(file.path)): spelled(file.relative) for file in found if file.member is None}
    by_name: dict[str, list[str]] = {}
    for each in found:
        by_name.setdefault(Path(spelled(each.relative)).name, []).append(spelled(each.relative))
    beside = Path(os.path.abspath(file)).parent  # noqa: PTH100 - resolve() would follow links
    means: dict[str, str] = {}
    given: dict[str, str] = {}
    lost: list[str] = []
    for name in names:
        path = os.path.normpath(beside / name)
        normal = os.path.normpath(name)
        if normal in by_relative:
            relative = normal
        elif path in by_path:
            relative = by_path[path]
        elif len(by_name.get(normal, ())) == 1:
            relative = by_name[normal][0]
        elif _is_file(path):
            continue
        else:
            lost.append(name)
            continue
        if relative in given:
            raise InputError(f"{file} names one file twice: as {given[relative]} and as {name}")
        means[name], given[relative] = relative, name
    return Matched(means, tuple(lost))


def names_of_nothing(source: Path, file: Path, lost: Collection[str]) -> InputError:
    """Return the error for names in a list that are those of no file."""
    return InputError(
        f"{file} names {len(lost)} files that are not there: {few(lost)}; "
        f"names are paths below {source} or below the folder of the list"
    )


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False
