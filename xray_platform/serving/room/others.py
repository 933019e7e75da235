"""Others: images of the store that are looked at beside an open one: earlier ones of the same subject, similar ones."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from xray_platform.errors import InputError
from xray_platform.imaging.registration import register
from xray_platform.serving.http.reader import ShownImage
from xray_platform.tables.all import IMAGES, PREDICTIONS
from xray_platform.tables.places import Places


@dataclass(frozen=True)
class OtherImage:
    """Another image of the open one's subject: how many days after it (before: negative), and what the champion said.

    Dates of a subject are moved by the same weeks, so that days between them are true. `days` is None where a date is
    unknown.
    """

    image: str
    view: str | None
    days: int | None
    probability: float | None
    verdict: str | None


def other_images(places: Places, image: str) -> list[OtherImage]:
    """Return all other images of the subject of `image`, the oldest first, those without a date last."""
    columns = ("image", "subject", "study_date", "view_position")
    images = IMAGES.read(places, columns=columns).astype({"image": str})
    own = images[images["image"] == image].to_dict("records")
    if not own:
        raise InputError("the store has no such image")
    others = images[(images["subject"] == own[0]["subject"]) & (images["image"] != image)]
    predictions = PREDICTIONS.read(places, columns=("image", "probability", "verdict")).astype({"image": str})
    kept = predictions[predictions["image"].isin(others["image"])].to_dict("records")
    said = {row["image"]: row for row in kept}
    found = [_other(row, own[0], said.get(row["image"], {})) for row in others.to_dict("records")]
    return sorted(found, key=lambda one: (one.days is None, one.days or 0, one.image))


def _other(row: Mapping[Hashable, Any], own: Mapping[Hashable, Any], said: Mapping[Hashable, Any]) -> OtherImage:
    days = _days(own["study_date"], row["study_date"])
    return OtherImage(row["image"], _text(row["view_position"]), days, said.get("probability"), said.get("verdict"))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _days(start: object, end: object) -> int | None:
    first, last = _text(start), _text(end)
    return (date.fromisoformat(last[:10]) - date.fromisoformat(first[:10])).days if first and last else None


@dataclass(frozen=True)
class Beside:
    """An image laid over the open one: its pixels, of the open one's size and in the open one's window."""

    pixels: bytes
    correlation: float
    registered: bool


def laid_over(other: ShownImage, shown: ShownImage) -> Beside:
    """Lay a standard image over the shown one, and bring the window of the first to that of the second."""
    moving, fixed = (np.frombuffer(one.pixels, "<u2").reshape(one.rows, one.columns) for one in (other, shown))
    laid = register(moving, fixed)
    (low, high), (to_low, to_high) = other.window, shown.window
    toned = (laid.pixels - low) * ((to_high - to_low) / max(high - low, 1)) + to_low
    pixels = np.clip(np.rint(toned), 0, 65535).astype("<u2")
    return Beside(pixels.tobytes(), laid.correlation, laid.found)
