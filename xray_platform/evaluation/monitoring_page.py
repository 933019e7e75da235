"""Monitoring page: whether pictures, predictions and the share of right ones stay as they were."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from xray_platform.atomic import atomic_write
from xray_platform.evaluation.dataset.drift import Drift
from xray_platform.evaluation.page import by_look, render
from xray_platform.evaluation.performance import PerformancePoint
from xray_platform.evaluation.performance_figure import draw_performance
from xray_platform.evaluation.wording import count

LISTED = 60  # batches, the last ones


@dataclass(frozen=True)
class Monitoring:
    """What is watched, by batch in their order: drift of the pictures and of the predictions, and the performance.

    champion: the model in use, in words; left_out: by batch, files that were judged and the share of them that was
    not published; known: the batches that the champion knows, whose drift somebody has seen to.
    """

    champion: str
    pictures: Mapping[str, Drift]
    predictions: Mapping[str, Drift]
    performance: Sequence[PerformancePoint]
    left_out: Mapping[str, tuple[int, float]]
    known: Collection[str] = frozenset()
    created: str = ""

    @property
    def alarms(self) -> tuple[str, ...]:
        """What was noticed in the newest batch, a sentence each; nothing where all is as before."""
        newest = max(self.pictures, default="")
        drifts = () if newest in self.known else self._drifts
        found = [f"{newest}: {one.said.rstrip('.')}" for one in drifts]
        lost = max((point.batch for point in self.performance), default="")
        return (*found, *(f"{lost}: {one.said}" for one in self.performance if one.alarm and one.batch == lost))

    @property
    def _drifts(self) -> tuple[Drift, ...]:
        """In what the newest batch differs, whether that is known or not."""
        newest = max(self.pictures, default="")
        sides = (side[newest] for side in (self.pictures, self.predictions) if newest in side)
        return tuple(one for one in sides if one.outcome == "drifted")

    @property
    def compared(self) -> bool:
        """Whether the newest batch was held against anything: not where it is the first, or too small."""
        newest = max(self.pictures, default="")
        sides = (side[newest].outcome for side in (self.pictures, self.predictions) if newest in side)
        return any(outcome in ("alike", "drifted") for outcome in sides)

    @property
    def headline(self) -> str:
        """The state of the newest batch, in a few words."""
        if self.alarms:
            return "Something changed"
        if self._drifts:
            return "Changed, and known"
        return "As before" if self.compared else "Nothing to compare yet"

    @property
    def summary(self) -> str:
        """The state of the newest batch, in a sentence."""
        noticed = sum(one.outcome == "drifted" for side in (self.pictures, self.predictions) for one in side.values())
        lost = sum(point.alarm for point in self.performance)
        found = f"{count(noticed, 'drift')} and {count(lost, 'loss', 'losses')}"
        return f"{self._state}. In {count(len(self.pictures), 'batch', 'batches')}: {found}."

    @property
    def _state(self) -> str:
        if self.alarms:
            return "; ".join(self.alarms)
        if self._drifts:
            return "The newest batch differs from those before it, and the champion knows it by now"
        if self.compared:
            return "The newest batch is like those before it"
        newest = max(self.pictures, default="")
        return self.pictures[newest].said.rstrip(".") if newest else "There is no batch with pictures yet"


def write_monitoring(folder: Path, monitoring: Monitoring) -> Path:
    """Write `monitoring.html` into the folder of the reports and return its path.

    Raises StoreError where the folder cannot be written.
    """
    points = monitoring.performance
    chart = by_look(lambda theme, layout: draw_performance(points, theme, layout)) if points else None
    by_batch: dict[str, list[PerformancePoint]] = {}
    for point in points:
        by_batch.setdefault(point.batch, []).append(point)
    listed = list(monitoring.pictures)[-LISTED:][::-1]
    text = render("monitoring.html", monitoring=monitoring, listed=listed, chart=chart, by_batch=by_batch)
    page = folder / "monitoring.html"
    atomic_write(page, text)
    return page
