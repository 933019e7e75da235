"""Wheel: build it, hold its files against the checkout's, and use it from an empty folder; run as a module.

What it depends on is taken from the environment that this runs in; that all of it is declared is another test's matter.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from xray_platform_tests.house.reference import ROOT

PACKAGE = "xray_platform/"
LOAD = (
    "import sys, xray_platform.definitions as found; "
    "print(len(found.defs.resolve_all_asset_specs()), 'assets from', found.__file__); "
    "sys.exit(not found.__file__.startswith(sys.argv[1]))"
)


def checkout_files() -> list[str]:
    """Return the files of the checkout that git does not ignore."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return [name for name in found if (ROOT / name).is_file()]


def build(folder: Path) -> Path:
    """Return the wheel, built from a copy: setuptools would pack what an older build left in the checkout."""
    for name in checkout_files():
        (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / "source" / name)
    _pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(folder / "source"))
    (wheel,) = folder.glob("*.whl")
    return wheel


def differences(wheel: Path) -> list[str]:
    """Return in words which files the wheel lacks, and which it has that are no part of the package."""
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {name for name in checkout_files() if name.startswith(PACKAGE)}
    return [f"missing: {name}" for name in sorted(expected - packed)] + [
        f"too much: {name}" for name in sorted(packed - expected)
    ]


def use(wheel: Path, folder: Path) -> None:
    """Install the wheel by itself, and run its command and load its definitions from an empty folder."""
    installed, empty = folder / "installed", folder / "empty"
    _pip("install", "--no-deps", "--target", str(installed), str(wheel))
    empty.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XRAY_")}
    for command in ([str(installed / "bin" / "xray"), "--help"], [sys.executable, "-c", LOAD, str(installed)]):
        subprocess.run(command, cwd=empty, env={**kept, "PYTHONPATH": str(installed)}, check=True)


def _pip(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words], check=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        built = build(Path(made))
        if faults := differences(built):
            sys.exit("\n".join(faults))
        use(built, Path(made))
