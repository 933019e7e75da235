"""Damage: paint, disturb and blank out clean pictures at random, as training examples for the restorer."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.imaging.corruptions import disc_mask
from xray_platform.imaging.repair.colour_maps import named_map
from xray_platform.imaging.repair.find_colour_map import Tone, curve_of

MAPS = ("jet", "turbo", "rainbow", "hot", "parula", "viridis", "plasma", "inferno", "cubehelix", "nipy_spectral")
JET_SHARE = 0.6


@dataclass(frozen=True)
class Damage:
    """All that is drawn at random for one picture; `damage` itself decides nothing."""

    colour_map: str
    tone: Tone
    assumed_tone: Tone
    """The tone curve that an analysis of the picture would come to, a little off the true one."""
    strength: tuple[float, float, float]
    """Noise of red, green and blue where they are brightest, in levels before the squeeze into low to high."""
    early: bool
    """Whether the noise came before the squeeze, which then keeps it between low and high."""
    growth: float
    """Power of the level that noise grows with: 0 Gaussian, 1 speckle, more where only bright channels suffer."""
    impulses: float
    tilt: float
    """Degrees by which the picture lies turned on an empty canvas after the noise came; 0: not turned."""
    disc: tuple[float, float, float]
    """Centre and radius of a black disc, as shares of the picture's side; radius 0: none."""
    quality: int
    """JPEG quality; 0: not compressed."""
    seed: int


@dataclass(frozen=True)
class Damaged:
    """A damaged picture (r, c, 3; red, green, blue), its clean grey (r, c) in the same place, and where what is known.

    `inside` holds for all of the picture, `usable` for what is left of it beside its edge and the disc.
    """

    picture: NDArray[np.uint8]
    target: NDArray[np.uint8]
    inside: NDArray[np.bool_]
    usable: NDArray[np.bool_]


def sample_damage(rng: np.random.Generator) -> Damage:
    """Draw one damage: half of them hard (a clipped tone curve and strong noise), half anything."""
    hard = rng.random() < 0.5
    tone = _sample_tone(rng, hard)
    off = rng.normal(0, 1, 3)
    believed = Tone(
        tone.gain * float(np.exp(0.1 * off[0])),
        max(tone.low + float(4 * off[1]), 0.0),
        min(tone.high + float(6 * off[2] - 6), 255.0),
    )
    base = rng.uniform(60, 160) if hard else rng.choice([3.0, 15.0, 40.0, 90.0])
    strength = base * rng.choice([0.15, 1.0, 1.0], 3) * rng.uniform(0.7, 1.3, 3)
    return Damage(
        colour_map="jet" if hard or rng.random() < JET_SHARE else str(rng.choice(MAPS)),
        tone=tone,
        assumed_tone=believed,
        strength=(float(strength[0]), float(strength[1]), float(strength[2])),
        early=bool(rng.random() < 0.7),
        growth=float(rng.uniform(1.0, 4.0)) if hard else float(rng.choice([0.0, 1.0, 2.0, 4.0])),
        impulses=float(rng.choice([0.0, 0.0, rng.uniform(0.0, 0.08)])),
        tilt=float(rng.uniform(-10, 10)) if rng.random() < 0.5 else 0.0,
        disc=_sample_disc(rng),
        quality=int(rng.integers(80, 98)) if rng.random() < 0.7 else 0,
        seed=int(rng.integers(2**31)),
    )


def _sample_tone(rng: np.random.Generator, hard: bool) -> Tone:
    gain = float(rng.uniform(1.5, 2.6)) if hard else float(rng.choice([1.0, rng.uniform(1.0, 2.6)]))
    if hard or rng.random() < 0.5:
        return Tone(gain, float(rng.uniform(5, 60)), float(rng.uniform(215, 255)))
    return Tone(gain)


def _sample_disc(rng: np.random.Generator) -> tuple[float, float, float]:
    row, column = (float(place) for place in rng.uniform(0.1, 0.9, 2))
    return row, column, float(rng.choice([0.0, rng.uniform(0.03, 0.1)]))


def damage(clean: NDArray[np.uint8], how: Damage) -> Damaged:
    """Return a clean picture (r, c) damaged.

    In this order: paint, gain, noise, squeeze, impulses, turn on an empty canvas, blank a disc, compress.
    """
    rng = np.random.default_rng(how.seed)
    noisy = _throw(_disturb(named_map(how.colour_map).colours[clean], how, rng), how.impulses, rng)
    turned, target, inside = _turn(noisy, clean, how.tilt)
    left = inside & ~disc_mask(clean.shape, *how.disc)
    turned[~left] = 0
    usable = cv2.erode(left.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return Damaged(_compress(turned, how.quality), target, inside, usable)


def believed_curve(how: Damage) -> NDArray[np.float32]:
    """Return the colours (64, 3) that an analysis would believe each band of levels to have."""
    return curve_of(named_map(how.colour_map), how.assumed_tone)


def _disturb(painted: NDArray[np.float32], how: Damage, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Apply gain, noise and squeeze to colours 0 to 1."""
    bright = np.clip(how.tone.gain * painted, 0, 1)
    noise = rng.standard_normal(painted.shape, np.float32) * bright**how.growth * np.array(how.strength, np.float32)
    disturbed = bright + noise / 255
    share = np.clip(disturbed, 0, 1) if how.early else disturbed
    squeezed = how.tone.low + (how.tone.high - how.tone.low) * share
    return np.asarray(np.clip(np.rint(squeezed), 0, 255), np.uint8)


def _throw(picture: NDArray[np.uint8], share: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Set a share of all values of all channels to black or white."""
    thrown = rng.random(picture.shape, np.float32) < share
    picture[thrown] = rng.choice(np.array([0, 255], np.uint8), int(thrown.sum()))
    return picture


def _turn(
    picture: NDArray[np.uint8], clean: NDArray[np.uint8], degrees: float
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.bool_]]:
    if degrees == 0.0:
        return picture, clean, np.ones(clean.shape, bool)
    rows, columns = clean.shape
    matrix = cv2.getRotationMatrix2D((columns / 2 - 0.5, rows / 2 - 0.5), degrees, 1.0)
    turned = cv2.warpAffine(picture, matrix, (columns, rows), flags=cv2.INTER_LINEAR)
    target = cv2.warpAffine(clean, matrix, (columns, rows), flags=cv2.INTER_CUBIC)
    inside = cv2.warpAffine(np.ones_like(clean), matrix, (columns, rows), flags=cv2.INTER_NEAREST)
    return np.asarray(turned, np.uint8), np.asarray(target, np.uint8), inside > 0


def _compress(picture: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """Compress as JPEG, colour at half resolution, and read again."""
    if quality == 0:
        return picture
    _, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[..., ::-1])
