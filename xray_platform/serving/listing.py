"""Listing: the files below what a user named; light enough to be asked before any model is loaded."""

from collections.abc import Sequence
from pathlib import Path

from xray_platform.errors import InputError


def check_paths(paths: Sequence[Path]) -> None:
    """Raise InputError for a path that leads nowhere, or below which there is no file."""
    for path in paths:
        for _, reason in files_below(path):
            if reason:
                raise InputError(f"{path}: {reason}")
            break


def files_below(start: Path) -> list[tuple[Path, str]]:
    """Return the files at or below a path in order, each with why it cannot be read, or nothing; hidden ones are not.

    A path that leads nowhere and a folder without a file are returned themselves, with the reason.
    """
    try:
        if start.is_file():
            return [(start, "")]
        if not start.is_dir():
            return [(start, "there is no such file or folder")]
    except (OSError, ValueError):  # a name that no file can have
        return [(start, "there is no such file or folder")]
    files = sorted(path for path in start.rglob("*") if path.is_file() and not _hidden(path.relative_to(start)))
    return [(path, "") for path in files] or [(start, "the folder holds no file")]


def _hidden(relative: Path) -> bool:
    return any(part.startswith(".") for part in relative.parts)
