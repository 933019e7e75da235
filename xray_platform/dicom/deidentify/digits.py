"""Digits: write a number anew with few digits, and tell whether its digits are those of an identifier."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Context, Decimal

SHORTEST, SHORTEST_ELSEWHERE = 5, 6
_HEAD = 6
_LONGEST, _MOST_RUNS = 16, 64
_RUN = re.compile(rb"\d+")
_NOT_DIGIT = re.compile(r"\D")
_ORDERS = ("{y}{m}{d}", "{d}{m}{y}", "{m}{d}{y}", "{y}{d}{m}")


def rounded(text: str, digits: int) -> str:
    """Return a decimal number in plain notation with at most so many significant digits, nothing superfluous.

    >>> rounded("+048.2139770E1", 4), rounded("-0.0", 3), rounded("1200", 2)
    ('482.1', '0', '1200')
    """
    number = Context(prec=digits).create_decimal(Decimal(text))
    plain = format(number, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain in {"", "-0"} else plain


@dataclass
class KnownDigits:
    """The digits of a source's identifiers: of those that name people, and of what else is not carried over.

    Compared are significant digits, so that neither zeros in front, a decimal point, a fraction nor an exponent hides
    a number: from 5 of them on where they name a person or are a date in whatever order, elsewhere from 6 on.
    """

    whole: set[str] = field(default_factory=set)
    heads: set[str] = field(default_factory=set)
    naming: set[str] = field(default_factory=set)

    def note(self, value: bytes, *, naming: bool) -> None:
        """Take up the digits that a value holds: run by run, and where it names people also all in one."""
        runs = [run.decode("ascii") for run in _RUN.findall(value)]
        if naming and 1 < len(runs) <= _MOST_RUNS:
            runs.append("".join(runs))
        for run in runs:
            self._add(run, naming=naming)

    def note_date(self, day: date) -> None:
        """Take up a date in every order in which people write one."""
        year = f"{day.year:04d}"
        for order in _ORDERS:
            for shown in (year, year[2:]):
                self._add(order.format(y=shown, m=f"{day.month:02d}", d=f"{day.day:02d}"), naming=True)

    def _add(self, run: str, *, naming: bool) -> None:
        forms = {form for form in (run, run.lstrip("0"), run.strip("0")) if form}
        least = SHORTEST if naming else SHORTEST_ELSEWHERE
        found = {form for form in forms if len(form) >= least}
        self.whole |= found
        self.naming |= found if naming else set()
        self.heads |= {form[:_HEAD] for form in found if len(form.strip("0")) >= _HEAD and form[0] != "0"}

    def tell(self, texts: Sequence[str]) -> bool:
        """Say whether decimal numbers, one by one or strung together, tell an identifier."""
        if any(self._tells(text) for text in texts):
            return True
        strung = "".join(_digits(text) for text in texts)
        return len(texts) > 1 and not self.naming.isdisjoint(_windows(strung))

    def _tells(self, text: str) -> bool:
        digits = _digits(text)
        forms = {form for form in (digits.strip("0"), digits.lstrip("0"), _integer(text)) if len(form) >= SHORTEST}
        if not self.whole.isdisjoint(forms) or not self.naming.isdisjoint(_windows(digits)):
            return True
        return len(digits.strip("0")) >= _HEAD and digits.lstrip("0")[:_HEAD] in self.heads


def _digits(text: str) -> str:
    """Return the digits of a decimal number without its exponent."""
    return _NOT_DIGIT.sub("", re.split("[eE]", text)[0])


def _integer(text: str) -> str:
    """Return the whole part of a number of ordinary size in plain digits."""
    number = Decimal(text)
    return str(abs(int(number))) if number.adjusted() <= _LONGEST else ""


def _windows(digits: str) -> Iterator[str]:
    """Yield every run of 6 to 16 digits within a row of digits."""
    for length in range(_HEAD, min(_LONGEST, len(digits)) + 1):
        for start in range(len(digits) - length + 1):
            yield digits[start : start + length]


def decimal_texts(numbers: Iterable[float]) -> list[str]:
    """Return binary numbers as decimal texts, whole ones without a point."""
    return [str(int(number)) if float(number).is_integer() else repr(float(number)) for number in numbers]
