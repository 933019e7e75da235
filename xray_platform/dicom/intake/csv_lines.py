"""CSV lines: read a list that a person or a spreadsheet wrote, and refuse one that cannot be understood."""

import codecs
import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from xray_platform.errors import InputError

_SHOWN = 5
_LONG = 100
_LONGEST_NAME = 4096
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def csv_lines(file: Path, what: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the number and the cells of each line that is not blank; `what` is what kind of file it should be.

    Raises InputError where the file cannot be read or is no CSV with a header; no message holds a cell's value.
    """
    try:
        if not file.is_file():
            raise InputError(f"there is no {what} {file}")
        with file.open(encoding=_encoding(file), newline="") as stream:
            header = stream.readline()
            stream.seek(0)
            reader = csv.DictReader(stream, delimiter=_separator(header), strict=True)
            _check_header(file, reader.fieldnames)
            for line in reader:
                if any(value for key, value in line.items() if key is not None):
                    yield reader.line_num, _whole(line, file, reader.line_num)
    except UnicodeError as error:
        raise InputError(f"{file} is no UTF-8 text; a {what} is a CSV in UTF-8") from error
    except csv.Error as error:
        raise InputError(f"{file} is no well-formed CSV: {error}") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no name of a file"
        raise InputError(f"cannot read {file}: {reason}") from error


def named_file(line: dict[str, str], column: str, file: Path, number: int) -> str:
    """Return the file that a line names. Raises InputError where it names none, or with very many signs."""
    name = line[column].strip()
    if not name:
        raise InputError(f"{file}, line {number}: the column {column} is empty")
    if len(name) > _LONGEST_NAME:
        raise InputError(f"{file}, line {number}: a name of {len(name)} signs; {_LONGEST_NAME} are allowed")
    return name


def few(names: Iterable[str]) -> str:
    """Return the first names of many, as one text."""
    listed = list(names)
    rest = len(listed) - _SHOWN
    shown = [name if len(name) <= _LONG else f"{name[:_LONG]}…" for name in listed[:_SHOWN]]
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")


def _encoding(file: Path) -> str:
    """Return UTF-8, or UTF-16 where the file begins as spreadsheets begin their Unicode text."""
    with file.open("rb") as stream:
        return "utf-16" if stream.read(2) in _UTF_16 else "utf-8-sig"


def _separator(header: str) -> str:
    """Return what separates cells: a comma; a semicolon or tab where the first line has no comma."""
    return next((sign for sign in ",;\t" if sign in header), ",")


def _check_header(file: Path, names: Iterable[str] | None) -> None:
    listed = list(names or ())
    if not listed:
        raise InputError(f"{file} is empty; its first line must name the columns")
    double = sorted({name for name in listed if listed.count(name) > 1})
    if double:
        raise InputError(f"{file} names a column more than once: {few(double)}")


def _whole(line: dict[str, str], file: Path, number: int) -> dict[str, str]:
    if None in line or None in line.values():
        raise InputError(f"{file}, line {number}: another number of cells than the first line has")
    return line
