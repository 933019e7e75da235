"""Reading happens in children that know no torch; what is wrong with a file becomes words, without its name."""

import subprocess
import sys
from pathlib import Path

import pytest

from xray_platform.imaging.recipe import default_recipe
from xray_platform.serving.model_input import Preparation, Refusal
from xray_platform.serving.reading import ReadingTask, read_file


def test_a_file_that_is_gone_when_its_turn_comes_says_so(tmp_path: Path) -> None:
    refusal = read_file(ReadingTask(tmp_path / "gone.dcm", Preparation((default_recipe(32),))))
    assert refusal == Refusal("cannot be read: No such file or directory")


def test_an_error_without_words_does_not_spell_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "DOE^JANE.dcm").write_bytes(b"x")

    def fails(path: Path) -> bytes:
        raise OSError(f"cannot map {path}")

    monkeypatch.setattr(Path, "read_bytes", fails)
    refusal = read_file(ReadingTask(tmp_path / "DOE^JANE.dcm", Preparation((default_recipe(32),))))
    assert refusal == Refusal("cannot be read: OSError")


def test_a_child_that_reads_does_not_import_torch() -> None:
    program = "import sys, xray_platform.serving.reading; sys.exit('torch' in sys.modules or 'mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
