"""Search space: which settings a search varies, and between which values, in one line of text."""

import re
from dataclasses import dataclass
from typing import Any, Protocol

from xray_platform.errors import InputError

_RANGE = re.compile(r"(?P<low>[^\s.]\S*?)\.\.(?P<high>\S+?)(?P<log>\s+log)?")
FORM = "NAME=LOW..HIGH, NAME=LOW..HIGH log, or NAME=A|B|C, with ; between"


class Trial(Protocol):
    """What suggests values (Optuna's trial)."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float: ...

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int: ...

    def suggest_categorical(self, name: str, choices: list[Any]) -> Any: ...


@dataclass(frozen=True)
class Span:
    """Numbers from `low` to `high`, whole ones where both are; with `log` evenly by their logarithm."""

    name: str
    low: float
    high: float
    log: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the greatest value."""
        return (self.low, self.high)

    def suggest(self, trial: Trial) -> Any:
        """Return a value that the trial suggests."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            return trial.suggest_int(self.name, self.low, self.high, log=self.log)
        return trial.suggest_float(self.name, self.low, self.high, log=self.log)


@dataclass(frozen=True)
class Choice:
    """One of some values."""

    name: str
    values: tuple[Any, ...]

    @property
    def ends(self) -> tuple[Any, ...]:
        """All of them."""
        return self.values

    def suggest(self, trial: Trial) -> Any:
        """Return a value that the trial suggests."""
        return trial.suggest_categorical(self.name, list(self.values))


def search_space(text: str) -> list[Span | Choice]:
    """Return what a text says that is varied; InputError where it is not of the form, or names a setting twice.

    >>> search_space("learning_rate=0.0003..0.003 log; width=16|24; epochs=4..12")
    [Span(name='learning_rate', low=0.0003, high=0.003, log=True), Choice(name='width', values=(16, 24)), \
Span(name='epochs', low=4, high=12, log=False)]
    """
    found = [_varied(part.strip()) for part in text.split(";") if part.strip()]
    names = [one.name for one in found]
    if not found or len(names) != len(set(names)):
        raise InputError(f"search space {text!r}: {FORM} is allowed, each name once")
    return found


def _varied(text: str) -> Span | Choice:
    name, equals, values = (part.strip() for part in text.partition("="))
    if not equals or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise InputError(f"search space {text!r}: {FORM} is allowed")
    if span := _RANGE.fullmatch(values):
        low, high = _value(span["low"]), _value(span["high"])
        log = span["log"] is not None
        if not isinstance(low, int | float) or not isinstance(high, int | float) or low >= high or (log and low <= 0):
            raise InputError(f"search space {text!r}: LOW must be a number below HIGH, and above 0 with log")
        return Span(name, low, high, log)
    choices = tuple(_value(one.strip()) for one in values.split("|"))
    if len(choices) < 2 or "" in choices:
        raise InputError(f"search space {text!r}: {FORM} is allowed")
    return Choice(name, choices)


def _value(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text, text)
