"""Two simulated years: each change begins in its month, wrong labels are put right, and what was seen is counted."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from xray_platform.bench.simulated_years import MONTHS, NEW_DEVICE, NEW_TONE, WRONG_LABELS, Month, confuse, correct
from xray_platform.bench.years import MonthSeen, figures_of
from xray_platform.bench.years_figure import draw_years
from xray_platform.errors import InputError
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.phantoms.vendors import VENDORS

NEWEST = list(VENDORS)[-1]


def test_each_change_begins_in_its_month_and_stays() -> None:
    months = [Month(number).settings for number in range(1, MONTHS + 1)]
    assert [NEWEST in one.vendors for one in months] == [number >= NEW_DEVICE for number in range(1, MONTHS + 1)]
    assert [one.window_shift > 0 for one in months] == [number >= NEW_TONE for number in range(1, MONTHS + 1)]
    shares = [one.abnormal_share for one in months]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.4, 0.7)
    assert len({one.seed for one in months}) == MONTHS


def test_labels_are_confused_and_put_right(tmp_path: Path) -> None:
    write_archive(tmp_path / "month", ArchiveSettings(pictures=8, side=64, broken=False), workers=1)
    labels = tmp_path / "month" / "labels.csv"
    before = labels.read_text()
    confuse(labels)
    first, second = (list(csv.DictReader(text.splitlines())) for text in (before, labels.read_text()))
    assert [one["label"] == "normal" for one in first[::2]] == [one["label"] != "normal" for one in second[::2]]
    assert first[1::2] == second[1::2]
    correct(labels)
    assert labels.read_text() == before
    assert WRONG_LABELS < MONTHS


def test_an_archive_of_one_maker_and_another_tone_and_a_maker_that_there_is_not(tmp_path: Path) -> None:
    write_archive(
        tmp_path / "own",
        ArchiveSettings(pictures=6, side=64, broken=False, vendors=(NEWEST,), window_shift=0.2),
        workers=1,
    )
    data = [path.read_bytes() for path in (tmp_path / "own").rglob("*.dcm")]
    assert data
    assert all(NEWEST.encode() in one for one in data)
    with pytest.raises(InputError, match="there is no maker 'Nobody'"):
        write_archive(tmp_path / "none", ArchiveSettings(pictures=2, side=64, vendors=("Nobody",)), workers=1)


def test_what_was_seen_is_counted_and_drawn() -> None:
    seen = [
        MonthSeen(
            number,
            drifted=("Tone: median 3, was 2",) if number in (7, 12) else (),
            losses=("sensitivity 40 %",) if number == WRONG_LABELS else (),
            retrained="schedule" if number == 6 else "",
            decisions=("promoted",) if number == 6 else ("kept",) if number == 7 else (),
            confirmed=number == 7,
            right=(0.9, 0.8),
        )
        for number in range(1, MONTHS + 1)
    ]
    figures = figures_of(seen)
    assert figures[f"new device in month {NEW_DEVICE}, noticed in month"] == 7
    assert figures[f"tone changes in month {NEW_TONE}, noticed in month"] == "not noticed"
    assert figures[f"wrong labels in month {WRONG_LABELS}, noticed in month"] == WRONG_LABELS
    assert figures["other months in which something was noticed"] == "12"
    assert figures["champion confirmed by a person in months"] == "7"
    assert figures["months with an alarm"] == 3
    assert [name for name in figures if name.startswith("noticed in month")] == [
        f"noticed in month {number}" for number in (7, 12, WRONG_LABELS)
    ]
    assert (figures["models promoted"], figures["models kept"], figures["models refused"]) == (1, 1, 0)
    picture = cv2.imdecode(np.frombuffer(draw_years(seen), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    assert picture.std() > 10
