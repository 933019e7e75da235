"""Ribs: twelve pairs of flat shells that fall from the spine round the chest to the front."""

import numpy as np

from xray_platform.phantoms.parameters import Subject
from xray_platform.phantoms.thorax import inner_depth, inner_width
from xray_platform.phantoms.tubes import Tube

VERTEBRA_MM = (4, 22, 41, 61, 82, 104, 127, 150, 174, 198, 224, 251)
DROP_MM = (34, 58, 74, 88, 98, 106, 112, 114, 108, 98, 66, 44)
FRONT_END = (0.80, 0.80, 0.79, 0.78, 0.77, 0.76, 0.74, 0.71, 0.67, 0.62, 0.50, 0.36)  # share of the way round
HALF_HEIGHT, HALF_THICK = 6.6, 3.6
STEPS = 56


def ribs(subject: Subject) -> list[Tube]:
    """Return the twelve pairs as shells; slight irregularities come from the subject's seed."""
    rng = np.random.default_rng([subject.seed, 12])
    return [_rib(number, side, subject, rng) for number in range(12) for side in (-1, 1)]


def _rib(number: int, side: int, subject: Subject, rng: np.random.Generator) -> Tube:
    share = np.linspace(0.055, FRONT_END[number], STEPS)
    angle = share * np.pi
    drop = DROP_MM[number] * subject.rib_drop * (1 + 0.05 * rng.standard_normal())
    rise = 5.0 * np.exp(-(((share - 0.16) / 0.09) ** 2))
    y = VERTEBRA_MM[number] + rng.normal(0, 1.0) + drop * ((1 - np.cos(angle)) / 2) ** 0.85 - rise
    outer = inner_width(y) + HALF_THICK + 0.5
    if number < 2:
        outer = np.full_like(outer, (58.0, 84.0)[number])
    deep = (inner_depth(y) + HALF_THICK) * subject.depth
    bend = np.sin(angle)
    x = side * outer * np.maximum(bend, 0) ** 0.82
    z = -deep * np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.9
    points = np.stack([x, y, z], axis=1)
    return _shell(points, subject.bone, broad=1.25 if number == 0 else 1.0)


def _shell(points: np.ndarray, bone: float, broad: float) -> Tube:
    """A rib is twice as high as thick, so that it looks thin where it runs along the beam at the chest wall."""
    step = np.gradient(points, axis=0)
    upright = np.abs(step[:, 1]) / np.maximum(np.hypot(step[:, 0], step[:, 1]), 1e-6)
    frontal = np.hypot(step[:, 0], step[:, 1]) / np.linalg.norm(step, axis=1)
    flat = np.clip(upright**3 * (1 - frontal**6) + (upright > 0.985) * 0.3, 0, 1)
    half_width = (HALF_HEIGHT * broad) * (1 - flat) + HALF_THICK * flat
    ends = np.clip(np.linspace(0.75, 12, len(points)), 0, 1)
    section = 2.05 * bone * broad * ends
    return Tube(points, half_width * ends, section, hollow=0.84)
