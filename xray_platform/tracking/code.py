"""Code: which version of this package, and which commit of its checkout, made a run."""

import subprocess
from functools import cache
from pathlib import Path

from mlflow.utils.mlflow_tags import MLFLOW_GIT_COMMIT, MLFLOW_GIT_DIRTY, MLFLOW_SOURCE_NAME, MLFLOW_SOURCE_TYPE

from xray_platform import __version__

PACKAGE = Path(__file__).resolve().parents[1]
CHANGED = "changed since its commit"


@cache
def commit() -> str | None:
    """Return the commit of the checkout that this process runs; None where it runs from no checkout of its own."""
    top = _git("rev-parse", "--show-toplevel")
    return _git("rev-parse", "HEAD") or None if top and Path(top).resolve() == PACKAGE.parent else None


@cache
def is_changed() -> bool:
    """Tell whether files of the package differ from the commit: then the commit does not say which code ran."""
    return commit() is not None and bool(_git("status", "--porcelain", "--", str(PACKAGE)))


def code_tags() -> dict[str, str]:
    """Return the tags by which the MLflow UI shows where a run came from; no commit where there is no checkout."""
    name = f"xray-platform {__version__}" + (f" ({CHANGED})" if is_changed() else "")
    tags = {MLFLOW_SOURCE_NAME: name, MLFLOW_SOURCE_TYPE: "LOCAL"}
    found = commit()
    return {**tags, MLFLOW_GIT_COMMIT: found, MLFLOW_GIT_DIRTY: str(is_changed()).lower()} if found else tags


def _git(*arguments: str) -> str:
    """Return what git says, or nothing."""
    try:
        asked = subprocess.run(
            ["git", "-C", PACKAGE, *arguments], capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""
