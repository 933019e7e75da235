"""Find colour map: tell whether a picture was painted with a colour map, with which, and through which tone curve."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from xray_platform.imaging.repair.colour_maps import ColourMap, known_maps, named_map
from xray_platform.imaging.repair.level_prior import level_prior
from xray_platform.imaging.repair.levels import Mask, to_byte

BANDS = 64
"""Bands of grey level in which colours are compared."""
SAMPLED = 1500
"""Colours of a picture that are compared with the maps."""
SPREAD = 18.0
"""Levels by which the colour of a median-filtered pixel strays from the map's."""
COLOURED = 24.0
"""Median distance between the largest and smallest channel above which a picture counts as coloured."""


@dataclass(frozen=True)
class Tone:
    """What was done to the colours after painting: contrast about black, clipping, and a squeeze into low to high.

    colour → low + (high - low) * clip(gain * colour, 0, 1); gain 1, low 0 and high 255 leave it as it is.
    """

    gain: float = 1.0
    low: float = 0.0
    high: float = 255.0

    def apply(self, colours: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return colours 0 to 255 for colours 0 to 1."""
        return np.asarray(self.low + (self.high - self.low) * np.clip(self.gain * colours, 0, 1), np.float32)


@dataclass(frozen=True)
class FalseColour:
    """The colour map of a painted picture, the tone curve behind it, and how well both explain its colours."""

    name: str
    tone: Tone
    distance: float
    """Median distance of the picture's colours from the map's, in levels."""
    second: str
    """The map that explains them second best."""
    second_distance: float
    chroma: float
    """Median distance between the largest and the smallest channel, in levels."""

    def curve(self) -> NDArray[np.float32]:
        """Return the colour (64, 3; 0 to 255) of each band of four grey levels."""
        return curve_of(named_map(self.name), self.tone)


def curve_of(colour_map: ColourMap, tone: Tone) -> NDArray[np.float32]:
    """Return the colour (64, 3; 0 to 255) of each band of four grey levels."""
    return np.asarray(tone.apply(colour_map.colours).reshape(BANDS, -1, 3).mean(axis=1), np.float32)


def find_false_colour(levels: NDArray[np.float32], usable: Mask) -> FalseColour | None:
    """Return the colour map of a picture (r, c, 3; levels 0 to 255), None where it is hardly coloured.

    The colours are freed from noise by a 5 x 5 median. A map explains them by the mixture of its colours, each weighted
    with how often its grey level stands in chest films: this weighs how much of the picture each colour fills, and so
    finds the gain of a tone curve that clips, whose colours alone say nothing of where on the scale they began to.
    """
    if levels.shape[2] != 3 or usable.sum() < 200:
        return None
    colours = _sample_colours(levels, usable)
    chroma = float(np.median(colours.max(axis=1) - colours.min(axis=1)))
    if chroma < COLOURED:
        return None
    fits = sorted((_fit(known, colours) for known in known_maps()), key=lambda fit: fit[0])
    refined = sorted((_refine(known, tone, colours) for _, known, tone in fits[:2]), key=lambda fit: fit[0])
    (_, best, tone), (_, second, second_tone) = refined[0], refined[1]
    distance, second_distance = (
        _distance(curve_of(best, tone), colours),
        _distance(curve_of(second, second_tone), colours),
    )
    return FalseColour(best.name, tone, distance, second.name, second_distance, chroma)


Fit = tuple[float, ColourMap, Tone]


def _sample_colours(levels: NDArray[np.float32], usable: Mask) -> NDArray[np.float32]:
    """Return up to about 1,500 colours of the usable pixels, freed from noise."""
    smooth = cv2.medianBlur(to_byte(levels), 5)
    colours = smooth[cv2.erode(usable.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0]
    if len(colours) < 100:
        colours = smooth[usable]
    return colours[:: max(len(colours) // SAMPLED, 1)].astype(np.float32)


def _fit(colour_map: ColourMap, colours: NDArray[np.float32]) -> Fit:
    """Return the best of a few tone curves for a map."""
    low, high = (float(value) for value in np.quantile(colours, (0.01, 0.99)))
    tones = [Tone()] + [Tone(gain, low, high) for gain in (1.0, 1.5, 2.0, 3.0)]
    few = colours[::4]
    return min(((_misfit(curve_of(colour_map, tone), few), colour_map, tone) for tone in tones), key=lambda fit: fit[0])


def _refine(colour_map: ColourMap, tone: Tone, colours: NDArray[np.float32]) -> Fit:
    """Return the fit with its tone curve adjusted."""

    def misfit(x: NDArray[np.float64]) -> float:
        return _misfit(curve_of(colour_map, _tone(x)), colours)

    start = np.array([np.log(tone.gain), tone.low / 50, tone.high / 50])
    simplex = start + np.vstack([np.zeros(3), np.eye(3) * 0.25])
    solved = minimize(
        misfit, start, method="Nelder-Mead", options={"initial_simplex": simplex, "maxfev": 120, "xatol": 5e-3}
    )
    plain = misfit(np.array([0.0, 0.0, 5.1]))
    if plain <= float(solved.fun) + 0.02:
        return plain, colour_map, Tone()
    return float(solved.fun), colour_map, _tone(solved.x)


def _tone(x: NDArray[np.float64]) -> Tone:
    low = float(np.clip(50 * x[1], 0, 120))
    return Tone(float(np.clip(np.exp(x[0]), 0.5, 6.0)), low, float(np.clip(50 * x[2], low + 60, 255)))


def _squares(curve: NDArray[np.float32], colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the squared distance (colours, bands) of each colour from each band's."""
    squares = (colours**2).sum(axis=1)[:, None] - 2 * colours @ curve.T + (curve**2).sum(axis=1)
    return np.asarray(np.maximum(squares, 0), np.float32)


def _misfit(curve: NDArray[np.float32], colours: NDArray[np.float32]) -> float:
    """Return the mean negative logarithm of the mixture's density, with a floor for colours that fit no band."""
    density = np.exp(-_squares(curve, colours) / (2 * SPREAD**2)) @ level_prior()
    return float(-np.log(density + 1e-4).mean())


def _distance(curve: NDArray[np.float32], colours: NDArray[np.float32]) -> float:
    return float(np.median(np.sqrt(_squares(curve, colours).min(axis=1))))
