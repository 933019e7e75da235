"""The benchmark of burned-in writing: lines are counted by kind, and what is published with a line in it is a miss."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from xray_platform.bench import text
from xray_platform.bench.contract import Inputs
from xray_platform.progress import silent
from xray_platform.training.writing.fonts import FontSet, find_fonts
from xray_platform.training.writing.trial import left_readable, make_trial
from xray_platform_tests.dicom.burned_in.drawing import FONTS, chest


@pytest.fixture
def fonts() -> FontSet:
    return FontSet(find_fonts([FONTS]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "chests"
    made.mkdir()
    for number in range(8):
        cv2.imwrite(str(made / f"{number}.png"), np.roll(chest(256, 256), number, 1))
    rows = "".join(f"{number}.png,subject-{number}\n" for number in range(8))
    (made / "manifest.csv").write_text(f"file,patient\n{rows}")
    return made


def test_it_counts_what_stays_readable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "TRIALS", 12)
    monkeypatch.setattr(text, "PHANTOMS", 1)
    monkeypatch.setattr(text, "LARGE", 256)
    figures = text.measure(silent, Inputs(folder, (folder,)))
    places = [figures.get(f"{where}: lines", 0) for where in ("border", "across the border", "centre")]
    assert sum(int(count) for count in places) == 12
    assert all(0 <= float(value) <= 1 for name, value in figures.items() if name.endswith("share"))
    assert any("ms_of_processor" in name for name in figures)


def test_half_a_line_is_still_readable(fonts: FontSet) -> None:
    trial = next(
        found
        for seed in range(99)
        if (found := make_trial(chest(512, 512), fonts, np.random.default_rng(seed), 12, 20)) is not None
    )
    assert left_readable(trial, np.zeros_like(trial.ink))
    half = trial.ink.copy()
    half[:, : int(np.flatnonzero(trial.ink.any(0)).mean())] = 0
    assert left_readable(trial, half)
    assert not left_readable(trial, trial.ink)
