"""Labels that come later say whether the model in use still does what it did; chance raises few alarms."""

import numpy as np
import pandas as pd
import pytest

from xray_platform.evaluation.performance import PerformanceSettings, performance_chart


def months(rng: np.random.Generator, sensitivities: list[float], subjects: int = 60) -> tuple[pd.DataFrame, list[str]]:
    """Batches of labelled pictures, half of them abnormal, so many of them found; 90 % of the normal are right."""
    parts = []
    for number, sensitivity in enumerate(sensitivities):
        abnormal = np.arange(subjects) % 2 == 0
        right = rng.random(subjects) < np.where(abnormal, sensitivity, 0.9)
        names = [f"{number:03d}-{one:03d}" for one in range(subjects)]
        verdict = np.where(abnormal == right, "abnormal", "normal")
        parts.append(
            pd.DataFrame(
                {
                    "image": names,
                    "subject": names,
                    "batch": f"batch-{number:04d}",
                    "abnormal": abnormal,
                    "verdict": verdict,
                }
            )
        )
    return pd.concat(parts, ignore_index=True), [f"batch-{number:04d}" for number in range(len(sensitivities))]


def test_a_model_that_no_longer_finds_what_it_found_is_noticed_in_the_month_when_it_begins() -> None:
    rows, order = months(np.random.default_rng(1), [0.9] * 8 + [0.5] * 3)
    alarms = [(point.batch, point.measure) for point in performance_chart(rows, order) if point.alarm]
    assert alarms == [(f"batch-{number:04d}", "sensitivity") for number in (8, 9, 10)]
    (point,) = [one for one in performance_chart(rows, order) if one.batch == order[8] and one.measure == "sensitivity"]
    assert "below the limit of" in point.said


@pytest.mark.parametrize("subjects", [20, 60, 200])
def test_where_nothing_changes_as_few_batches_as_promised_raise_an_alarm(subjects: int) -> None:
    rng, alarms, batches = np.random.default_rng(2), 0, 0
    for _ in range(20):
        rows, order = months(rng, [0.85] * 40, subjects)
        raised = {point.batch for point in performance_chart(rows, order) if point.alarm}
        alarms, batches = alarms + len(raised), batches + 40
    assert alarms / batches <= 0.01 + 1.645 * np.sqrt(0.01 * 0.99 / batches)


def test_the_first_batches_are_held_against_nothing_and_pictures_of_one_subject_count_once() -> None:
    rows, order = months(np.random.default_rng(1), [0.9, 0.9], 20)
    points = performance_chart(rows, order)
    assert [point.expected is None for point in points] == [True, True, True, True]
    assert "nothing to hold it against" in points[0].said
    twice = pd.concat([rows, rows.assign(image=rows["image"] + "b")])
    assert performance_chart(twice, order) == points
    assert performance_chart(rows.head(0), order) == ()


def test_a_batch_with_an_alarm_does_not_become_what_is_usual() -> None:
    rows, order = months(np.random.default_rng(3), [0.9] * 5 + [0.4] * 30)
    last = [point for point in performance_chart(rows, order) if point.measure == "sensitivity"][-1]
    assert last.alarm
    assert (last.expected or 0) > 0.8
    few = PerformanceSettings(performance_fewest=100_000)
    assert not any(point.alarm for point in performance_chart(rows, order, few))
