"""Reading in serving rounds as storing does, and needs neither a model nor torch."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from xray_platform.imaging import tensors
from xray_platform.imaging.form import SPAN
from xray_platform.imaging.recipe import default_recipe
from xray_platform.serving import reading


def test_what_the_tensors_round_is_rounded_here() -> None:
    assert reading.STORED_AS == tensors.STORED_AS


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_whole_numbers_become_shares_of_white(dtype: str) -> None:
    levels = np.arange(SPAN[dtype] + 1).astype(dtype)
    read = reading._as_read(levels)
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, levels / SPAN[dtype], rtol=1e-6)
    assert (np.diff(read) > 0).all()
    assert (read.min(), read.max()) == (0, 1)


def test_a_file_that_is_gone_when_its_turn_comes_says_so(tmp_path: Path) -> None:
    refusal = reading.read_file(reading.ReadingTask(tmp_path / "gone.dcm", default_recipe(32)))
    assert refusal == reading.Refusal("cannot be read: No such file or directory")


def test_a_child_that_reads_does_not_import_torch() -> None:
    program = "import sys, xray_platform.serving.reading; sys.exit('torch' in sys.modules or 'mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
