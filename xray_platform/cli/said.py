"""Said: what `xray predict` is told of age, sex and view, for all files of a call or by a table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xray_platform.errors import InputError

if TYPE_CHECKING:
    from xray_platform.clinical_columns import ClinicalFacts


def said_of(
    paths: Sequence[Path], of_all: Mapping[str, str | None], table: Path | None
) -> "tuple[Sequence[Path], Mapping[Path, ClinicalFacts]]":
    """Return the paths to judge, without the table where it lies among them, and what is said of each file.

    What the table does not say of a file is as said of all. Raises InputError, see `read_said`.
    """
    if table is None and not any(of_all.values()):
        return paths, {}
    from xray_platform.serving.listing import files_below  # with what follows, not needed for `--help`
    from xray_platform.serving.said_table import files_without, read_said

    facts = _of_all(of_all)
    if table is None:
        return paths, dict.fromkeys((file for start in paths for file, _ in files_below(start)), facts)
    files = files_without(paths, table)
    said = read_said(table, paths, files)
    return files, {file: said[file].or_else(facts) if file in said else facts for file in files}


def _of_all(given: Mapping[str, str | None]) -> "ClinicalFacts":
    from xray_platform.serving.said_facts import said_facts  # see above

    try:
        return said_facts(given)
    except InputError as error:
        raise InputError(f"--{error}") from error  # it begins with the name
