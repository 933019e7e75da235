"""Provenance: which code and packages made a model."""

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from xray_platform import __version__

PACKAGES = ("dagster", "mlflow", "great-expectations", "numpy", "pandas", "pydicom", "scikit-learn", "torch")
SOURCE = Path(__file__).resolve().parents[1]


def provenance() -> dict[str, Any]:
    """Return the platform's version, the commit it was run from (if it was a checkout), and the packages' versions."""
    return {
        "xray_platform": __version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def _commit() -> str | None:
    """Name the commit; `+changed` where files of the package differ from it."""
    try:
        commit = _git("rev-parse", "HEAD")
        return f"{commit}+changed" if _git("status", "--porcelain", "--", ".") else commit
    except (OSError, subprocess.SubprocessError):
        return None  # installed without its repository


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=SOURCE, capture_output=True, text=True, check=True, timeout=20)
    return done.stdout.strip()
