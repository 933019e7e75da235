"""Diagnose: say what is wrong with a picture and how sure that is, before anything is repaired."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.imaging.repair.channels import ChannelNoise, measure_noise
from xray_platform.imaging.repair.defects import Defect, DetectedDefect, Diagnosis
from xray_platform.imaging.repair.exposure import Exposure, measure_exposure
from xray_platform.imaging.repair.find_colour_map import FalseColour, find_false_colour
from xray_platform.imaging.repair.levels import Mask, channels_of, check_picture
from xray_platform.imaging.repair.missing import MissingRegion, find_missing
from xray_platform.imaging.repair.outline import Outline, find_outline

LEAST = 0.05
"""Defects that are less sure than this are not reported."""
SURE = 0.5
"""Defects at least this sure guide the analysis of what remains."""
FRAME = (slice(None), (0, -1))
"""The first and the last column."""
BLACK = 30.0
"""A colour whose channels all stay below this counts as black."""
TILTED, ASKEW = (0.5, 2.0), (1.5, 5.0)
"""Degrees of tilt from doubtful to sure, in a picture with other damage and in one without."""


def diagnose(picture: NDArray[Any]) -> Diagnosis:
    """Return what is wrong with a picture (r, c) or (r, c, 3; red, green, blue) of uint8 or uint16.

    The order matters: the outline says where the picture lies, the blank regions what of it is there, and colours,
    noise and exposure are measured in what remains. Raises InputError for any other shape or type.
    """
    levels = channels_of(picture, check_picture(picture))
    everywhere = np.ones(levels.shape[:2], bool)
    outline = find_outline(levels)
    warped = outline if outline is not None and _outline_defect(outline, alone=False).confidence >= SURE else None
    inside = warped.inside() if warped else everywhere
    missing = find_missing(levels, inside)
    usable = (warped.inside(1.0) if warped else everywhere) & ~_union(missing, everywhere)
    colour, usable = _colours(levels, usable)
    noise = measure_noise(levels, usable)
    exposure = measure_exposure(levels, usable)
    defects = [
        *(_missing_defect(region) for region in missing),
        *([_colour_defect(colour)] if colour else []),
        *_noise_defects(noise),
        *([] if colour else [_contrast_defect(exposure)]),
    ]
    if outline is not None:
        defects.append(_outline_defect(outline, alone=all(defect.confidence < SURE for defect in defects)))
    reported = sorted((f for f in defects if f.confidence >= LEAST), key=lambda defect: -defect.confidence)
    return Diagnosis(tuple(reported), warped, missing, colour, noise, exposure, usable)


def _colours(levels: NDArray[np.float32], usable: Mask) -> tuple[FalseColour | None, Mask]:
    """Return the colour map, and the usable pixels without black that no colour of the map explains.

    Black that reaches the frame of a coloured picture is empty canvas, unless the map begins with black. Where an
    outline was found, the frame is outside it and nothing is left to look for.
    """
    if levels.shape[2] != 3:
        return None, usable
    canvas = _black_at_frame(levels) if usable[FRAME].any() else np.zeros_like(usable)
    colour = find_false_colour(levels, usable & ~canvas)
    if colour is None or np.linalg.norm(colour.curve(), axis=1).min() < BLACK:
        return colour, usable
    return colour, usable & ~canvas


def _black_at_frame(levels: NDArray[np.float32]) -> Mask:
    """Return black areas that touch the frame, widened by 2 pixels."""
    black = (levels.max(axis=2) < BLACK).astype(np.uint8)
    _, labels = cv2.connectedComponents(cv2.morphologyEx(black, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)))
    frame = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    touching = np.isin(labels, np.unique(frame[frame > 0]))
    return np.asarray(cv2.dilate(touching.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)


def _union(missing: tuple[MissingRegion, ...], everywhere: Mask) -> Mask:
    blank = ~everywhere
    for region in missing:
        if region.confidence >= SURE:
            blank = blank | region.mask
    return blank


def _ramp(value: float, low: float, high: float) -> float:
    """Return 0 at or below `low`, 1 at or above `high`, 0.5 halfway."""
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))


def _outline_defect(outline: Outline, *, alone: bool) -> DetectedDefect:
    """Rate an outline: straight edges, an empty canvas outside, and enough tilt or shift to matter.

    Where nothing else is wrong the tilt must be larger: films that were laid a little askew on the scanner, and
    collimated ones, are sound.
    """
    rows, columns = outline.canvas
    edges = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]]) - 0.5
    shift = float(np.linalg.norm(outline.points - edges, axis=1).max())
    confidence = _ramp(outline.support, 0.5, 0.9) * _ramp(outline.empty, 0.9, 0.99)
    confidence *= _ramp(outline.tilt_degrees, *(ASKEW if alone else TILTED)) * _ramp(
        shift / max(rows, columns), 0.005, 0.02
    )
    evidence = (
        f"four straight edges ({outline.support:.0%} of the weakest on its line), {outline.empty:.1%} of the canvas "
        f"outside is empty, tilted by up to {outline.tilt_degrees:.1f}°, opposite sides differ by "
        f"{outline.perspective:.1%}"
    )
    return DetectedDefect(Defect.OUTLINE, confidence, evidence)


def _missing_defect(region: MissingRegion) -> DetectedDefect:
    x, y = region.centre
    evidence = (
        f"a {region.level} {region.shape} of radius {region.radius:.0f} pixels at column {x:.0f}, row {y:.0f}; "
        f"{region.sharp:.0%} of its edge is sharp, levels inside differ by {region.flat:.1f}"
    )
    return DetectedDefect(Defect.MISSING, region.confidence, evidence)


def _colour_defect(colour: FalseColour) -> DetectedDefect:
    """Rate a colour map: strong colours, close to the map's, and to no other's as well."""
    near = 1.0 - _ramp(colour.distance, 20.0, 45.0)
    confidence = _ramp(colour.chroma, 20.0, 50.0) * near
    tone = colour.tone
    evidence = (
        f"colours lie {colour.distance:.1f} levels from map {colour.name} (next best {colour.second}: "
        f"{colour.second_distance:.1f}), with gain {tone.gain:.2f} and channels from {tone.low:.0f} to {tone.high:.0f}"
    )
    return DetectedDefect(Defect.FALSE_COLOUR, confidence, evidence)


def _noise_defects(noise: tuple[ChannelNoise, ...]) -> list[DetectedDefect]:
    """Rate the noise of the channels: impulses by their share, the rest by its strength and whether it grows."""
    strongest = max(noise, key=lambda channel: channel.sigma)
    impulsive = max(noise, key=lambda channel: channel.impulses)
    figures = "; ".join(channel.describe() for channel in noise)
    strong = _ramp(strongest.sigma, 5.0, 9.0)
    grows = _ramp(strongest.growth * 128 / max(strongest.sigma, 1e-6), 0.4, 0.9)
    return [
        DetectedDefect(
            Defect.IMPULSE, _ramp(impulsive.impulses, 0.003, 0.012), f"strongest in {impulsive.channel}: {figures}"
        ),
        DetectedDefect(Defect.GAUSSIAN, strong * (1 - grows), f"strongest in {strongest.channel}: {figures}"),
        DetectedDefect(
            Defect.SPECKLE,
            strong * grows,
            f"strongest in {strongest.channel}, growing by {strongest.growth:.2f} a level: {figures}",
        ),
    ]


def _contrast_defect(exposure: Exposure) -> DetectedDefect:
    evidence = f"99 % of the pixels lie between levels {exposure.low:.0f} and {exposure.high:.0f} of 255"
    return DetectedDefect(Defect.CONTRAST, 1.0 - _ramp(exposure.span, 0.15, 0.3), evidence)


def region_mask(diagnosis: Diagnosis, sure: float) -> Mask:
    """Return the pixels of all blank regions that are at least `sure`."""
    blank = np.zeros(diagnosis.usable.shape, bool)
    for region in diagnosis.missing:
        if region.confidence >= sure:
            blank |= region.mask
    return blank
