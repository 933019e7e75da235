"""What a report leaves in its folder: figures that scikit-learn computes from its CSV; and from hostile input too."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from xray_platform.errors import DataError
from xray_platform.evaluation.evaluate import EvaluationSettings, evaluate
from xray_platform.evaluation.gallery import Samples
from xray_platform.evaluation.heatmap import MapScale
from xray_platform.evaluation.map_statistics import map_statistics
from xray_platform.evaluation.nuisance_facts import FACTS
from xray_platform.evaluation.report import write_report
from xray_platform.evaluation.report_input import ReportInput
from xray_platform.evaluation.shortcut_audit import shortcut_audit
from xray_platform_tests.evaluation.dataset.invented_card import card
from xray_platform_tests.evaluation.invented import QUICK, samples, scores
from xray_platform_tests.evaluation.test_report import Page

NAME = "DOE^JANE<b onmouseover=alert(1)>19400101</b><script>alert('x')</script>"


def strict(file: Path) -> Any:
    """Read JSON as the standard has it: no NaN, no Infinity."""
    return json.loads(file.read_text(), parse_constant=lambda word: pytest.fail(f"{file.name} holds {word}"))


def test_figures_are_those_that_scikit_learn_computes_from_the_csv_of_scores(tmp_path: Path) -> None:
    """Nothing but the two files is looked at: what a reader has who does not trust the page."""
    write_report(tmp_path, ReportInput(evaluate(scores(900, skill=1.2), EvaluationSettings(resamples=200))))
    rows = pd.read_csv(tmp_path / "metrics" / "pictures.csv")
    found = {
        name: one["value"] for name, one in strict(tmp_path / "metrics" / "metrics.json")["metrics"]["test"].items()
    }
    truth, called = rows["truth"] == "abnormal", rows["verdict"] == "abnormal"
    score, probability = rows["score"], rows["probability"]
    assert len(rows) == 300
    negative = ~truth
    expected = {
        "auroc": sk.roc_auc_score(truth, score),
        "average_precision": sk.average_precision_score(truth, score),
        "accuracy": sk.accuracy_score(truth, called),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, called),
        "sensitivity": sk.recall_score(truth, called),
        "specificity": sk.recall_score(negative, ~called),
        "ppv": sk.precision_score(truth, called),
        "npv": sk.precision_score(negative, ~called),
        "f1": sk.f1_score(truth, called),
        "mcc": sk.matthews_corrcoef(truth, called),
        "brier": sk.brier_score_loss(truth, probability),
        "nll": sk.log_loss(truth, probability),
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-9), name
    bins = np.minimum((probability * 10).astype(int), 9)
    apart = [
        abs(truth[bins == one].mean() - probability[bins == one].mean()) * (bins == one).mean() for one in set(bins)
    ]
    assert found["ece"] == pytest.approx(sum(apart), rel=1e-9)
    assert set(found) == {*expected, "ece"}, "a figure that nothing was held against"
    page = Page((tmp_path / "report.html").read_text()).text
    for name in ("auroc", "sensitivity", "specificity", "average_precision"):
        assert f"{expected[name]:.3f}" in page


def hostile(kind: str) -> pd.DataFrame:
    rows = scores(360)
    rows = rows.assign(origin=NAME, manufacturer=NAME, view="PA", sex="F", age=60.0)
    test = rows["split"] == "test"
    if kind == "one class":
        return rows.assign(abnormal=False)
    if kind == "one class in test":
        return rows[~(test & rows["abnormal"])]
    if kind == "three pictures":
        return pd.concat([rows[~test], rows[test].head(3)])
    if kind == "three pictures in all":
        return pd.concat([rows[rows["split"] == split].head(1) for split in ("train", "val", "test")])
    if kind == "constant scores":
        return rows.assign(score=0.25)
    if kind == "facts that are no numbers":
        return rows.assign(age=np.nan, sex=None, view=None)
    if kind == "missing groups":
        return rows.drop(columns=["origin", "manufacturer", "view", "sex", "age"])
    return rows


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("one class", "there are no abnormal pictures in this part"),
        ("one class in test", "there are no abnormal pictures in this part"),
        ("three pictures", "Three pictures|3 pictures|few"),
        ("three pictures in all", "A class is missing"),
        ("constant scores", "0.500"),
        ("facts that are no numbers", "Shortcuts"),
        ("missing groups", "Shortcuts"),
        ("text that is markup", "DOE^JANE"),
    ],
)
def test_a_whole_report_comes_out_of_hostile_input(tmp_path: Path, kind: str, said: str) -> None:
    rows = hostile(kind)
    model = evaluate(rows, QUICK, model="hostile")
    facts = pd.DataFrame({"image": rows["image"], **{fact.name: np.nan for fact in FACTS if fact.kind == "number"}})
    for fact in FACTS:
        if fact.kind == "word":
            facts[fact.name] = rows.get(fact.name, "")
    shown = samples(model)
    maps = None if shown.heatmaps is None else np.full_like(shown.heatmaps, np.nan)
    test = model.part("test")
    pictures = np.zeros((len(test), 24, 24), np.float32)
    statistics = map_statistics(
        test["image"].tolist(), [NAME] * len(test), pictures, np.full_like(pictures, np.nan), MapScale(low=0, high=1)
    )
    page = write_report(
        tmp_path,
        ReportInput(
            model,
            title=NAME,
            samples=Samples(shown.names, shown.images, maps),
            findings=dict.fromkeys(shown.names, NAME),
            scale=MapScale(low=0.0, high=0.0),
            audit=shortcut_audit(model, facts),
            maps=statistics,
            card=card(),
            history=[{"epoch": 1, "train_loss": float("nan")}, {"epoch": 2, "train_loss": float("inf")}],
            provenance={"note": NAME, "packages": {NAME: NAME}},
            settings={NAME: {NAME: NAME}},
        ),
    )
    html = page.read_text()
    read = Page(html)
    assert any(word in read.text for word in said.split("|")), read.text[:400]
    assert read.open == []
    assert "<script" not in html
    assert "<b onmouseover" not in html
    assert read.handlers == []
    assert "nan" not in read.text.lower().split()
    for file in (tmp_path / "metrics").glob("*.json"):
        strict(file)
    for file in (tmp_path / "metrics").glob("*.csv"):
        pd.read_csv(file)


def test_scores_that_are_no_numbers_have_no_report_but_a_reason() -> None:
    """A model that says NaN of a picture is broken: leaving the picture out would flatter it."""
    rows = scores(90)
    rows.loc[3, "score"] = np.nan
    with pytest.raises(DataError, match="1 of 90 scores of hostile are no finite numbers"):
        evaluate(rows, QUICK, model="hostile")


def test_the_folder_holds_pictures_maps_and_figures_as_png_and_svg(tmp_path: Path) -> None:
    model = evaluate(scores(300), QUICK)
    scale = MapScale(low=0.4, high=0.9)
    write_report(tmp_path, replace(ReportInput(model), samples=samples(model), scale=scale))
    assert {one.name for one in tmp_path.iterdir()} == {"report.html", "images", "heatmaps", "metrics"}
    figures = {one.stem for one in (tmp_path / "images").glob("*.svg")}
    assert {"roc", "precision_recall", "histograms", "confusion", "reliability", "decision", "risk_coverage"} <= figures
    assert figures <= {one.stem for one in (tmp_path / "images").glob("*.png")}
    roc = (tmp_path / "images" / "roc.svg").read_text()
    assert "AUROC" in roc, "text stays text"
    assert "<script" not in roc
    assert len(list((tmp_path / "heatmaps").glob("*.png"))) == len(samples(model).names)
    again = tmp_path / "again"
    write_report(again, replace(ReportInput(model), samples=samples(model), scale=scale))
    assert (again / "images" / "roc.svg").read_text() == roc
