"""Dates: read DICOM's dates and ages, move dates by whole days, and cap ages (PS3.5 section 6.2)."""

import re
from datetime import date, timedelta

OLDEST = 90
LEAST_WEEKS, WEEKS = 52, 520
_DATE = re.compile(r"(\d{4})[.:\-/]?(\d\d)[.:\-/]?(\d\d)")
_TIME = re.compile(r"(\d\d)(?::?(\d\d)(?::?(\d\d)(\.\d{1,6})?)?)?")
_DATE_TIME = re.compile(r"(\d{8})(\d{0,6}(?:\.\d{1,6})?)(?:[+-]\d{4})?")
_AGE = re.compile(r"(\d{1,3})([DWMY]?)")
_YEARS_PER = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0, "": 1.0}


def read_date(text: str) -> date | None:
    """Return a date from `YYYYMMDD` or the older `YYYY.MM.DD`; None where the text is no date."""
    found = _DATE.fullmatch(text.strip())
    if not found:
        return None
    try:
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        return None


def days_moved(number: int) -> int:
    """Return by how many days a subject's dates move, from a number of its own: whole weeks, 52 to 571, into the past.

    Whole weeks keep the weekday; at least one year is between a true date and its moved one.
    """
    return -7 * (LEAST_WEEKS + number % WEEKS)


def move_date(text: str, days: int) -> str | None:
    """Return the date moved by `days` as `YYYYMMDD`; None where the text is no date or leaves the calendar."""
    day = read_date(text)
    if day is None:
        return None
    try:
        moved = day + timedelta(days=days)
    except OverflowError:
        return None
    return f"{moved.year:04d}{moved.month:02d}{moved.day:02d}"


def near(text: str, day: date | None, days: int) -> bool:
    """Say whether a date lies at most so many days from `day`; where there is no such day, every date does."""
    found = read_date(text)
    return found is not None and (day is None or abs((found - day).days) <= days)


def move_date_time(text: str, days: int) -> str | None:
    """Return a DICOM date-time moved by `days` and cut to the hour, without its offset from UTC; None for others."""
    found = _DATE_TIME.fullmatch(text.strip())
    moved = move_date(found[1], days) if found else None
    clock = cut_time(found[2]) if found and found[2] else ""
    return None if moved is None or clock is None else moved + clock


def cut_time(text: str) -> str | None:
    """Return a time of day cut to the hour, `HH0000`, or `HH` if it tells no more; None where the text is no time.

    A minute picks one exposure out of a hospital's day, and minutes of one machine in a row tell days apart; an hour
    still tells the shift.
    """
    found = _TIME.fullmatch(text.strip())
    if not found or int(found[1]) > 23 or int(found[2] or 0) > 59 or int(found[3] or 0) > 60:
        return None
    return f"{found[1]}0000" if found[2] else found[1]


def read_age(text: str) -> tuple[int, str] | None:
    """Return number and unit (D, W, M, Y) of an age string; a number without unit counts years."""
    found = _AGE.fullmatch(text.strip().upper())
    return (int(found[1]), found[2] or "Y") if found else None


def cap_age(text: str) -> str | None:
    """Return an age string `nnnX` as PS3.5 wants it, 90 years and above as `090Y`; None where the text is no age."""
    age = read_age(text)
    if age is None:
        return None
    return f"{OLDEST:03d}Y" if in_years(*age) >= OLDEST else f"{age[0]:03d}{age[1]}"


def in_years(number: int, unit: str) -> float:
    """Return an age in years."""
    return number * _YEARS_PER[unit]


def age_at_study(stated: str, birth: str, study: str) -> str | None:
    """Return the age string as stated, else from the dates of birth and study, uncapped; None without either."""
    return stated if read_age(stated) else age_between(birth, study)


def age_between(birth: str, study: str) -> str | None:
    """Return the age string at the study of a person born on `birth`, uncapped; None where either date is none."""
    born, seen = read_date(birth), read_date(study)
    if born is None or seen is None or seen < born:
        return None
    years = seen.year - born.year - ((seen.month, seen.day) < (born.month, born.day))
    months = (seen.year - born.year) * 12 + seen.month - born.month - (seen.day < born.day)
    if years >= 2:
        return f"{min(years, 999):03d}Y"
    return f"{months:03d}M" if months >= 1 else f"{(seen - born).days:03d}D"
