"""Label match: which of the files that were found each name in a labels file means."""

import os
from pathlib import Path

from xray_platform.dicom.intake.label_file import LabelOptions, LabelRow, few, read_labels
from xray_platform.dicom.intake.sources import SourceFile, spelled
from xray_platform.errors import InputError


def match(source: Path, found: list[SourceFile], labels: LabelOptions) -> dict[str, LabelRow]:
    """Return what the labels file says by the relative path of each file that was `found` below a source.

    A name is looked for below the source, then beside the labels file, then as an absolute path, then as the only
    file of that name. Files that exist outside of the source are left alone. Raises InputError for names of nothing,
    and for two names of one file.
    """
    rows = read_labels(labels)
    by_relative = {spelled(file.relative) for file in found}
    by_path = {spelled(str(file.path)): spelled(file.relative) for file in found if file.member is None}
    by_name: dict[str, list[str]] = {}
    for file in found:
        by_name.setdefault(Path(spelled(file.relative)).name, []).append(spelled(file.relative))
    beside = Path(os.path.abspath(labels.file)).parent  # noqa: PTH100 - resolve() would follow links
    said: dict[str, LabelRow] = {}
    given: dict[str, str] = {}
    lost: list[str] = []
    for name, row in rows.items():
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
        if relative in said:
            raise InputError(f"{labels.file} names one file twice: as {given[relative]} and as {name}")
        said[relative], given[relative] = row, name
    if lost:
        raise InputError(
            f"{labels.file} names {len(lost)} files that are not there: {few(lost)}; "
            f"names are paths below {source} or below the folder of the labels file"
        )
    return said


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False
