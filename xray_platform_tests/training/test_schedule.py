"""The learning rate rises to its top, then falls and never rises again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_platform.training.schedule import END, SCHEDULES, one_cycle, warm_up_then_cosine, warm_up_then_steps


@pytest.mark.parametrize("name", SCHEDULES)
@given(steps=st.integers(1, 500), warmup=st.floats(0, 0.99))
def test_up_then_down(name: str, steps: int, warmup: float) -> None:
    rates = [SCHEDULES[name](step, steps, warmup) for step in range(steps + 1)]
    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert 0 < min(rates) <= max(rates) <= 1


def test_it_ends_near_nothing_and_stays_there() -> None:
    assert warm_up_then_cosine(100, 100, 0.1) == pytest.approx(END)
    assert warm_up_then_cosine(200, 100, 0.1) == pytest.approx(END)


def test_without_a_warm_up_it_starts_at_the_top() -> None:
    assert warm_up_then_cosine(0, 100, 0.0) == 1.0


def test_one_cycle_begins_low_and_ends_at_nothing() -> None:
    assert one_cycle(0, 100, 0.3) == pytest.approx(0.04)
    assert one_cycle(30, 100, 0.3) == 1
    assert one_cycle(100, 100, 0.3) == pytest.approx(1e-4)


def test_steps_fall_to_a_tenth_twice() -> None:
    rates = [warm_up_then_steps(step, 100, 0.1) for step in (10, 49, 50, 74, 75, 100)]
    assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])
