"""Shortcut audit: it finds a planted shortcut, clears facts that say nothing, and always says what it could not do."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from xray_platform.errors import StoreError
from xray_platform.evaluation.boosted_folds import FOLDS, fold_by_subject, predict_by_fold
from xray_platform.evaluation.evaluate import Evaluation, evaluate
from xray_platform.evaluation.label_shortcuts import label_shortcuts, read_label_shortcuts
from xray_platform.evaluation.nuisance_facts import FACTS, as_numbers, known_facts, nuisance_facts
from xray_platform.evaluation.report import AUDIT_FILE, write_report
from xray_platform.evaluation.report_input import ReportInput
from xray_platform.evaluation.shortcut_audit import shortcut_audit
from xray_platform.evaluation.shortcut_result import ShortcutAudit, read_audit
from xray_platform_tests.evaluation.invented import QUICK, scores
from xray_platform_tests.evaluation.test_report import ATTACK, Page

SEEN = ("origin", "manufacturer", "columns", "grey_mean", "sharpness")


def facts(pictures: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    """Facts that say nothing of the class, but for what is given."""
    generator = np.random.default_rng(5)
    frame = pd.DataFrame({"image": pictures["image"].to_numpy()})
    for fact in FACTS:
        if fact.name in SEEN:
            frame[fact.name] = "same" if fact.kind == "word" else generator.normal(size=len(pictures))
    return frame.assign(**columns)


def planted(rows: pd.DataFrame, noise: float = 0.0) -> np.ndarray:
    return rows["abnormal"].to_numpy(float) + noise * np.random.default_rng(6).normal(size=len(rows))


def judged(pictures: int = 480, *, skill: float = 2.0) -> tuple[Evaluation, pd.DataFrame]:
    rows = scores(pictures, skill=skill)
    return evaluate(rows, QUICK), rows


def test_a_planted_shortcut_is_found_named_and_warned_of() -> None:
    model, rows = judged()
    audit = shortcut_audit(model, facts(rows, sharpness=planted(rows, 0.3)))
    assert audit.facts is not None
    assert audit.facts.value is not None
    assert audit.facts.low is not None
    assert audit.facts.value > 0.98
    assert audit.telling[0].name == "sharpness"
    assert audit.telling[0].alone is not None
    assert audit.telling[0].alone > 0.98
    assert audit.telling[0].lost > 0.3
    assert [caution.code for caution in audit.cautions()] == ["shortcut"]
    assert "sharpness" in audit.cautions()[0].text


def test_facts_that_say_nothing_clear_the_model() -> None:
    model, rows = judged()
    audit = shortcut_audit(model, facts(rows))
    assert audit.facts is not None
    assert audit.facts.low is not None
    assert audit.facts.high is not None
    assert audit.facts.low < 0.5 < audit.facts.high
    assert audit.lead is not None
    assert audit.lead > 0.2
    assert audit.explained_within is not None
    assert audit.explained_within < 0.1
    assert audit.matched is not None
    assert model.value("auroc") == pytest.approx(audit.matched.value, abs=0.05)
    assert audit.cautions() == []


def test_the_figures_are_those_of_an_independent_computation() -> None:
    model, rows = judged()
    given = facts(rows, sharpness=planted(rows, 1.0), origin=np.where(np.arange(len(rows)) % 3, "a", "b"))
    audit = shortcut_audit(model, given)
    known = known_facts(given)
    words = np.array([fact.kind == "word" for fact in known])
    labels = rows["abnormal"].to_numpy(bool)
    folds = fold_by_subject(rows["subject"].to_numpy(object), labels, QUICK.seed)
    said = predict_by_fold(as_numbers(given, known), labels * 1.0, folds, words=words, task="label", seed=QUICK.seed)
    test = (rows["split"] == "test").to_numpy()
    assert audit.facts is not None
    assert audit.facts.value == pytest.approx(roc_auc_score(labels[test], said.value[test]))
    assert audit.model is not None
    assert audit.model.value == pytest.approx(model.value("auroc"))
    frame = pd.DataFrame({"facts": said.value[test], "label": labels[test], "score": rows["score"][test]})
    right = pairs = 0.0
    for _, group in frame.groupby(pd.qcut(frame["facts"], 5)):
        positive, negative = group.loc[group["label"], "score"], group.loc[~group["label"], "score"]
        right += sum(float((value > negative).sum()) for value in positive)
        pairs += len(positive) * len(negative)
    assert audit.matched is not None
    assert audit.matched.value == pytest.approx(right / pairs, abs=1e-9)
    assert sum(stratum.normal + stratum.abnormal for stratum in audit.strata) == test.sum()


def test_a_score_made_of_a_fact_is_explained_and_worth_nothing_in_matched_pictures() -> None:
    rows = scores(600)
    fact = planted(rows, 0.7)
    audit = shortcut_audit(evaluate(rows.assign(score=fact), QUICK), facts(rows, grey_mean=fact))
    assert audit.explained is not None
    assert audit.explained > 0.9
    assert audit.explained_within is not None
    assert audit.explained_within > 0.8
    assert audit.matched is not None
    assert audit.model is not None
    assert (audit.matched.value or 0) < (audit.model.value or 0) - 0.1


def test_no_subject_is_learnt_from_and_predicted() -> None:
    rows = scores(300)
    folds = fold_by_subject(rows["subject"].to_numpy(object), rows["abnormal"].to_numpy(bool), 0)
    assert set(folds) == set(range(FOLDS))
    assert rows.assign(fold=folds).groupby("subject")["fold"].nunique().max() == 1
    shares = rows.assign(fold=folds).groupby("fold")["abnormal"].mean()
    assert shares.max() - shares.min() < 0.1


def test_the_same_pictures_give_the_same_audit() -> None:
    model, rows = judged(300)
    given = facts(rows, sharpness=planted(rows, 1.0))
    assert shortcut_audit(model, given) == shortcut_audit(model, given)


def test_classes_that_coincide_with_an_origin_are_told() -> None:
    model, rows = judged()
    origin = np.where(rows["abnormal"], np.where(np.arange(len(rows)) % 4 == 0, "web", "clinic"), "clinic")
    audit = shortcut_audit(model, facts(rows, origin=origin))
    (source,) = audit.sources
    web = int((origin == "web").sum())
    assert f"Origin web: all {web} pictures are abnormal." in source.findings
    assert any(text.startswith("Origin: every normal picture is of clinic") for text in source.findings)
    caution = next(caution for caution in audit.cautions() if caution.code == "class-sources")
    assert "Origin web" in caution.text
    by_value = {one.value: one for one in source.values}  # noqa: PD011 - no frame
    clinic = (origin == "clinic") & (rows["split"] == "test").to_numpy()
    expected = roc_auc_score(rows["abnormal"][clinic], rows["score"][clinic])
    assert by_value["clinic"].auroc == pytest.approx(expected)
    assert by_value["web"].auroc is None


Change = Callable[[pd.DataFrame], pd.DataFrame]
HOSTILE: dict[str, tuple[str | None, Change]] = {
    "one class": ("the test part lacks a class", lambda rows: rows.assign(abnormal=False)),
    "three pictures": ("", lambda rows: rows.iloc[[0, 2, 4]]),
    "few subjects": ("20 of each are needed", lambda rows: rows.iloc[:60]),
    "no test": ("the test part lacks a class", lambda rows: rows.query("split != 'test'")),
    "constant scores": (None, lambda rows: rows.assign(score=1.0)),
    "one subject each part": (
        "subjects with normal",
        lambda rows: rows.assign(subject="sub-" + rows["split"].astype(str)),
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_input_has_a_report_that_says_what_is_missing(tmp_path: Path, case: str) -> None:
    reason, change = HOSTILE[case]
    rows = change(scores(600))
    model = evaluate(rows, QUICK, model="hostile")
    audit = shortcut_audit(model, facts(rows))
    assert (audit.reason == "") == (reason is None)
    page = Page(write_report(tmp_path, ReportInput(model, audit=audit)).read_text())
    if reason is None:
        assert audit.model is not None
        assert audit.model.value == 0.5
        assert audit.explained is None
    else:
        assert f"Could not be tried: {audit.reason}" in page.text
        assert reason in audit.reason
    assert not {"nan", "None"} & set(page.text.split())
    assert page.open == []


def test_facts_that_are_unknown_or_the_same_are_left_out() -> None:
    model, rows = judged()
    empty = facts(rows, columns=np.nan, grey_mean=np.nan, sharpness=np.nan)
    assert shortcut_audit(model, empty).reason == "all facts are the same for all pictures"
    assert "nothing is known" in shortcut_audit(model, empty.iloc[:0]).reason
    holes = facts(rows, sharpness=np.where(np.arange(len(rows)) % 2, planted(rows), np.nan), columns=np.inf)
    found = shortcut_audit(model, holes)
    assert found.facts is not None
    assert (found.facts.value or 0) > 0.7


def test_free_text_is_escaped_and_kept_as_json(tmp_path: Path) -> None:
    model, rows = judged(300)
    odd = np.where(rows["abnormal"], ATTACK, "DOE^JANE")
    audit = shortcut_audit(model, facts(rows, manufacturer=odd))
    page = Page(write_report(tmp_path, ReportInput(model, audit=audit)).read_text())
    assert "script" not in page.tags
    assert page.handlers == []
    assert not any("evil" in address for address in page.addresses)
    assert ATTACK in page.text
    stored = (tmp_path / AUDIT_FILE).read_bytes()
    assert read_audit(stored) == audit
    assert json.loads(stored)["facts"]["value"] == audit.facts.value if audit.facts else False


def test_a_file_that_is_no_audit_is_refused() -> None:
    with pytest.raises(StoreError, match="no shortcut audit"):
        read_audit(b"{")
    assert read_audit(b"{}") == ShortcutAudit()


def test_the_report_shows_the_audit_and_its_cautions(tmp_path: Path) -> None:
    model, rows = judged()
    origin = np.where(rows["abnormal"], "a", "b")
    audit = shortcut_audit(model, facts(rows, sharpness=planted(rows, 0.3), origin=origin))
    page = Page(write_report(tmp_path, ReportInput(model, audit=audit)).read_text())
    before, _, section = page.text.partition("How far one comes without looking at the lungs")
    assert "Facts without a lung do as well" in before
    assert "Classes come from different sources" in before
    assert audit.facts is not None
    assert f"{audit.facts.value:.3f}" in section
    assert audit.telling[0].title in section
    assert "Origin and class" in section
    assert f"Origin a: all {int(rows['abnormal'].sum())} pictures are abnormal." in section
    bare = Page(write_report(tmp_path / "bare", replace(ReportInput(model))).read_text())
    assert "Not tried: nothing was handed in" in bare.text


def test_facts_are_joined_from_the_tables() -> None:
    images = pd.DataFrame(
        {"image": ["a", "b"], "origin": ["x", "y"], "manufacturer": [" AGFA ", None], "view_position": ["PA", None],
         "format": "dicom", "photometric": "MONOCHROME2", "bits_stored": [12, 10], "lossy": [True, False],
         "spacing_mm": [0.1, None], "rows": 1, "columns": 1, "sex": "F"}
    ).convert_dtypes()  # fmt: skip
    numbers = {fact.name: [0.5, None] for fact in FACTS if fact.kind == "number"}
    kept = {
        name: value for name, value in numbers.items() if name not in {"aspect", "bits_stored", "lossy", "spacing_mm"}
    }
    standard = pd.DataFrame({"image": ["a", "b"], "batch": "batch-0001", **kept, "rows": [200, 100], "columns": 100})
    found = nuisance_facts(images, standard.convert_dtypes())
    assert list(found.columns) == ["image", *(fact.name for fact in FACTS)]
    assert list(found["aspect"]) == [0.5, 1.0]
    assert list(found["manufacturer"]) == ["agfa", ""]
    assert list(found["lossy"]) == [1.0, 0.0]
    assert np.isnan(found["sharpness"].iloc[1])


def test_labels_predicted_once_give_the_same_audit_and_others_are_predicted_anew() -> None:
    model, rows = judged()
    given = facts(rows, sharpness=planted(rows, 0.8))
    once = label_shortcuts(rows[["image", "subject", "abnormal"]].merge(given, on="image"))
    assert read_label_shortcuts(once.model_dump_json().encode()) == once
    assert once.auroc == pytest.approx(roc_auc_score(rows["abnormal"], once.predicted))
    alone = shortcut_audit(model, given)
    assert shortcut_audit(model, given, once) == alone
    upside_down = once.model_copy(update={"predicted": tuple(-value for value in once.predicted)})
    assert shortcut_audit(model, given, upside_down).facts != alone.facts, "what was found is not read"
    other = upside_down.model_copy(update={"abnormal": tuple(not label for label in once.abnormal)})
    assert shortcut_audit(model, given, other) == alone, "labels that were other ones say nothing"
    fewer = upside_down.model_copy(update={"image": ("none", *once.image[1:])})
    assert shortcut_audit(model, given, fewer) == alone
    with pytest.raises(StoreError):
        read_label_shortcuts(b"{")


def test_too_few_subjects_are_said_and_not_predicted() -> None:
    rows = scores(24)
    found = label_shortcuts(rows.merge(facts(rows), on="image"))
    assert "20 of each are needed" in found.reason
    assert (found.image, found.auroc) == ((), None)
