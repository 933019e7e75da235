"""An alarm stands until somebody has seen to what changed; what is known no longer raises one."""

from collections.abc import Mapping, Sequence

import pandas as pd
import pytest

from xray_platform.evaluation.dataset.drift import DriftSettings
from xray_platform.evaluation.dataset.drift_since import drifts_since
from xray_platform_tests.evaluation.dataset.test_drift import people

SETTINGS = DriftSettings(reference_batches=4)


def batches(shifts: Sequence[float], size: int = 80) -> Mapping[str, pd.DataFrame]:
    """Return the facts of a batch for each shift of the sharpness."""
    made = {f"batch-{number:04d}": people(size, number) for number in range(1, len(shifts) + 1)}
    for facts, shift in zip(made.values(), shifts, strict=True):
        facts["sharpness"] += shift
    return made


def alarms(facts: Mapping[str, pd.DataFrame], known: int | None, settings: DriftSettings = SETTINGS) -> list[int]:
    """Return the numbers of the batches that drifted, where so many of the first ones are known."""
    order = list(facts)
    which = None if known is None else set(order[:known])
    found = drifts_since(order, order, facts.__getitem__, settings, known=which)
    return [place for place, one in enumerate(found, start=1) if one.outcome == "drifted"]


def test_a_change_that_nobody_has_seen_to_stays_an_alarm_however_long_it_goes_on() -> None:
    facts = batches([0] * 5 + [2] * 15)
    assert alarms(facts, 3) == list(range(6, 21))
    assert alarms(facts, None) != list(range(6, 21)), "where nothing says what is known it becomes usual by and by"


@pytest.mark.parametrize("known", [6, 7, 10])
def test_what_is_known_raises_no_alarm_again_though_most_of_what_came_before_is_otherwise(known: int) -> None:
    assert alarms(batches([0] * 5 + [2] * 6), known, DriftSettings()) == [6]


def test_a_second_change_after_one_that_is_known_is_an_alarm_that_stands() -> None:
    assert alarms(batches([0] * 4 + [2] * 4 + [4] * 4), 6) == [5, 9, 10, 11, 12]


def test_what_was_so_before_and_comes_again_is_no_alarm_while_it_is_among_what_is_known() -> None:
    assert alarms(batches([0] * 5 + [2] + [0] * 3), 6, DriftSettings()) == [6]


def test_a_batch_that_drifted_once_does_not_become_usual_and_those_after_it_are_quiet() -> None:
    assert alarms(batches([0] * 5 + [2] + [0] * 5), 3) == [6]


def test_a_slow_change_of_which_each_batch_is_like_the_last_is_an_alarm_in_the_end() -> None:
    slow = batches([0] * 5 + [0.08 * step for step in range(1, 16)], size=60)
    assert alarms(slow, 5, DriftSettings())[-5:] == [16, 17, 18, 19, 20]
    assert not alarms(slow, None, DriftSettings(reference_batches=3)), "each is like the last ones"


def test_where_the_known_ones_are_too_few_later_ones_with_which_nothing_changed_join_them() -> None:
    facts = {**batches([0] * 4 + [2] * 2)}
    facts["batch-0001"] = facts["batch-0001"].head(12)
    assert alarms(facts, 1, DriftSettings()) == [5, 6]


def test_too_few_since_the_change_to_say_anything_leave_the_alarm_as_it_is() -> None:
    facts = {**batches([0] * 5 + [2, 2])}
    facts["batch-0006"] = facts["batch-0006"].head(20)
    order = list(facts)
    found = list(drifts_since(order, order, facts.__getitem__, known=set(order[:6]), changed={"batch-0006"}))
    assert found[5].outcome == "too few"
    assert found[6].outcome == "drifted"


def test_where_nothing_changes_few_batches_raise_an_alarm() -> None:
    raised = total = 0
    for seed in range(8):
        facts = {f"batch-{n:04d}": people(60, 1000 * seed + n) for n in range(1, 21)}
        raised, total = raised + len(alarms(facts, 6, DriftSettings())), total + 19
    assert raised <= 5  # 0.01 promised: five of 152 have a chance of 2 per cent


def test_the_last_batches_alone_are_found_as_all_together_find_them() -> None:
    facts = batches([0] * 5 + [2] * 3 + [0] * 4)
    order = list(facts)
    known = set(order[:6])
    together = list(drifts_since(order, order, facts.__getitem__, known=known))
    for place, batch in enumerate(order):
        (alone,) = drifts_since(order, [batch], facts.__getitem__, known=known)
        assert alone == together[place]
    assert [one.outcome for one in together[5:8]] == ["drifted", "alike", "alike"]
