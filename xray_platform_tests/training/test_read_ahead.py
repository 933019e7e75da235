"""Reading ahead keeps the order, has a bounded number of things in hand, and 0 threads means the thread that asks."""

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_platform.training.read_ahead import read_ahead


@given(st.integers(0, 20), st.integers(0, 5))
def test_all_come_in_their_order(count: int, workers: int) -> None:
    assert list(read_ahead(lambda each: each * 2, range(count), workers)) == [each * 2 for each in range(count)]


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_no_more_is_asked_for_than_threads_read_ahead(workers: int) -> None:
    asked: list[int] = []

    def wanted() -> Iterator[int]:
        for each in range(10):
            asked.append(each)
            yield each

    for taken, _ in enumerate(read_ahead(lambda each: each, wanted(), workers), start=1):
        assert len(asked) == min(taken + workers, 10)


def test_none_reads_in_the_thread_that_asks_and_others_on_their_own() -> None:
    def thread(_: int) -> int:
        return threading.get_ident()

    assert set(read_ahead(thread, range(3), 0)) == {threading.get_ident()}
    assert threading.get_ident() not in set(read_ahead(thread, range(3), 2))


@pytest.mark.parametrize("workers", [0, 2])
def test_what_cannot_be_read_is_said_when_its_turn_comes(workers: int) -> None:
    reading = read_ahead(lambda each: 1 // (2 - each), range(4), workers)
    assert [next(reading), next(reading)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(reading)


def test_the_waiting_is_told() -> None:
    seconds: list[float] = []
    list(read_ahead(lambda each: each, range(4), 2, seconds.append))
    assert len(seconds) == 4
    assert min(seconds) >= 0
