"""Report: the processor time that a report of 5,000 scores takes, and that of 2,000 resamples of as many."""

import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.evaluation.bootstrap import Draws, measure
from xray_platform.evaluation.evaluate import EvaluationSettings, evaluate
from xray_platform.evaluation.metrics import KINDS, Predictions
from xray_platform.evaluation.nuisance_facts import FACTS
from xray_platform.evaluation.report import write_report
from xray_platform.evaluation.report_input import ReportInput
from xray_platform.evaluation.shortcut_audit import shortcut_audit
from xray_platform.progress import Progress

SCORES, RESAMPLES = 5000, 2000
PICTURES_A_SUBJECT = 2
ORIGINS, VIEWS, SEXES = ("one", "two", "three"), ("PA", "AP"), ("F", "M")


def invented_scores(pictures: int, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return scores of a model of middling skill with the facts of each picture, and facts that know no lung."""
    rng = np.random.default_rng(seed)
    subject = np.arange(pictures) // PICTURES_A_SUBJECT
    abnormal = rng.random(subject.max() + 1) < 0.4
    split = rng.choice(["train", "val", "test"], subject.max() + 1, p=[0.7, 0.15, 0.15])
    labels = abnormal[subject]
    scores = pd.DataFrame(
        {
            "image": [f"{number:016x}" for number in range(pictures)],
            "subject": [f"sub-{number:016x}" for number in subject],
            "split": split[subject],
            "abnormal": labels,
            "score": rng.normal(size=pictures) + 1.5 * labels,
            "origin": np.array(ORIGINS)[subject % len(ORIGINS)],
            "view": np.array(VIEWS)[rng.integers(0, 2, pictures)],
            "sex": np.array(SEXES)[subject % 2],
            "age": rng.integers(18, 95, subject.max() + 1)[subject].astype(float),
        }
    )
    facts = {fact.name: rng.normal(size=pictures) + 0.3 * labels for fact in FACTS if fact.kind == "number"}
    words = {fact.name: scores["origin"] for fact in FACTS if fact.kind == "word"}
    return scores, pd.DataFrame({"image": scores["image"], **facts, **words})


def measure_report(progress: Progress, _: Inputs) -> Figures:
    """Evaluate, audit and write a report of made-up scores, and draw resamples of as many in one part."""
    scores, facts = invented_scores(SCORES)
    began = time.process_time()
    evaluation = evaluate(scores, EvaluationSettings(resamples=RESAMPLES))
    evaluated = time.process_time()
    progress(1, 4, "report")
    audit = shortcut_audit(evaluation, facts)
    audited = time.process_time()
    progress(2, 4, "report")
    with tempfile.TemporaryDirectory() as folder:
        page = write_report(Path(folder), ReportInput(evaluation, audit=audit))
        size = page.stat().st_size
    written = time.process_time()
    progress(3, 4, "report")
    resampled = resampling_seconds()
    progress(4, 4, "report")
    return {
        f"report of {SCORES:,} scores, s_of_processor": written - began,
        "of it evaluation with intervals and subgroups, s_of_processor": evaluated - began,
        "of it shortcut audit, s_of_processor": audited - evaluated,
        "of it writing, figures in five looks, s_of_processor": written - audited,
        "page, mb": size / 1e6,
        f"{RESAMPLES:,} resamples of {SCORES:,} scores, {len(KINDS)} measures, s_of_processor": resampled,
    }


def resampling_seconds() -> float:
    """Return the processor time of all measures with their intervals, of one part of so many pictures."""
    rng = np.random.default_rng(1)
    labels = rng.random(SCORES) < 0.4
    score = rng.normal(size=SCORES) + 1.5 * labels
    pictures = Predictions(score, labels, score >= 0.75, 1 / (1 + np.exp(0.75 - score)))
    subjects = (np.arange(SCORES) // PICTURES_A_SUBJECT).astype(str).astype(object)
    began = time.process_time()
    measure(pictures, subjects, Draws(RESAMPLES))
    return time.process_time() - began


REPORT = Benchmark("report", "how long a report of 5,000 scores takes, and 2,000 resamples of as many", measure_report)
