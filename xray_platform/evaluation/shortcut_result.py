"""Shortcut result: what an audit found, as a report keeps it and as cautions say it."""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from xray_platform.errors import StoreError
from xray_platform.evaluation.bootstrap import Metric
from xray_platform.evaluation.cautions import Caution
from xray_platform.evaluation.class_sources import ClassSource
from xray_platform.evaluation.wording import figure

MARGIN = 0.02
"""AUROC by which a model should be better than the facts alone."""
TOLD = 3  # sentences about sources that a caution holds; the report has all


class Stratum(BaseModel):
    """Test pictures that the facts alone take for nearly equally likely abnormal, and the model's AUROC among them."""

    model_config = ConfigDict(frozen=True)

    normal: int
    abnormal: int
    facts: float
    auroc: float | None


class TellingFact(BaseModel):
    """A fact: the AUROC that it has alone (numbers; whichever way round), and what is lost where it is exchanged."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    description: str
    alone: float | None
    lost: float


class ShortcutAudit(BaseModel):
    """What facts alone tell. With `reason`, nothing but `sources` could be computed, and why.

    facts, model: AUROC on the test pictures; difference: model less facts; matched: the model's AUROC among test
    pictures that the facts take for nearly equal. explained: share of the variance of the score's ranks that the facts
    predict out of fold on validation and test; explained_within: of what is left within a class.
    """

    model_config = ConfigDict(frozen=True)

    reason: str = ""
    pictures: int = 0
    learnt: int = 0
    facts: Metric | None = None
    model: Metric | None = None
    difference: Metric | None = None
    matched: Metric | None = None
    strata: tuple[Stratum, ...] = ()
    explained: float | None = None
    explained_within: float | None = None
    telling: tuple[TellingFact, ...] = ()
    sources: tuple[ClassSource, ...] = ()

    @property
    def lead(self) -> float | None:
        """By how much the model's AUROC is above that of the facts alone."""
        return self.difference.value if self.difference else None

    def figures(self) -> dict[str, float]:
        """Return the figures of the test part that a tracker logs, by name; what is undefined is left out."""
        metrics = {"facts_auroc": self.facts, "model_auroc": self.model, "lead": self.difference}
        metrics["matched_auroc"] = self.matched
        flat = {name: metric.value if metric else None for name, metric in metrics.items()}
        flat |= {"explained": self.explained, "explained_within": self.explained_within}
        return {f"test/shortcut/{name}": value for name, value in flat.items() if value is not None}

    def cautions(self) -> list[Caution]:
        """Return what a reader must know before the figures."""
        found = []
        if self.facts and self.model and self.facts.value is not None and (self.lead or 0.0) < MARGIN:
            text = (
                "Size, tone, frame, sharpness and source alone, without any shape of the lung, reach an AUROC of "
                f"{figure(self.facts.value)} on the test pictures ({self._first()} tell most); the model reaches "
                f"{figure(self.model.value)}. This test cannot say whether the model sees more than they do."
            )
            found.append(Caution("shortcut", "Facts without a lung do as well", text))
        coincide = [text for source in self.sources if source.name != "format" for text in source.findings]
        if coincide:
            more = f" The report says {len(coincide) - TOLD} more." if len(coincide) > TOLD else ""
            meaning = "A model may learn where a picture comes from instead of what it shows."
            text = f"{' '.join(coincide[:TOLD])}{more} {meaning}"
            found.append(Caution("class-sources", "Classes come from different sources", text))
        return found

    def _first(self) -> str:
        return " and ".join(fact.title.lower() for fact in self.telling[:2])


def read_audit(data: bytes) -> ShortcutAudit:
    """Read an audit that a report wrote; raises StoreError where it is none."""
    try:
        return ShortcutAudit.model_validate(json.loads(data))
    except ValueError as error:
        raise StoreError(f"no shortcut audit: {type(error).__name__}") from error


def write_audit(file: Path, audit: ShortcutAudit) -> None:
    """Write an audit as JSON."""
    text = json.dumps(audit.model_dump(mode="json"), indent=2, allow_nan=False, ensure_ascii=False)
    file.write_text(text, encoding="utf-8")
