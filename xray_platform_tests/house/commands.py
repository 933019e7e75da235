"""Commands: run those that README and guides show, as they stand, on a small archive in a store of its own."""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2

from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform_tests.house.reference import ROOT
from xray_platform_tests.imaging.repair.chest import chest, noisy, painted

DOCUMENTS = ("README.md", "docs/guides/first_archive.md", "docs/guides/*.md")
IMAGES = 40
SERVERS = {"serve", "ui", "receive"}
SECONDS_SERVED = 30
STANDS_FOR = {
    "ARCHIVE": "archive",
    "labels.csv": "archive/labels.csv",
    "NEW_IMAGES": "archive/EXPORT",
    "DAMAGED": "damaged",
    "RESTORED": "restored",
    "EXPORTED": "exported",
}


def documents() -> list[Path]:
    """Return README and guides, in the order in which one reads them."""
    return list(dict.fromkeys(file for pattern in DOCUMENTS for file in sorted(ROOT.glob(pattern))))


def shown(text: str) -> list[str]:
    """Return the `xray` commands of a page's console blocks, without remark and without the file they print into."""
    blocks = [part.split("```")[0] for part in text.split("```console")[1:]]
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("$ xray ")]
    return [re.split(r" > |\s+#", line.removeprefix("$ "))[0].strip() for line in lines]


def each_once(files: Iterable[Path]) -> list[list[str]]:
    """Return the commands of all files, each once, with what their words stand for."""
    commands = dict.fromkeys(command for file in files for command in shown(file.read_text(encoding="utf-8")))
    return [[STANDS_FOR.get(word, word) for word in shlex.split(command)] for command in commands]


def write_files(store: Path, files: Iterable[Path]) -> None:
    """Write what the files show for a store's own files, each a YAML block that begins with its path, into a store."""
    for file in files:
        for path, text in re.findall(
            r"```yaml\n(?=# (recipes/\w+\.yaml|dataset\.yaml)\n)(.*?)```", file.read_text("utf-8"), re.DOTALL
        ):
            (store / path).parent.mkdir(parents=True, exist_ok=True)
            (store / path).write_text(text, encoding="utf-8")


def run_all(folder: Path, commands: Sequence[Sequence[str]]) -> None:
    """Run them one after the other; the first that fails ends it."""
    settings = ArchiveSettings(pictures=IMAGES, side=256, difficulty=0.5, broken=False)
    write_archive(folder / "archive", settings)
    (folder / "damaged").mkdir()
    cv2.imwrite(str(folder / "damaged" / "chest.png"), noisy(painted(chest()), 20, seed=0)[..., ::-1])
    write_files(folder / "store", documents())
    environment = {**os.environ, "XRAY_ROOT": str(folder / "store"), "XRAY_KEY_FILE": str(folder / "pseudonym.key")}
    for words in commands:
        print("$", *words, flush=True)  # noqa: T201 - what the checks show
        program = str(Path(sys.executable).parent / words[0])
        if words[1] in SERVERS:
            serve_for_a_while([program, *words[1:]], folder, environment)
        else:
            subprocess.run([program, *words[1:]], cwd=folder, env=environment, check=True)


def serve_for_a_while(command: Sequence[str], folder: Path, environment: dict[str, str]) -> None:
    """Start what runs until somebody ends it, see that it goes on, and end it as a supervisor does."""
    with subprocess.Popen(command, cwd=folder, env=environment) as server:
        try:
            code = server.wait(SECONDS_SERVED)
        except subprocess.TimeoutExpired:
            server.terminate()
            return
    raise subprocess.CalledProcessError(code, list(command))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        run_all(Path(made), each_once(documents()))
