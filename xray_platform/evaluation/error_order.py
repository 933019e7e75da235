"""Error order: how well each measure of uncertainty puts the wrong verdicts of the test part before the right ones.

A measure is worth something where wrong verdicts are less sure than right ones: that chance is an AUROC (of the
mistakes, not of the pictures), and the mean of the risk–coverage curve is small.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from xray_platform.evaluation.bootstrap import Metric, measure
from xray_platform.evaluation.calibration import Calibration
from xray_platform.evaluation.conformal_sets import p_values
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.evaluation.metrics import Flags, Numbers, Predictions
from xray_platform.evaluation.selective import curve, sureness
from xray_platform.evaluation.wording import count
from xray_platform.image_stack import Samples

FEWEST_MISTAKES = 5
"""Wrong verdicts from which on their order says anything."""


class ErrorOrder(BaseModel):
    """One measure of uncertainty on the test part.

    auroc: the chance that a wrong verdict is less sure than a right one; with a reason where it cannot be told. area:
    mean risk over all coverages, the smaller the better; coverage, risk: that curve.
    """

    model_config = ConfigDict(frozen=True)

    source: str
    title: str
    auroc: Metric
    area: float
    coverage: tuple[float, ...]
    risk: tuple[float, ...]


def spread_of(samples: Samples, calibration: Calibration) -> Numbers:
    """Return how far scores (times, N) of the same pictures go apart, (N,): in probability where that is calibrated."""
    said = calibration.probability(samples.ravel()).reshape(samples.shape) if calibration.calibrated else samples
    return np.asarray(said.std(axis=0, ddof=1), np.float64)


def error_orders(evaluation: Evaluation) -> tuple[ErrorOrder, ...]:
    """Return every measure of uncertainty that there is; none without test pictures."""
    test = evaluation.predictions("test")
    if not len(test):
        return ()
    subjects = evaluation.part("test")["subject"].to_numpy(object)
    wrong: Flags = test.predicted != test.labels
    found = []
    for source, title, doubt in _measures(evaluation, test):
        coverage, risk = curve(-doubt, wrong)
        found.append(
            ErrorOrder(
                source=source,
                title=title,
                auroc=_auroc(evaluation, doubt, wrong, subjects),
                area=float(risk.mean()),
                coverage=tuple(coverage.tolist()),
                risk=tuple(risk.tolist()),
            )
        )
    return tuple(found)


def _measures(evaluation: Evaluation, test: Predictions) -> Iterator[tuple[str, str, Numbers]]:
    """Yield name, title and doubt (N,), higher is less sure, of each measure that can be computed."""
    val = evaluation.predictions("val")
    if evaluation.calibration.calibrated:
        yield "distance", "distance from the threshold", -sureness(evaluation, test)
    if val.labels.any() and not val.labels.all():
        normal, abnormal = p_values(val, test.score)
        yield "conformal", "conformal: how well the other verdict fits", np.where(test.predicted, normal, abnormal)
    yield from _spreads(evaluation)


def _spreads(evaluation: Evaluation) -> Iterator[tuple[str, str, Numbers]]:
    titles = {
        "dropout": "spread over {} passes with dropout",
        "members": "spread over {} networks of other seeds",
        "parts": "spread over {} parts of the ensemble",
    }
    known: pd.DataFrame = evaluation.spreads
    images = evaluation.part("test")["image"]
    for source, title in titles.items() if len(known) else ():
        rows = known[known["source"] == source].set_index("image")
        if set(images) <= set(rows.index):
            times = int(rows["times"].max())
            yield source, title.format(times), rows.loc[images, "spread"].to_numpy(np.float64)


def _auroc(evaluation: Evaluation, doubt: Numbers, wrong: Flags, subjects: NDArray[np.object_]) -> Metric:
    mistakes, right = int(wrong.sum()), int((~wrong).sum())
    if min(mistakes, right) < FEWEST_MISTAKES:
        few = (
            f"{count(mistakes, 'wrong verdict')} and {count(right, 'right one')}; {FEWEST_MISTAKES} of each are needed"
        )
        return Metric(name="auroc", value=None, reason=few)
    asked = Predictions(doubt, wrong, wrong, None)
    return measure(asked, subjects, evaluation.settings.draws, ("auroc",))["auroc"]
