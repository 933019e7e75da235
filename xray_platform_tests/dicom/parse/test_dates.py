"""Dates: moved by whole days, intervals and weekdays kept; ages read, capped and reckoned."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_platform.dicom.parse.dates import (
    age_between,
    cap_age,
    cut_time,
    days_moved,
    in_years,
    move_date,
    move_date_time,
    read_age,
    read_date,
)
from xray_platform.dicom.pseudonym import PseudonymKey

DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
SECRETS = st.binary(min_size=16, max_size=32)


def written(day: date) -> str:
    return f"{day:%Y%m%d}"


@given(DAYS, DAYS, SECRETS, st.text(max_size=12))
def test_two_dates_of_a_patient_keep_their_interval_and_weekdays(
    one: date, other: date, secret: bytes, who: str
) -> None:
    days = days_moved(PseudonymKey(secret).number("date", who))
    assert days % 7 == 0
    assert -572 * 7 < days <= -52 * 7
    moved = [read_date(move_date(written(day), days) or "") for day in (one, other)]
    assert moved[0] is not None
    assert moved[1] is not None
    assert moved[1] - moved[0] == other - one
    assert moved[0].weekday() == one.weekday()
    assert one - moved[0] >= timedelta(days=364)


@given(DAYS, st.integers(-4000, 4000))
def test_a_date_moved_there_and_back_is_the_same(day: date, days: int) -> None:
    there = move_date(written(day), days)
    assert there is not None
    assert move_date(there, -days) == written(day)


@pytest.mark.parametrize("text", ["2015.06.12", "2015-06-12", "2015/06/12", " 20150612 "])
def test_older_ways_to_write_a_date_are_read(text: str) -> None:
    assert move_date(text, -7) == "20150605"


@pytest.mark.parametrize("text", ["", "20151301", "20150230", "2015", "SMITH", "201506121", "00000000"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert move_date(text, -7) is None
    assert read_date(text) is None


def test_a_date_that_leaves_the_calendar_is_none() -> None:
    assert move_date("00010102", -7) is None


@pytest.mark.parametrize(
    ("text", "cut"),
    [("101112.123456", "100000"), ("101112", "100000"), ("1011", "100000"), ("10", "10"), ("10:11:12", "100000")],
)
def test_a_time_is_cut_to_the_hour(text: str, cut: str) -> None:
    assert cut_time(text) == cut


@pytest.mark.parametrize("text", ["", "2460", "250000", "1", "SMITH", "101112.1234567"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert cut_time(text) is None


def test_a_date_time_moves_and_loses_its_zone() -> None:
    assert move_date_time("20150612101112.5+0200", -7) == "20150605100000"
    assert move_date_time("20150612", -7) == "20150605"
    assert move_date_time("2015", -7) is None


@pytest.mark.parametrize(
    ("text", "capped"),
    [
        ("045Y", "045Y"),
        ("45", "045Y"),
        ("90", "090Y"),
        ("104Y", "090Y"),
        ("010M", "010M"),
        ("3W", "003W"),
        ("999M", "999M"),
    ],
)
def test_ages_are_kept_and_capped(text: str, capped: str) -> None:
    assert cap_age(text) == capped


@given(st.integers(0, 999), st.sampled_from("DWMY"))
def test_no_age_above_ninety_years_is_left(number: int, unit: str) -> None:
    age = read_age(cap_age(f"{number:03d}{unit}") or "")
    assert age is not None
    assert in_years(*age) <= 90


@pytest.mark.parametrize("text", ["", "Y", "SMITH", "1000Y", "-4Y"])
def test_what_is_no_age_is_none(text: str) -> None:
    assert cap_age(text) is None


@pytest.mark.parametrize(
    ("birth", "study", "age"),
    [
        ("19610304", "20150303", "053Y"), ("19610304", "20150304", "054Y"), ("20150101", "20150304", "002M"),
        ("20150301", "20150304", "003D"), ("20160101", "20150304", None), ("", "20150304", None),
        ("20130304", "20150303", "023M"),
    ],
)  # fmt: skip
def test_an_age_is_reckoned_from_two_dates(birth: str, study: str, age: str | None) -> None:
    assert age_between(birth, study) == age
