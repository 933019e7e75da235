"""Cautions: every reason to doubt a figure is found, and a sound evaluation raises none."""

import pandas as pd
import pytest

from xray_platform.evaluation.cautions import cautions, other_pictures
from xray_platform.evaluation.evaluate import evaluate
from xray_platform_tests.evaluation.invented import QUICK, evaluation, hashes, scores

MANY = 900


def codes(frame: pd.DataFrame, hashed: pd.DataFrame | None = None) -> set[str]:
    return {caution.code for caution in cautions(evaluate(frame, QUICK, model="a"), hashed)}


def test_a_sound_evaluation_raises_none() -> None:
    frame = scores(MANY)
    assert codes(frame, hashes(frame)) == set()


def test_made_up_pictures_come_first() -> None:
    found = cautions(evaluation(90), phantom=True)
    assert found[0].code == "phantoms"
    assert "nothing about patients" in found[0].text


def test_a_subject_in_two_parts() -> None:
    frame = scores(MANY)
    frame.loc[frame.index[:2], "subject"] = frame["subject"].iloc[-1]
    found = [caution for caution in cautions(evaluate(frame, QUICK, model="a")) if caution.code == "subject-leak"]
    assert [caution.text.split(":")[0] for caution in found] == ["1 subject stands in more than one part of the data"]


@pytest.mark.parametrize("column", ["sha256", "pixel_sha256"])
def test_a_copy_in_another_part(column: str) -> None:
    frame = scores(MANY)
    hashed = hashes(frame).rename(columns={"sha256": column})
    hashed[column] = [hashed[column].iloc[2], *hashed[column].iloc[1:]]  # the first subject's and the second's
    assert codes(frame, hashed) == {"duplicates"}


def test_a_copy_within_a_part_is_no_leak() -> None:
    frame = scores(MANY)
    hashed = hashes(frame)
    hashed["sha256"] = [hashed["sha256"].iloc[1], *hashed["sha256"].iloc[1:]]
    assert codes(frame, hashed) == set()


def test_nearly_perfect_validation() -> None:
    found = {caution.code: caution.text for caution in cautions(evaluation(MANY, skill=12))}
    assert "look for a shortcut" in found["nearly-perfect"]


def test_one_class_missing() -> None:
    frame = scores(MANY)
    test = frame["split"] == "test"
    assert "one-class-test" in codes(frame[~test | frame["abnormal"]])
    assert {"one-class-test", "one-class-val"} <= codes(frame.assign(abnormal=False))
    assert "one-class-test" in codes(frame[~test])


def test_few_subjects() -> None:
    assert {"few-subjects-val", "few-subjects-test"} <= codes(scores(60))


def test_guessing() -> None:
    assert "guessing" in codes(scores(MANY, skill=0))


def test_worse_on_the_test_part() -> None:
    frame = scores(MANY, skill=3)
    test = frame["split"] == "test"
    frame.loc[test, "score"] *= 0.2
    frame.loc[test, "score"] += scores(MANY, skill=0, seed=5).loc[test, "score"]
    assert "validation-gap" in codes(frame)


def test_another_share_of_abnormal_pictures() -> None:
    frame = scores(MANY)
    thinned = frame[(frame["split"] != "test") | ~frame["abnormal"] | (frame.index % 24 < 12)]
    assert codes(thinned) == {"prevalence-shift"}


def test_models_that_were_judged_on_other_pictures_cannot_be_compared() -> None:
    one, other = evaluation(200, model="one"), evaluation(200, model="other")
    assert other_pictures([one, other]) is None
    fewer = evaluate(scores(200).iloc[:-3], QUICK, model="fewer")
    found = other_pictures([one, other, fewer])
    assert found is not None
    assert "cannot be compared" in found.text
