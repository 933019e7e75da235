"""Gallery: which test pictures are worth looking at, and how they are drawn with their heat maps."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from xray_platform.errors import InputError
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.evaluation.heatmap import Bytes, Images, MapScale, overlay
from xray_platform.evaluation.map_in_boxes import FindingBox, box_mask
from xray_platform.evaluation.wording import number

SHOWN_SIDE = 256  # pixel; larger pictures are made smaller for the page, not for the folder
LARGE_SIDE = 512  # of mistakes
JPEG_QUALITY = 85
BOX_COLOUR = (0x5F, 0xE3, 0xF0)  # on no radiograph and in no heat map


@dataclass(frozen=True)
class Kind:
    """One of the four outcomes of a prediction; `single` is what one of them is called."""

    name: str
    title: str
    description: str
    abnormal: bool
    called: bool
    single: str

    @property
    def mistake(self) -> bool:
        """Whether the prediction is wrong."""
        return self.abnormal != self.called


KINDS = (
    Kind("false_negative", "Missed", "abnormal, called normal; the lowest scores first", True, False, "Missed"),
    Kind(
        "false_positive",
        "False alarms",
        "normal, called abnormal; the highest scores first",
        False,
        True,
        "False alarm",
    ),
    Kind("true_positive", "Found", "abnormal, called abnormal; from the surest to the least sure", True, True, "Found"),
    Kind(
        "true_negative", "Cleared", "normal, called normal; from the surest to the least sure", False, False, "Cleared"
    ),
)


@dataclass(frozen=True)
class Samples:
    """Pictures to show: `names` N image ids, `images` float32 (N, S, S) in [0, 1], `heatmaps` (N, S, S) or None.

    `boxes` are those that people drew, by name, in pixels of the pictures.
    """

    names: tuple[str, ...]
    images: Images
    heatmaps: Images | None = None
    boxes: Mapping[str, Sequence[FindingBox]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shape = (len(self.names), *self.images.shape[1:])
        maps = shape if self.heatmaps is None else self.heatmaps.shape
        if self.images.ndim != 3 or self.images.shape != shape or maps != shape:
            raise InputError(
                f"{len(self.names)} names, pictures of shape {self.images.shape} and maps of shape {maps} "
                "do not belong together; needed are N names, pictures (N, S, S) and maps (N, S, S)"
            )


NO_SAMPLES = Samples((), np.zeros((0, 1, 1), np.float32))


@dataclass(frozen=True)
class ShownBox:
    """A box on a card: its finding, and its place in per cent of the picture's side."""

    finding: str
    top: float
    left: float
    height: float
    width: float


@dataclass(frozen=True)
class Card:
    """One picture of the gallery: data URIs of the plain picture and of the one with its map (empty without a map).

    `finding` is the word of the labels, else normal or abnormal; `caption` says in a sentence what happened.
    """

    name: str
    score: float
    probability: float
    picture: str
    overlay: str
    finding: str
    caption: str
    boxes: tuple[ShownBox, ...] = ()


def pick_pictures(evaluation: Evaluation, per_kind: int = 6) -> list[str]:
    """Return the ids of test pictures for the gallery, at most `per_kind` of each outcome.

    Of the mistakes the worst; of the right predictions a ladder from the surest to the least sure. Deterministic.
    """
    test = evaluation.part("test")
    return [name for kind in KINDS for name in _of_kind(test, kind, per_kind)["image"]]


def cards(
    evaluation: Evaluation, samples: Samples, scale: MapScale | None, findings: Mapping[str, str] = {}
) -> dict[str, list[Card]]:
    """Return the cards of each outcome, as `pick_pictures` orders them; pictures of no test row are left out.

    findings: the word of the labels for each picture, by image.
    """
    test = evaluation.part("test")
    place = {name: row for row, name in enumerate(samples.names)}
    found: dict[str, list[Card]] = {}
    for kind in KINDS:
        chosen = _of_kind(test[test["image"].isin(list(place))], kind, len(place))
        words = [findings.get(str(image)) or _label(kind) for image in chosen["image"]]
        over = chosen["score"] - evaluation.threshold.value
        found[kind.name] = [
            replace(
                _card(row, samples, place[row["image"]], scale, kind), finding=word, caption=_caption(kind, word, apart)
            )
            for row, word, apart in zip(chosen.to_dict("records"), words, over, strict=True)
        ]
    return found


