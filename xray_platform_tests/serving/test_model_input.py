"""Reading in serving rounds as storing does, and needs neither a model nor torch."""

import subprocess
import sys
from pathlib import Path

from xray_platform.imaging.recipe import default_recipe
from xray_platform.serving import model_input


def test_a_file_that_is_gone_when_its_turn_comes_says_so(tmp_path: Path) -> None:
    refusal = model_input.read_file(model_input.ReadingTask(tmp_path / "gone.dcm", default_recipe(32)))
    assert refusal == model_input.Refusal("cannot be read: No such file or directory")


def test_a_child_that_reads_does_not_import_torch() -> None:
    program = (
        "import sys, xray_platform.serving.model_input; sys.exit('torch' in sys.modules or 'mlflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
