"""Data report: one page about the data alone: what came in, what was left out and why, and what the pictures are.

It needs no model and no label.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from xray_platform.atomic import atomic_write
from xray_platform.errors import StoreError
from xray_platform.evaluation.cautions import Caution
from xray_platform.evaluation.dataset.data_card import DataCard
from xray_platform.evaluation.dataset.distributions import Distribution
from xray_platform.evaluation.dataset.drift import Drift
from xray_platform.evaluation.dataset.flow_figure import draw_flow
from xray_platform.evaluation.page import jpeg_uri, render
from xray_platform.evaluation.wording import count
from xray_platform.image_stack import Images

LISTED_BATCHES = 40
TITLES = {"all": "All pictures"}


@dataclass(frozen=True)
class RuleCount:
    """How many files one quality rule spoke of, by what it asked for, and what it notices."""

    rule: str
    notices: str
    rejected: int
    quarantined: int
    warned: int


@dataclass(frozen=True)
class BatchCount:
    """One batch: files that were judged, pictures that were published, and subjects of these."""

    batch: str
    files: int
    pictures: int
    subjects: int

    drift: Drift | None = None

    @property
    def left_out(self) -> int:
        """Files that were judged and not published."""
        return self.files - self.pictures


@dataclass(frozen=True)
class SheetPicture:
    """One picture of a contact sheet: its name, its pixels in [0, 1], and what stands below it."""

    image: str
    pixels: Images
    caption: str


@dataclass(frozen=True)
class DataReport:
    """What the page shows. `labels`: pictures by label, empty without any; `created`: when, ISO 8601 in UTC."""

    card: DataCard
    rules: Sequence[RuleCount]
    batches: Sequence[BatchCount]
    numbers: Sequence[Distribution]
    labels: Mapping[str, int]
    sample: Sequence[SheetPicture]
    unusual: Sequence[SheetPicture]
    cautions: Sequence[Caution] = ()
    created: str = ""

    @property
    def summary(self) -> str:
        """What came in and what became of it, in two sentences."""
        made, first = self.card.composition, self.card.flow.stages[0]
        gone = sum(one.number for stage in self.card.flow.stages[:2] for one in stage.left_out)
        named = f" by {self.card.described.name}" if self.card.described.name else ""
        return (
            f"{count(first.number, 'file')} came in{named}, in {count(len(self.batches), 'batch', 'batches')}; "
            f"{count(gone, 'file')} went no further. {count(made.pictures[0], 'picture')} of "
            f"{count(made.subjects[0], 'subject')} were published, {sum(self.labels.values()):,} of them with a label."
        )

    def dump(self) -> dict[str, Any]:
        """Return all but the pictures as plain JSON values."""
        return {
            **self.card.dump(),
            "rules": [asdict(one) for one in self.rules],
            "batches": [asdict(one) for one in self.batches],
            "numbers": [asdict(one) for one in self.numbers],
            "labels": dict(self.labels),
        }


def write_data_report(folder: Path, report: DataReport) -> Path:
    """Write `report.html`, `images/flow.svg` and `metrics/data.json` into the folder, and return the page.

    Raises StoreError where the folder cannot be written.
    """
    drawings = {"page": draw_flow(report.card.flow), "phone": draw_flow(report.card.flow, phone=True)}
    content = render(
        "data_report.html",
        report=report,
        card=report.card,
        flow=drawings,
        titles=TITLES,
        sheets=[("A sample", _shown(report.sample)), ("Unusual in tone or sharpness", _shown(report.unusual))],
        listed=report.batches[-LISTED_BATCHES:],
    )
    try:
        for name in ("images", "metrics"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        stored = json.dumps(report.dump(), indent=2, allow_nan=False, ensure_ascii=False)
        atomic_write(folder / "metrics" / "data.json", stored)
        atomic_write(folder / "images" / "flow.svg", render("flow.svg", alone=drawings["page"]).strip())
        page = folder / "report.html"
        atomic_write(page, content)
    except OSError as error:
        raise StoreError(f"cannot write the report {folder}: {error.strerror or error}") from error
    return page


def count_rules(quality: pd.DataFrame, notices: Mapping[str, str]) -> list[RuleCount]:
    """Count files by the quality rule that spoke of them; rows of the table `quality`, the gravest rules first."""
    spoken = quality[quality["severity"] != "pass"]
    files = spoken.groupby(["rule", "severity"])["sha256"].nunique()
    found = [
        RuleCount(
            rule, notices.get(rule, ""), *(int(files.get((rule, word), 0)) for word in ("reject", "quarantine", "warn"))
        )
        for rule in sorted(set(spoken["rule"].astype(str)))
    ]
    return sorted(found, key=lambda one: (-one.rejected, -one.quarantined, -one.warned, one.rule))


def count_batches(
    quality: pd.DataFrame, images: pd.DataFrame, order: Sequence[str], drifts: Mapping[str, Drift] = {}
) -> list[BatchCount]:
    """Count the files and pictures of each batch, in the order in which they were opened, with its drift if known."""
    files = quality.groupby("batch")["sha256"].nunique()
    pictures, subjects = images.groupby("batch").size(), images.groupby("batch")["subject"].nunique()
    return [
        BatchCount(
            name, int(files.get(name, 0)), int(pictures.get(name, 0)), int(subjects.get(name, 0)), drifts.get(name)
        )
        for name in order
        if name in files.index or name in pictures.index
    ]


def _shown(pictures: Sequence[SheetPicture]) -> list[dict[str, str]]:
    """Return pictures as a page shows them: JPEG, since a sheet of many would be large."""
    return [{"name": one.image, "caption": one.caption, "uri": jpeg_uri(_grey(one.pixels))} for one in pictures]


def _grey(pixels: Images) -> bytes:
    grey = (np.clip(pixels, 0, 1) * 255).round().astype(np.uint8)
    _, jpeg = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return jpeg.tobytes()
