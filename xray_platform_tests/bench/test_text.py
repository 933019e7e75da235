"""The benchmark of burned-in writing: lines are counted by kind, and what is published with a line in it is a miss."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from xray_platform.bench import seen_with_text, text
from xray_platform.bench.contract import Inputs
from xray_platform.bench.seen_with_text import digest_of
from xray_platform.progress import silent
from xray_platform.training.subject_split import split_by_subject
from xray_platform.training.writing.fonts import FontSet, find_fonts
from xray_platform.training.writing.name_trial import make_name_trial
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
    monkeypatch.setattr(text, "BESIDE", 3)
    monkeypatch.setattr(text, "ALONE", 2)
    monkeypatch.setattr(text, "PHANTOMS", 1)
    monkeypatch.setattr(text, "LARGE", 256)
    figures = text.measure(silent, Inputs(folder, (folder,)))
    places = [figures.get(f"{where}: lines", 0) for where in ("border", "across the border", "centre")]
    assert sum(int(count) for count in places) == 12
    assert all(0 <= float(value) <= 1 for name, value in figures.items() if name.endswith("share"))
    assert figures["names of two letters beside digits, dates or names: lines"] == 3
    assert figures["names of two letters alone: lines"] == 2
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


@pytest.mark.parametrize("alone", [False, True])
def test_a_name_that_is_left_beside_a_hidden_date_is_readable(fonts: FontSet, alone: bool) -> None:
    seeds = (np.random.default_rng(seed) for seed in range(99))
    made = (make_name_trial(chest(512, 512), fonts, rng, 12, 20, alone=alone) for rng in seeds)
    trial = next(trial for trial in made if trial is not None)
    assert trial.left_readable(np.zeros_like(trial.ink))
    assert not trial.left_readable(trial.ink)
    assert trial.left_readable(trial.ink * (1 - trial.name))
    assert np.array_equal(trial.name, trial.ink) is alone
    assert trial.left_readable(trial.name) is not alone


def test_pictures_that_somebody_saw_to_bear_writing_do_not_count_as_bare(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    listed = tmp_path / "list.csv"
    held_out = split_by_subject(folder).held_out
    listed.write_text(f"folder,digest\nchests,{digest_of(held_out[0].read_bytes())}\nother,0\n")
    monkeypatch.setattr(seen_with_text, "LIST", listed)
    figures = text._as_they_are(folder, silent)
    assert figures["chests, without writing as seen by eye: pictures"] == len(held_out) - 1
    assert figures["chests, without writing as seen by eye: held back, share"] == 0
    assert text._as_they_are(tmp_path, silent) == {}


def test_the_list_of_pictures_with_writing_names_each_once() -> None:
    rows = seen_with_text.LIST.read_text().split()[1:]
    assert len(rows) == len(set(rows)) > 400
