"""A challenger wins by more than chance, or it does not win; worse it may be nowhere."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from xray_platform.evaluation import challenger
from xray_platform.evaluation.challenger import alerts, not_worse, superiority


def judged(rng: np.random.Generator, subjects: int, ours: float, theirs: float, *, shared: float = 1.0) -> pd.DataFrame:
    """Pictures of subjects, two each, that two models tell apart so well; `shared`: what they mistake together."""
    abnormal = np.repeat(rng.random(subjects) < 0.5, 2)
    abnormal[:2], abnormal[-2:] = True, False
    common = np.repeat(rng.normal(size=subjects), 2) * shared
    scores = [power * abnormal + common + rng.normal(size=2 * subjects) for power in (ours, theirs)]
    names = [f"sub-{number}" for number in range(subjects) for _ in range(2)]
    return pd.DataFrame(
        {"subject": names, "abnormal": abnormal, "score": scores[0], "champion_score": scores[1]}
    ).rename_axis("image")


@pytest.fixture
def few_swaps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(challenger, "SWAPS", 400)


@pytest.mark.parametrize("subjects", [12, 60])
def test_of_a_thousand_retrainings_without_any_gain_one_in_twenty_is_promoted(subjects: int, few_swaps: None) -> None:
    rng = np.random.default_rng(7)
    won = [superiority(judged(rng, subjects, 1.5, 1.5), 0.005, 0.05).better for _ in range(1000)]
    assert np.mean(won) <= 0.05 + 1.645 * np.sqrt(0.05 * 0.95 / 1000)


def test_nor_where_the_first_of_four_models_is_taken(few_swaps: None) -> None:
    rng, won = np.random.default_rng(8), 0
    for _ in range(300):
        rows = judged(rng, 40, 1.5, 1.5)
        draws = [1.5 * rows["abnormal"] + np.repeat(rng.normal(size=40), 2) + rng.normal(size=80) for _ in range(4)]
        best = max(draws, key=lambda one: float(roc_auc_score(rows["abnormal"], one)))
        won += superiority(rows.assign(score=best), 0.005, 0.05, rivals=4).better
    assert won / 300 <= 0.05 + 1.645 * np.sqrt(0.05 * 0.95 / 300)


def test_by_the_margin_alone_half_of_them_would_be(few_swaps: None) -> None:
    rng = np.random.default_rng(7)
    won = [superiority(judged(rng, 60, 1.5, 1.5), 0.005, 1).better for _ in range(200)]
    assert 0.3 < np.mean(won) < 0.6


def test_a_true_gain_wins_and_both_ways_of_telling_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = judged(np.random.default_rng(1), 300, 2.2, 1.4)
    swapped = superiority(rows, 0.005, 0.05)
    assert swapped.better
    assert "better by the margin of 0.005: an equal model does as well with a chance of 0.0005" in swapped.text
    near = judged(np.random.default_rng(3), 300, 1.5, 1.45)
    by_swaps = superiority(near, -1, 0.05).chance
    monkeypatch.setattr(challenger, "SWAPPED_SUBJECTS", 10)
    assert superiority(rows, 0.005, 0.05).better
    assert superiority(near, -1, 0.05).chance == pytest.approx(by_swaps, abs=0.02)


def test_perfect_against_hopeless_is_better_though_neither_spreads_but_not_with_four_subjects() -> None:
    abnormal = np.arange(16) % 2 == 0
    rows = pd.DataFrame(
        {
            "subject": [f"sub-{number}" for number in range(16)],
            "abnormal": abnormal,
            "score": abnormal.astype(float),
            "champion_score": 1.0 - abnormal,
        }
    )
    assert superiority(rows, 0.005, 0.05).better
    few = superiority(rows.head(4), 0.005, 0.05)
    assert not few.better
    assert "perhaps by luck" in few.text


def test_an_equal_or_worse_one_and_one_class_do_not_win() -> None:
    rows = judged(np.random.default_rng(1), 60, 1.5, 1.5)
    same = superiority(rows.assign(champion_score=rows["score"]), 0.0, 0.05)
    assert (same.better, same.auroc) == (False, same.champion_auroc)
    assert "not better by the margin of 0" in same.text
    assert superiority(rows[rows["abnormal"]], 0.0, 0.05).text == "the validation part lacks a class"


def test_worse_beyond_the_margin_is_refused_and_an_equal_one_of_many_pictures_is_not() -> None:
    rng = np.random.default_rng(2)
    worse = not_worse("test part", judged(rng, 400, 1.0, 2.0), 0.03)
    assert worse.broken
    assert "AUROC is -0." in worse.text
    kept = not_worse("test part", judged(rng, 1000, 1.6, 1.5, shared=0.2), 0.03)
    assert kept.broken is False
    assert not_worse("newest pictures", judged(rng, 20, 1.5, 1.5), 0.03).broken is None


def test_a_worse_one_passes_about_as_seldom_as_promised() -> None:
    """Its AUROC lies below the champion's by just the margin: 5 % pass."""
    rng = np.random.default_rng(5)
    large = judged(rng, 60_000, 1.3, 1.5, shared=0.2)
    gap = superiority(large, -1, 1)
    margin = (gap.champion_auroc or 0) - (gap.auroc or 0)
    passed = [
        not_worse("test part", judged(rng, 200, 1.3, 1.5, shared=0.2), margin).broken is False for _ in range(400)
    ]
    assert np.mean(passed) == pytest.approx(0.05, abs=0.035)


def test_far_more_alarms_are_refused_and_no_label_is_needed() -> None:
    rows = pd.DataFrame({"verdict": ["abnormal"] * 60 + ["normal"] * 60, "champion_verdict": ["normal"] * 120})
    assert alerts(rows, 0.1).broken
    assert alerts(rows.assign(champion_verdict=rows["verdict"]), 0.1).broken is False
    assert alerts(rows.head(5), 0.1).broken is None
