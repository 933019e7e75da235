"""Git commit: the commit of the checkout that this process runs; light enough for who needs no MLflow."""

import subprocess
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


@cache
def git_commit() -> str | None:
    """Return the commit of the checkout that this process runs; None where it runs from no checkout of its own."""
    top = _git("rev-parse", "--show-toplevel")
    return _git("rev-parse", "HEAD") or None if top and Path(top).resolve() == PACKAGE.parent else None


@cache
def is_changed() -> bool:
    """Tell whether files of the package differ from the commit: then the commit does not say which code ran."""
    return git_commit() is not None and bool(_git("status", "--porcelain", "--", str(PACKAGE)))


def _git(*arguments: str) -> str:
    """Return what git says, or nothing."""
    try:
        asked = subprocess.run(
            ["git", "-C", PACKAGE, *arguments], capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""
