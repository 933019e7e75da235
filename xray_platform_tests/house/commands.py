"""Commands: run those that the README shows to a user, as they stand, on a small archive in a store of its own."""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2

from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform_tests.house.readme import README
from xray_platform_tests.imaging.repair.chest import chest, noisy, painted

PICTURES = 40
STANDS_FOR = {
    "ARCHIVE": "archive",
    "labels.csv": "archive/labels.csv",
    "NEW_PICTURES": "archive/EXPORT",
    "DAMAGED": "damaged",
    "RESTORED": "restored",
}


def shown(text: str) -> list[str]:
    """Return the `xray` commands of the README's console blocks."""
    blocks = [part.split("```")[0] for part in text.split("```console")[1:]]
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("$ xray ")]
    return [line.removeprefix("$ ").split("  #")[0].strip() for line in lines]


def run_all(folder: Path) -> None:
    """Run them one after the other; the first that fails ends it."""
    settings = ArchiveSettings(pictures=PICTURES, side=256, difficulty=0.5, broken=False)
    write_archive(folder / "archive", settings)
    (folder / "damaged").mkdir()
    cv2.imwrite(str(folder / "damaged" / "chest.png"), noisy(painted(chest()), 20, seed=0)[..., ::-1])
    environment = {**os.environ, "XRAY_ROOT": str(folder / "store"), "XRAY_KEY_FILE": str(folder / "pseudonym.key")}
    for command in shown(README.read_text(encoding="utf-8")):
        words = [STANDS_FOR.get(word, word) for word in shlex.split(command)]
        print("$", *words, flush=True)  # noqa: T201 - what the checks show
        program = str(Path(sys.executable).parent / words[0])
        subprocess.run([program, *words[1:]], cwd=folder, env=environment, check=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        run_all(Path(made))
