"""What a search varies is one line of text: numbers between two, or one of some; anything else is refused."""

from typing import Any

import pytest

from xray_platform.errors import InputError
from xray_platform.training.search_space import Choice, Span, search_space


class Asked:
    """A trial that says what it was asked for."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> Any:
        return ("float", name, low, high, log)

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> Any:
        return ("int", name, low, high, log)

    def suggest_categorical(self, name: str, choices: list[Any]) -> Any:
        return (name, choices)


def test_whole_numbers_stay_whole_and_words_are_choices() -> None:
    space = search_space(
        "rank=2..64 log; rate=1e-4..1e-2 log; gamma=-0.5..0.5; kind=adam|sgd; on=true|false; width=16|24;"
    )
    assert [one.suggest(Asked()) for one in space] == [
        ("int", "rank", 2, 64, True),
        ("float", "rate", 1e-4, 1e-2, True),
        ("float", "gamma", -0.5, 0.5, False),
        ("kind", ["adam", "sgd"]),
        ("on", [True, False]),
        ("width", [16, 24]),
    ]
    assert [one.ends for one in space[:1] + space[3:4]] == [(2, 64), ("adam", "sgd")]
    assert isinstance(space[0], Span)
    assert isinstance(space[-1], Choice)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ";",
        "rank",
        "rank=",
        "rank=3",
        "rank=5..2",
        "rank=a..b",
        "rate=0..1 log",
        "Rank=1..2",
        "a=1|",
        "a=1..2; a=1|2",
    ],
)
def test_anything_else_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(InputError, match="search space"):
        search_space(text)
