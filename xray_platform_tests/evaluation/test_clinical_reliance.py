"""What columns beside a picture are worth is measured, and said where it is much."""

import numpy as np
import pandas as pd
import pytest

from xray_platform.clinical_columns import WIDTHS
from xray_platform.evaluation.clinical_reliance import (
    ClinicalReliance,
    clinical_reliance,
    columns_alone,
    known_shares,
)

COUNT = 400
TRUTH = np.arange(COUNT) % 2 == 1
RNG = np.random.default_rng(0)
NOISE = RNG.normal(size=COUNT)
VIEWS = np.where(RNG.random(COUNT) < 0.9, TRUTH, ~TRUTH).astype(float)


def found(told: np.ndarray, hidden: np.ndarray) -> ClinicalReliance:
    rows = pd.DataFrame({"subject": [f"s{number}" for number in range(COUNT)], "abnormal": TRUTH, "score": told})
    return clinical_reliance(rows, hidden, VIEWS, {"age": 0.25, "view": 1.0})


def test_a_model_that_sees_nothing_and_is_told_all_is_found_out() -> None:
    leaning = found(NOISE + 4 * VIEWS, NOISE)
    assert leaning.told.value is not None
    assert leaning.told.value > 0.85
    assert leaning.hidden.value == pytest.approx(0.5, abs=0.08)
    assert leaning.alone.value == pytest.approx(0.9, abs=0.03)
    assert leaning.difference.low is not None
    assert leaning.difference.low > 0.2
    (caution,) = leaning.cautions()
    assert caution.code == "clinical-columns"
    assert caution.text.startswith("With age and view hidden the model reaches an AUROC of 0.")
    assert leaning.figures()["test/clinical/known_age"] == 0.25


def test_a_model_that_sees_what_it_says_gets_no_caution() -> None:
    seeing = NOISE + 3 * TRUTH
    assert found(seeing + 0.01 * VIEWS, seeing).cautions() == []
    assert found(NOISE, seeing).cautions() == [], "columns that make it worse are no shortcut"


def test_columns_alone_are_as_good_as_they_are_on_pictures_not_learnt_from() -> None:
    train, test = VIEWS[:200, None], VIEWS[200:, None]
    said = columns_alone(train, TRUTH[:200], test)
    assert (said[VIEWS[200:] == 1] > said[VIEWS[200:] == 0].max()).all()
    assert columns_alone(train, np.ones(200, bool), test).tolist() == [0.0] * 200, "one class alone teaches nothing"
    assert columns_alone(train, TRUTH[:200], test[:0]).shape == (0,)


def test_a_test_part_of_one_class_has_no_figure_and_says_why() -> None:
    rows = pd.DataFrame({"subject": ["a", "b"], "abnormal": [True, True], "score": [0.0, 1.0]})
    empty = clinical_reliance(rows, np.zeros(2), np.zeros(2), {"sex": 0.5})
    assert empty.told.value is None
    assert empty.told.reason
    assert empty.cautions() == []
    assert empty.figures() == {"test/clinical/known_sex": 0.5}


def test_a_value_is_known_where_any_of_its_numbers_is() -> None:
    values = np.zeros((4, 5))
    values[0, :2] = (0.0, 1.0)  # a newborn
    values[:2, 4] = 1.0
    assert known_shares(values, WIDTHS, ("age", "sex")) == {"age": 0.25, "sex": 0.5}
    assert known_shares(values[:0], WIDTHS, ("age", "sex")) == {"age": 0.0, "sex": 0.0}
