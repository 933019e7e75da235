"""Wording: numbers read well, and none is rounded to a certainty that it is not."""

import pytest

from xray_platform.evaluation.bootstrap import Metric
from xray_platform.evaluation.wording import count, figure, interval, number, percent


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.9512, "95"),
        (1.0, "100"),
        (0.0, "0"),
        (0.9987, "99.9"),
        (0.99987, "over 99.9"),
        (0.0004, "under 0.1"),
        (0.004, "0.4"),
    ],
)
def test_only_all_is_a_hundred_per_cent(value: float, shown: str) -> None:
    assert percent(value) == f"{shown}\u202f%"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "—"),
        ("", "—"),
        (True, "yes"),
        (-0.5, "−0.5"),
        (0.000123456, "0.0001235"),
        (float("nan"), "—"),
        (128, "128"),
        ((1, 2.5), "1, 2.5"),
        ([], "—"),
        ("pca-residual", "pca-residual"),
    ],
)
def test_values_of_any_kind(value: object, shown: str) -> None:
    assert number(value) == shown


def test_figures_and_their_intervals() -> None:
    assert figure(-0.25) == "−0.250"
    assert figure(None) == "—"
    assert interval(Metric(name="auroc", value=0.9, low=0.8512, high=0.9501)) == "0.851–0.950"
    assert interval(Metric(name="mcc", value=0, low=-0.1, high=0.1)) == "−0.100 to 0.100"
    assert interval(Metric(name="mcc", value=0)) == ""


def test_counts_agree_with_their_noun() -> None:
    assert (count(1, "picture"), count(5216, "picture"), count(2, "study", "studies")) == (
        "1 picture",
        "5,216 pictures",
        "2 studies",
    )
