"""Ribs: twelve pairs of flat shells that fall from the spine round the chest to the front."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.parameters import Subject
from xray_platform.phantoms.thorax import inner_depth, inner_width
from xray_platform.phantoms.tubes import LONG_BONE, Tubes

VERTEBRA_MM = (4, 22, 41, 61, 82, 104, 127, 150, 174, 198, 224, 251)
DROP_MM = (60, 84, 104, 124, 142, 158, 168, 174, 182, 196, 250, 330)
FRONT_END = (0.83, 0.85, 0.85, 0.84, 0.84, 0.83, 0.81, 0.77, 0.70, 0.63, 0.50, 0.36)  # share of the way round
BULGE = 0.64  # below 1: the cage is more square than round, as seen from above
FALL = 1.9  # ribs leave the spine level and fall ever more steeply
UPPER_RIBS_MM = (60.0, 88.0)  # the first two lie round the apex
HALF_HEIGHT, HALF_THICK = 7.2, 3.6
LEAST_WIDTH = np.tile([8.0, 7.0, 5.6, *[4.8] * 9], 2)[:, None]  # the upper ribs lie flat, so none of them is thin
FLAT = [0, 1, 12, 13]  # they would show as bright points where they run along the beam
STEPS = 44
MINERAL = 2.0  # attenuation of a rib integrated over its section, mm


def ribs(subject: Subject) -> Tubes:
    """Return the twelve pairs as one bundle; slight irregularities come from the subject's seed."""
    share, outer_share = _share()
    rng = np.random.default_rng([subject.seed, 12])
    drop = np.array(DROP_MM)[:, None] * subject.rib_drop * rng.normal(1, 0.035, (2, 12, 1))
    start = np.array(VERTEBRA_MM)[:, None] + rng.normal(0, 1.0, (2, 12, 1))
    y = start + drop * share**FALL - 4.0 * np.exp(-(((share - 0.15) / 0.08) ** 2))
    outer = inner_width(y) + HALF_THICK + 0.5
    outer[:, :2] = np.array(UPPER_RIBS_MM)[:, None]
    deep = (inner_depth(y) + HALF_THICK) * subject.depth
    angle = share * np.pi
    x = np.array([-1, 1])[:, None, None] * outer * outer_share
    z = -deep * np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.9
    points = np.stack([x, y, z + 0 * x], axis=-1).reshape(24, STEPS, 3)
    return _flat_shells(points, subject)


@lru_cache(maxsize=1)
def _share() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how far round the chest each point of each rib is, and how far out, both (12, STEPS)."""
    end = np.array(FRONT_END)[:, None]
    share = 0.010 + (end - 0.010) * np.linspace(0, 1, STEPS) ** 1.4
    return share, np.sin(share * np.pi) ** BULGE


def _flat_shells(points: NDArray[np.float64], subject: Subject) -> Tubes:
    """A rib is an upright oval: seen broad from the front, and thin where it runs along the beam at the chest wall."""
    along = np.gradient(points, axis=1)
    along /= np.linalg.norm(along, axis=2, keepdims=True)
    outwards = points * np.array([1.0, 0.0, 1.0])
    outwards -= (outwards * along).sum(axis=2, keepdims=True) * along
    outwards /= np.linalg.norm(outwards, axis=2, keepdims=True)
    upright = np.cross(along, outwards)
    in_plane = np.maximum(np.hypot(along[..., 0], along[..., 1]), 1e-6)
    normal_x, normal_y = along[..., 1] / in_plane, -along[..., 0] / in_plane
    broad = np.ones((12, 1))
    broad[0] = 1.35
    broad = (
        np.tile(broad, (2, 1)) * np.clip(np.linspace(0.6, 6, STEPS), 0, 1) * np.clip(np.linspace(6, 0.2, STEPS), 0, 1)
    )
    half_width = broad * np.hypot(
        HALF_HEIGHT * (upright[..., 0] * normal_x + upright[..., 1] * normal_y),
        HALF_THICK * (outwards[..., 0] * normal_x + outwards[..., 1] * normal_y),
    )
    half_width = np.maximum(half_width, LEAST_WIDTH * np.minimum(broad, 1))
    front = np.tile(np.clip((_share()[0] - 0.42) / 0.22, 0, 1), (2, 1))  # there the cortex is thinner
    seen = np.ones_like(in_plane)
    seen[FLAT] = np.clip(in_plane[FLAT] / 0.75, 0.1, 1)
    section = MINERAL * subject.bone * broad * (1 - 0.5 * front) * seen
    return Tubes(points.astype(np.float32), half_width.astype(np.float32), section.astype(np.float32), LONG_BONE)
