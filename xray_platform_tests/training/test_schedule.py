"""The learning rate rises to its top, then falls and never rises again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_platform.training.schedule import END, warm_up_then_cosine


@given(st.integers(1, 500), st.floats(0, 0.99))
def test_up_then_down(steps: int, warmup: float) -> None:
    rates = [warm_up_then_cosine(step, steps, warmup) for step in range(steps + 1)]
    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert 0 < min(rates) <= max(rates) <= 1


def test_it_ends_near_nothing_and_stays_there() -> None:
    assert warm_up_then_cosine(100, 100, 0.1) == pytest.approx(END)
    assert warm_up_then_cosine(200, 100, 0.1) == pytest.approx(END)


def test_without_a_warm_up_it_starts_at_the_top() -> None:
    assert warm_up_then_cosine(0, 100, 0.0) == 1.0
