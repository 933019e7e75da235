"""Registration: one image of a chest moved, turned and stretched until it lies over another of the same chest."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from xray_platform.imaging.pixel_range import Pixels

SIDE = 192  # px, longer side, at which the place is looked for
STEPS, SMALLEST_STEP = 80, 1e-4  # of the search
SMOOTHED = 5  # px, width of the Gaussian that the search sees images through
FAIR = 0.6  # correlation below which what was found is not believed


@dataclass(frozen=True)
class Registered:
    """An image laid over another, of its size; `correlation` of both where they are looked at, -1 to 1.

    `found` is False where no place was believable: then it was only brought to the other's size.
    """

    pixels: Pixels
    correlation: float
    found: bool


def register(moving: Pixels, fixed: Pixels) -> Registered:
    """Return `moving` (rows, columns) uint16 laid over `fixed` by an affine map (Evangelidis and Psarakis, PAMI 2008).

    The map is the one that correlates most, whatever the brightness and contrast of the two.
    """
    rows, columns = fixed.shape
    start = np.array([[moving.shape[1] / columns, 0, 0], [0, moving.shape[0] / rows, 0]], np.float32)
    small_fixed, small_moving = _small(fixed), _small(moving)
    try:
        correlation, found = cv2.findTransformECC(
            small_fixed,
            small_moving,
            _scaled(start, small_fixed, fixed, small_moving, moving),
            cv2.MOTION_AFFINE,
            (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, STEPS, SMALLEST_STEP),
            np.ones(small_moving.shape, np.uint8),
            SMOOTHED,
        )
    except cv2.error:  # it did not converge
        correlation, found = 0.0, None
    believed = found is not None and correlation >= FAIR
    place = _scaled(np.asarray(found, np.float32), fixed, small_fixed, moving, small_moving) if believed else start
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(moving, place, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return Registered(np.asarray(moved, np.uint16), float(correlation), believed)


def _small(image: Pixels) -> npt.NDArray[np.float32]:
    scale = SIDE / max(image.shape)
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32) / np.float32(65535)


def _scaled(
    place: npt.NDArray[np.float32],
    to: npt.NDArray[np.generic],
    of: npt.NDArray[np.generic],
    moving_to: npt.NDArray[np.generic],
    moving_of: npt.NDArray[np.generic],
) -> npt.NDArray[np.float32]:
    """Return a map between images of other sizes: from places of `to` to places of `moving_to`."""
    fixed = np.diag([of.shape[1] / to.shape[1], of.shape[0] / to.shape[0], 1.0])
    moving = np.diag([moving_to.shape[1] / moving_of.shape[1], moving_to.shape[0] / moving_of.shape[0]])
    return np.asarray(moving @ place @ fixed, np.float32)
