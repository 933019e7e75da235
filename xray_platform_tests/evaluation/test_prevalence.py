"""Prevalence: predictive values by Bayes' rule, equal to counting, and never narrower than the share they rest on."""

import pytest

from xray_platform.evaluation.bootstrap import Metric
from xray_platform.evaluation.prevalence import PREVALENCES, at_prevalences, predictive_value


def share(value: float, low: float | None = None, high: float | None = None) -> Metric:
    return Metric(name="share", value=value, low=low, high=high)


def test_predictive_values_are_those_of_ten_thousand_counted_pictures() -> None:
    for row in at_prevalences(share(0.8), share(0.95)):
        ill = round(10_000 * row.prevalence)
        found, alarms = 0.8 * ill, 0.05 * (10_000 - ill)
        assert row.ppv.value == pytest.approx(found / (found + alarms))
        assert row.npv.value == pytest.approx((10_000 - ill - alarms) / (10_000 - ill - alarms + 0.2 * ill))


def test_a_worked_example_of_a_rare_disease() -> None:
    """Sensitivity 0.9, specificity 0.91, one in a hundred: about one in eleven alarms is right."""
    assert predictive_value("ppv", 0.9, 0.91, 0.01) == pytest.approx(0.0917, abs=1e-4)


def test_intervals_reach_between_the_ends_and_are_there_without_any_error() -> None:
    rows = at_prevalences(share(1.0, 0.9, 1.0), share(1.0, 0.95, 1.0))
    assert [row.prevalence for row in rows] == list(PREVALENCES)
    assert [row.ppv.value for row in rows] == [1.0] * len(rows)
    lows = [row.ppv.low for row in rows if row.ppv.low is not None]
    assert lows == sorted(lows)
    assert lows[0] == pytest.approx(predictive_value("ppv", 0.9, 0.95, 0.01))


def test_what_cannot_be_computed_is_said() -> None:
    nothing = Metric(name="sensitivity", value=None, reason="there are no abnormal pictures in this part")
    (first, *_) = at_prevalences(nothing, share(0.9))
    assert (first.ppv.value, first.npv.value) == (None, None)
    assert "undefined" in first.ppv.reason
    (never, *_) = at_prevalences(share(0.0), share(1.0))
    assert never.ppv.value is None
    assert never.npv.value == pytest.approx(0.99)
    assert "no interval" in at_prevalences(share(0.5), share(0.5))[0].npv.reason
