"""Provenance: which code and packages made a model."""

import platform
from importlib.metadata import version
from typing import Any

from xray_platform import __version__
from xray_platform.tracking.git_commit import git_commit, is_changed

PACKAGES = ("dagster", "mlflow", "great-expectations", "numpy", "pandas", "pydicom", "scikit-learn", "torch")


def provenance() -> dict[str, Any]:
    """Return the platform's version, the commit it was run from (if it was a checkout), and the packages' versions.

    A commit ends in `+changed` where files of the package differ from it.
    """
    found = git_commit()
    return {
        "xray_platform": __version__,
        "commit": f"{found}+changed" if found and is_changed() else found,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }
