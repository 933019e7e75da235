"""The benchmark of burned-in writing: lines are counted by kind, and what is published with a line in it is a miss."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from xray_platform.bench import seen_with_text, text, text_cuts, text_spaced
from xray_platform.bench.contract import Inputs
from xray_platform.bench.seen_with_text import digest_of
from xray_platform.progress import silent
from xray_platform.training.subject_split import split_by_subject
from xray_platform.training.writing.fonts import FontSet, find_fonts
from xray_platform.training.writing.name_trial import make_name_trial
from xray_platform.training.writing.trial import Trial, left_readable, make_trial
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
    monkeypatch.setattr(text_cuts, "TRIALS", 4)
    monkeypatch.setattr(text_spaced, "LINES", 2)
    figures = text.measure(silent, Inputs(folder, (folder,)))
    places = [figures.get(f"{where}: lines", 0) for where in ("border", "across the border", "centre")]
    assert sum(int(count) for count in places) == 12
    assert all(0 <= float(value) <= 1 for name, value in figures.items() if name.endswith("share"))
    assert figures["names of two letters beside digits, dates or names: lines"] == 3
    assert figures["names of two letters alone: lines"] == 2
    assert any("ms_of_processor" in name for name in figures)
    by_cut = [value for name, value in figures.items() if name.startswith("cut") and "found whole" in name]
    assert len(by_cut) == len(text_cuts.CUTS)
    assert by_cut == sorted(by_cut, key=float, reverse=True), "a higher bar finds no more"


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


def test_at_a_higher_cut_less_is_taken_for_writing_and_more_real_writing_missed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    held_out = split_by_subject(folder).held_out
    written = held_out[0]
    picture = cv2.imread(str(written), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    cv2.putText(picture, "DOE JANE 1961", (20, 40), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255,), 1, cv2.LINE_AA)
    cv2.imwrite(str(written), picture)
    listed = tmp_path / "list.csv"
    listed.write_text(f"folder,digest\nchests,{digest_of(written.read_bytes())}\n")
    monkeypatch.setattr(seen_with_text, "LIST", listed)
    figures = text_cuts.real_at_cuts("chests", held_out, silent)
    assert figures["chests, with writing as seen by eye: pictures"] == 1
    for cut in text_cuts.CUTS:
        assert figures[f"cut {cut:g}: chests, with writing as seen by eye: missed, share"] == 0
        assert figures[f"cut {cut:g}: chests, without writing as seen by eye: taken for written upon, share"] == 0
    assert text_cuts.real_at_cuts("unknown", held_out, silent) == {}
    monkeypatch.setattr(text_cuts, "verify", lambda _crops: 0.0)
    missed = text_cuts.real_at_cuts("chests", held_out, silent)
    assert missed[f"cut {text_cuts.CUTS[-1]:g}: chests, with writing as seen by eye: missed, share"] == 1


def test_letters_that_stand_apart_are_written_apart_and_counted_by_how_far(
    fonts: FontSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_spaced, "LINES", 3)
    widths: list[float] = []

    def readable(trial: Trial) -> bool:
        long, high = (int(np.ptp(each)) + 1 for each in np.nonzero(trial.ink))
        widths.append(max(long, high) / trial.conditions.signs / trial.conditions.height)
        return len(widths) % 3 == 0

    figures = text_spaced.spaced_apart([chest(1024, 1024)], fonts, readable, silent)
    assert [figures[f"letters {gap:g} heights apart: lines"] for gap in text_spaced.GAPS] == [3, 3, 3]
    shares = [figures[f"letters {gap:g} heights apart: hidden or held back, share"] for gap in text_spaced.GAPS]
    assert shares == pytest.approx([2 / 3] * 3)
    assert np.mean(widths[:3]) + 0.3 < np.mean(widths[3:6]) < np.mean(widths[6:]) - 0.5
