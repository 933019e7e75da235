"""Said table: a CSV that says age, sex and view of many files; what it names must be among those asked for."""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from xray_platform.clinical_columns import COLUMNS, ClinicalFacts
from xray_platform.dicom.intake.csv_lines import csv_lines, few, named_file
from xray_platform.dicom.intake.sources import spelled
from xray_platform.errors import InputError
from xray_platform.serving.listing import files_below
from xray_platform.serving.said_facts import said_facts

FILE = "file"
KNOWN = (FILE, *COLUMNS)


def files_without(starts: Sequence[Path], table: Path) -> list[Path]:
    """Return the files at and below the paths without the table itself, which may lie among them.

    Raises InputError where none is left.
    """
    own = _whole(table)
    files = [file for start in starts for file, _ in files_below(start) if _whole(file) != own]
    if not files:
        raise InputError(f"beside {table} there is no file to judge")
    return files


def read_said(table: Path, starts: Sequence[Path], files: Sequence[Path]) -> dict[Path, ClinicalFacts]:
    """Return by file what a CSV with the columns file, age, sex, view says; any of the three may be missing or empty.

    A file is named by its path from the table's folder, from one of `starts` or from where the command runs, or by its
    name alone where only one of the `files` has it. Raises InputError for a table that cannot be read, an unknown
    column, a value that is not allowed, and names that mean none of the files, several, or one a second time.
    """
    lines = list(csv_lines(table, "table of clinical columns"))
    if not lines:
        raise InputError(f"{table} holds no rows")
    _check_columns(table, lines[0][1])
    names = _Names(table, starts, files)
    said: dict[Path, ClinicalFacts] = {}
    numbers: dict[Path, int] = {}
    lost: list[str] = []
    for number, line in lines:
        name = named_file(line, FILE, table, number)
        meant = names.meant(name, number)
        if meant is None:
            lost.append(name)
        elif meant in said:
            raise InputError(f"{table} names {meant} twice, in lines {numbers[meant]} and {number}; once is allowed")
        else:
            numbers[meant], said[meant] = number, _facts(line, table, number)
    if lost:
        raise InputError(
            f"{table} names {_files(lost)} not among the {len(files)} asked for: {few(lost)}; names are paths from "
            "the table's folder, from a folder that is asked for or from here, or the file's name alone"
        )
    return said


def _files(lost: list[str]) -> str:
    return "a file that is" if len(lost) == 1 else f"{len(lost)} files that are"


def _check_columns(table: Path, columns: Iterable[str]) -> None:
    found = list(columns)
    unknown = [name for name in found if name not in KNOWN]
    if unknown or FILE not in found or len(found) == 1:
        what = f"the unknown column {few(map(repr, unknown))}" if unknown else f"the columns {few(found)} alone"
        raise InputError(f"{table} has {what}; allowed: {FILE}, and of {', '.join(COLUMNS)} one or more")


def _facts(line: dict[str, str], table: Path, number: int) -> ClinicalFacts:
    try:
        return said_facts(line)
    except InputError as error:
        raise InputError(f"{table}, line {number}: {error}") from error


class _Names:
    """Which of the files each name in a table means."""

    def __init__(self, table: Path, starts: Sequence[Path], files: Sequence[Path]) -> None:
        self._table = table
        self._by_path = {_whole(file): file for file in files}
        self._by_name: dict[str, set[str]] = defaultdict(set)
        for path in self._by_path:
            self._by_name[os.path.basename(path)].add(path)  # noqa: PTH119 - of text
        folders = (table.parent, Path(), *starts)
        self._folders = tuple(dict.fromkeys(map(_whole, folders)))

    def meant(self, name: str, number: int) -> Path | None:
        """Return the file that a name means, None if none; InputError where it could mean several."""
        paths = {os.path.normpath(os.path.join(folder, name)) for folder in self._folders}  # noqa: PTH118 - of text
        found = paths & self._by_path.keys() or self._by_name.get(name, set())
        if len(found) > 1:
            raise InputError(
                f"{self._table}, line {number}: {name} could be {few(sorted(found))}; a whole path tells them apart"
            )
        return self._by_path[next(iter(found))] if found else None


def _whole(path: Path) -> str:
    """Return a path from the root on, as text that a table can hold; links are not followed."""
    return spelled(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
