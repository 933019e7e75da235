"""Drift: quiet where nothing changed, loud where something did, silent where there is too little to say."""

import numpy as np
import pandas as pd
import pytest

from xray_platform.evaluation.dataset.distributions import NUMBERS
from xray_platform.evaluation.dataset.drift import WORDS, Drift, DriftSettings, drift_of, facts_of

QUICK = DriftSettings()


def people(number: int, seed: int) -> pd.DataFrame:
    """Return the facts of so many invented subjects."""
    generator = np.random.default_rng(seed)
    words = {name: generator.choice(["a", "b", "c"], number, p=[0.6, 0.3, 0.1]) for name in WORDS}
    numbers = {fact.name: generator.normal(size=number) for fact in NUMBERS}
    numbers["rows"] = generator.choice([1024.0, 2048.0], number)  # ties, as sizes have them
    numbers["age_years"] = np.where(generator.random(number) < 0.3, np.nan, numbers["age_years"])
    return pd.DataFrame({"batch": "batch-0001", **words, **numbers})


def test_alarms_without_a_change_are_no_more_than_promised() -> None:
    rounds = 120
    alarms = sum(
        drift_of("b", people(60, 2 * n), people(400, 2 * n + 1), QUICK).outcome == "drifted" for n in range(rounds)
    )
    assert alarms <= 4  # 0.01 promised: four of 120 have a chance of 0.8 per cent


@pytest.mark.parametrize("size", [40, 400])
def test_a_change_is_found_and_said(size: int) -> None:
    batch, before = people(size, 1), people(600, 2)
    batch["grey_mean"] += 1.5
    found = drift_of("batch-0009", batch, before, QUICK)
    assert found.outcome == "drifted"
    assert found.drifted[0].title.startswith("Mean grey")
    assert "median" in found.said
    assert f"{size} subjects against 600 before" in found.said


def test_a_new_device_is_found_in_a_small_batch() -> None:
    batch, before = people(32, 1), people(3000, 2)
    batch.loc[:15, "manufacturer"] = "new maker"
    found = drift_of("b", batch, before, QUICK)
    assert [fact.title for fact in found.drifted] == ["Manufacturer"]
    assert "new maker in 50%, was 0%" in found.said


def test_what_files_no_longer_state_is_a_change() -> None:
    batch = people(200, 1).assign(spacing_mm=np.nan)
    assert [fact.title for fact in drift_of("b", batch, people(400, 2), QUICK).drifted] == ["Pixel spacing stated"]


def test_a_trifle_in_a_large_batch_is_certain_and_no_alarm() -> None:
    batch = people(8000, 1)
    batch["sharpness"] += 0.15
    found = drift_of("b", batch, people(8000, 2), QUICK)
    sharp = next(fact for fact in found.facts if fact.title.startswith("Sharpness"))
    assert sharp.p < 0.001
    assert found.outcome == "alike"


def test_little_is_too_little_and_nothing_is_nothing() -> None:
    assert drift_of("b", people(29, 1), people(400, 2), QUICK).outcome == "too few"
    assert drift_of("b", people(400, 1), people(29, 2), QUICK).said == (
        "Too few to say anything: 400 subjects against 29 before."
    )
    assert drift_of("b", people(400, 1), people(0, 2), QUICK).outcome == "nothing before"
    assert Drift("b", "nothing before", 3, 0).said.startswith("It is the first batch")


def test_one_picture_a_subject_counts() -> None:
    images = pd.DataFrame(
        {
            "image": ["b", "a", "c"],
            "batch": "batch-0001",
            "subject": ["one", "one", "two"],
            **dict.fromkeys(WORDS, "Word "),
            "rows": [1, 2, 3],
            "columns": 9,
            "spacing_mm": None,
            "age_years": 50.0,
        }
    )
    names = [fact.name for fact in NUMBERS if fact.name not in images]
    standard = pd.DataFrame({"image": ["a", "b", "c"], **dict.fromkeys(names, 0.5)})
    found = facts_of(images, standard)
    assert found["rows"].tolist() == [2.0, 3.0]
    assert set(found["manufacturer"]) == {"word"}
    assert found["spacing_mm"].isna().all()
