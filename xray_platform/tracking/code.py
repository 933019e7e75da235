"""Code: which version of this package, and which commit of its checkout, made a run."""

import subprocess
from functools import cache
from pathlib import Path

from mlflow.utils.mlflow_tags import MLFLOW_GIT_COMMIT, MLFLOW_SOURCE_NAME, MLFLOW_SOURCE_TYPE

from xray_platform import __version__

CHECKOUT = Path(__file__).resolve().parents[2]


@cache
def code_tags() -> dict[str, str]:
    """Return the tags by which the MLflow UI shows where a run came from; no commit where there is no checkout."""
    tags = {MLFLOW_SOURCE_NAME: f"xray-platform {__version__}", MLFLOW_SOURCE_TYPE: "LOCAL"}
    top = _git("rev-parse", "--show-toplevel")
    commit = _git("rev-parse", "HEAD") if top and Path(top).resolve() == CHECKOUT else ""
    return {**tags, MLFLOW_GIT_COMMIT: commit} if commit else tags


def _git(*arguments: str) -> str:
    """Return what git says, or nothing."""
    try:
        asked = subprocess.run(
            ["git", "-C", CHECKOUT, *arguments], capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""