def write_pictures(folder: Path, samples: Samples, scale: MapScale | None) -> None:
    """Write each picture to `images/` and, where there is a map, the overlay to `heatmaps/`, at full size as PNG.

    Boxes are drawn on the overlays.
    """
    for place, name in enumerate(samples.names):
        Image.fromarray(_grey(samples.images[place])).save(folder / "images" / f"{name}.png")
        if samples.heatmaps is not None and scale is not None:
            laid = outlined(overlay(samples.images[place], samples.heatmaps[place], scale), samples.boxes.get(name, ()))
            Image.fromarray(laid).save(folder / "heatmaps" / f"{name}.png")


def _of_kind(rows: pd.DataFrame, kind: Kind, count: int) -> pd.DataFrame:
    alike = rows[(rows["abnormal"].astype(bool) == kind.abnormal) & ((rows["verdict"] == "abnormal") == kind.called)]
    ordered = alike.sort_values(["score", "image"], ascending=[not kind.called, True], kind="stable")
    if kind.abnormal != kind.called or len(ordered) <= count:
        return ordered.head(count)
    return ordered.iloc[np.linspace(0, len(ordered) - 1, count).round().astype(int)]


def _card(row: dict[Any, Any], samples: Samples, place: int, scale: MapScale | None, kind: Kind) -> Card:
    image, side = samples.images[place], LARGE_SIDE if kind.mistake else SHOWN_SIDE
    laid = ""
    if samples.heatmaps is not None and scale is not None:
        laid = jpeg_uri(overlay(image, samples.heatmaps[place], scale), side)
    return Card(
        name=str(row["image"]),
        score=float(row["score"]),
        probability=float(row["probability"]),
        picture=jpeg_uri(_grey(image), side),
        overlay=laid,
        finding="",
        caption="",
        boxes=tuple(_shown(box, image.shape[-1]) for box in samples.boxes.get(str(row["image"]), ())),
    )


def _shown(drawn: FindingBox, side: int) -> ShownBox:
    return ShownBox(drawn.finding, **{name: 100 * value / side for name, value in vars(drawn.box).items()})


def outlined(pixels: Bytes, boxes: Sequence[FindingBox]) -> Bytes:
    """Return a picture, uint8 (S, S, 3), with a line one pixel wide around each box."""
    drawn = pixels.copy()
    for one in boxes:
        inside = box_mask([one.box], len(pixels))
        core = np.pad(inside, 1)
        within = core[:-2, 1:-1] & core[2:, 1:-1] & core[1:-1, :-2] & core[1:-1, 2:]
        drawn[inside & ~within] = BOX_COLOUR
    return drawn


def _label(kind: Kind) -> str:
    return "abnormal" if kind.abnormal else "normal"


def _caption(kind: Kind, finding: str, over: float) -> str:
    called = "abnormal" if kind.called else "normal"
    where = f"{number(abs(over))} {'above' if over > 0 else 'below'} the threshold" if over else "at the threshold"
    return f"{kind.single}: {finding}, called {called}, {where}."


def jpeg_uri(pixels: Bytes, side: int = SHOWN_SIDE) -> str:
    """Return a picture, uint8 (r, c) or (r, c, 3), of at most `side` pixels a side as a data URI for a page."""
    picture = Image.fromarray(pixels)
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    into = BytesIO()
    picture.save(into, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(into.getvalue()).decode()


def _grey(image: Images) -> Bytes:
    return np.asarray(np.round(np.clip(np.nan_to_num(image), 0, 1) * 255), dtype=np.uint8)
