"""Performance: how often a model in use is right, batch by batch, held against how often it was before.

A control chart for labels that come later: of each batch the share of abnormal pictures that were called abnormal
(sensitivity) and of normal ones called normal (specificity). The limit is beta-binomial: what chance alone gives a
batch of this size, given how little the batches before it say of the true share. One picture a subject counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field
from scipy import stats

from xray_platform.settings import Settings

Measure = Literal["sensitivity", "specificity"]
MEASURES: tuple[Measure, ...] = ("sensitivity", "specificity")


class PerformanceSettings(Settings):
    """When a batch is called worse than what came before it."""

    performance_alarm_rate: float = Field(
        0.01, gt=0, le=0.2, description="share of batches without any loss that may raise an alarm, at most"
    )
    performance_reference: int = Field(
        20, ge=1, le=1000, description="how many batches before it a batch is compared with, the last ones"
    )
    performance_fewest: int = Field(
        20, ge=5, le=100_000, description="labelled subjects of a kind that the batches before must have had"
    )


@dataclass(frozen=True)
class PerformancePoint:
    """One measure of one batch: how many of how many were right, what was expected, and the limit below which it falls.

    `expected` and `limit` are shares; None where the batches before it hold too few labelled subjects.
    """

    batch: str
    measure: Measure
    right: int
    judged: int
    expected: float | None = None
    limit: float | None = None
    alarm: bool = False

    @property
    def share(self) -> float:
        """The share that was right."""
        return self.right / self.judged

    @property
    def said(self) -> str:
        """What was found, in words."""
        found = f"{self.measure} {self.share:.0%} ({self.right} of {self.judged})"
        if self.expected is None or self.limit is None:
            return f"{found}; nothing to hold it against"
        below = "below the limit of" if self.alarm else "limit"
        return f"{found}, was {self.expected:.0%}, {below} {self.limit:.0%}"


def performance_chart(
    rows: pd.DataFrame, order: Sequence[str], settings: PerformanceSettings = PerformanceSettings()
) -> tuple[PerformancePoint, ...]:
    """Return two points a batch, of those of `order` that have labelled pictures, in that order.

    rows: labelled pictures that the model did not learn from: image, subject, batch, abnormal, verdict. Batches with
    an alarm are no reference for later ones: what went wrong must not become what is usual.
    """
    first = rows.sort_values("image").drop_duplicates(["batch", "subject"])
    right = (first["verdict"] == "abnormal") == first["abnormal"].astype(bool)
    groups = first.assign(right=right).groupby(["batch", "abnormal"])["right"]
    known, judged = (found.to_dict() for found in (groups.sum(), groups.count()))
    points: list[PerformancePoint] = []
    for measure in MEASURES:
        before: list[PerformancePoint] = []
        for batch in order:
            key = (batch, measure == "sensitivity")
            if key in judged:
                latest = before[-settings.performance_reference :]
                point = _held(batch, measure, int(known[key]), int(judged[key]), latest, settings)
                before += [] if point.alarm else [point]
                points.append(point)
    places = {batch: place for place, batch in enumerate(order)}
    return tuple(sorted(points, key=lambda point: (places[point.batch], point.measure)))


def _held(
    batch: str,
    measure: Measure,
    right: int,
    judged: int,
    before: Sequence[PerformancePoint],
    settings: PerformanceSettings,
) -> PerformancePoint:
    known, total = sum(one.right for one in before), sum(one.judged for one in before)
    if total < settings.performance_fewest:
        return PerformancePoint(batch, measure, right, judged)
    usual = stats.betabinom(judged, 1 + known, 1 + total - known)
    chance = settings.performance_alarm_rate / len(MEASURES)
    likely = np.flatnonzero(usual.cdf(np.arange(judged + 1)) >= chance)
    least = int(likely[0])  # the fewest that chance gives at this rate
    return PerformancePoint(batch, measure, right, judged, known / total, least / judged, right < least)
