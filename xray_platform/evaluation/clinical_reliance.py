"""Clinical reliance: how much a model leans on the columns beside the picture, and how far these come alone.

Columns are where shortcuts live: who is too sick to stand is taken from the front (AP), so the view tells the sick from
the well without a look at the lung. What the model does without its columns is what it sees.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from xray_platform.evaluation.bootstrap import Metric
from xray_platform.evaluation.cautions import Caution
from xray_platform.evaluation.delong import compare_aurocs, delong_interval
from xray_platform.evaluation.metrics import Flags, Numbers
from xray_platform.evaluation.wording import figure

MARGIN = 0.02  # of AUROC: more than that is told before the figures


class ClinicalReliance(BaseModel):
    """AUROC on the test part: with the columns, with all of them hidden, and of the columns alone, without a picture.

    difference: with the columns less with them hidden, paired (DeLong). known: the share of the test pictures that have
    a value, by column.
    """

    model_config = ConfigDict(frozen=True)

    known: Mapping[str, float]
    pictures: int
    told: Metric
    hidden: Metric
    alone: Metric
    difference: Metric

    @property
    def columns(self) -> str:
        """The columns in words."""
        return " and ".join(self.known)

    def figures(self) -> dict[str, float]:
        """Return the figures of the test part that a tracker logs, by name; what is undefined is left out."""
        metrics = {name: getattr(self, name).value for name in ("told", "hidden", "alone", "difference")}
        flat = {f"test/clinical/{name}": value for name, value in metrics.items() if value is not None}
        return {**flat, **{f"test/clinical/known_{name}": share for name, share in self.known.items()}}

    def cautions(self) -> list[Caution]:
        """Return what a reader must know before the figures."""
        gained = self.difference.value
        if gained is None or gained < MARGIN:
            return []
        text = (
            f"With {self.columns} hidden the model reaches an AUROC of {figure(self.hidden.value)} on the test "
            f"pictures, with them {figure(self.told.value)}; they alone reach {figure(self.alone.value)}. Such columns "
            "tell how a hospital works (who is taken lying, who is sent), and where another works otherwise, this part "
            "is lost."
        )
        return [Caution("clinical-columns", "Part of the figure is not in the picture", text)]


def clinical_reliance(
    test: pd.DataFrame, hidden: Numbers, alone: Numbers, known: Mapping[str, float], confidence: float = 0.95
) -> ClinicalReliance:
    """Return how much columns matter, by scores of the test pictures (N,): as judged, with them hidden, of them alone.

    test: the rows of the test part with subject, abnormal and score, in the order of the scores.
    """
    labels, subjects = test["abnormal"].to_numpy(bool), test["subject"].to_numpy(object)
    told = test["score"].to_numpy(np.float64)
    areas = [delong_interval(score, labels, subjects, confidence) for score in (told, hidden, alone)]
    difference = compare_aurocs(told, hidden, labels, subjects, confidence).difference
    return ClinicalReliance(
        known=dict(known), pictures=len(test), told=areas[0], hidden=areas[1], alone=areas[2], difference=difference
    )


def columns_alone(train: Numbers, labels: Flags, test: Numbers) -> Numbers:
    """Return what a logistic regression of the columns' values (N, K) says of test pictures (M, K), (M,) float64."""
    from sklearn.linear_model import LogisticRegression  # slow to import

    if not len(test) or labels.all() or not labels.any():
        return np.zeros(len(test))
    fitted = LogisticRegression(class_weight="balanced", max_iter=1000).fit(train, labels)
    return np.asarray(fitted.decision_function(test), np.float64)


def known_shares(values: Numbers, widths: Mapping[str, int], columns: Sequence[str]) -> dict[str, float]:
    """Return the share of pictures, by values (N, K), that have a value, by column; of no pictures 0."""
    ends = np.cumsum([widths[name] for name in columns])
    parts = np.split(values, ends[:-1], axis=1)
    return {
        name: float(part.any(axis=1).mean()) if len(part) else 0.0 for name, part in zip(columns, parts, strict=True)
    }
