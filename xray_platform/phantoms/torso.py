"""Torso: the thickness of the soft body along the beam: trunk, neck, shoulders, arms and breasts."""

import numpy as np

from xray_platform.phantoms.body_grid import BodyGrid, Field
from xray_platform.phantoms.outline import border, chord
from xray_platform.phantoms.parameters import Pose, Subject

SHOULDER = ((-120, 62), (-75, 60), (-50, 62), (-30, 78), (-18, 105), (-5, 140), (10, 168), (30, 188), (60, 200))

CHEST = ((40, 148), (90, 145), (150, 146), (220, 149), (320, 148))
HALF_DEPTH = ((-120, 52), (-60, 50), (-30, 51), (0, 58), (40, 73), (80, 87), (130, 100), (180, 106), (320, 106))


def soft_tissue(grid: BodyGrid, subject: Subject, pose: Pose) -> Field:
    """Return the thickness of the body as if it were all soft tissue, mm, float32 (rows, columns)."""
    body = np.maximum(_trunk(grid, subject), _arms(grid, subject, pose))
    return body + _breasts(grid, subject, pose)


def _trunk(grid: BodyGrid, subject: Subject) -> Field:
    y, x = grid.y, np.abs(grid.x)
    wall = 16 + 0.9 * subject.fat_mm
    chest = border(CHEST, y) + wall
    shoulder = border(SHOULDER, y) + 0.4 * subject.fat_mm + (subject.shoulder_mm * np.clip((y + 40) / 80, 0, 1))
    low = np.clip((y - 35) / 55, 0, 1)
    half_width = shoulder + (chest - shoulder) * low * low * (3 - 2 * low)
    half_depth = border(HALF_DEPTH, y) * subject.depth + 0.8 * subject.fat_mm
    u = np.minimum(x / half_width, 1)
    u *= u
    box = 0.65 * np.clip(1 - y / 110, 0, 1) * np.clip((y + 60) / 50, 0, 1)  # shoulders are square, chest and neck round
    return np.asarray(2 * half_depth * np.sqrt(1 - u * (1 - box + box * u * u)), dtype=np.float32)


def _arms(grid: BodyGrid, subject: Subject, pose: Pose) -> Field:
    y, x = grid.y, np.abs(grid.x)
    spread = 26 if pose.view == "PA" else 12
    centre = 182 + 0.9 * subject.fat_mm + subject.shoulder_mm + spread * np.clip((y - 20) / 120, 0, 1.6)
    half_width = 44 + 0.5 * subject.fat_mm
    inside = half_width - np.abs(x - centre)
    round_top = chord((y + 12).astype(np.float32), 50.0)
    return np.asarray(1.7 * half_width * chord(inside.astype(np.float32), half_width) * round_top, dtype=np.float32)


def _breasts(grid: BodyGrid, subject: Subject, pose: Pose) -> Field:
    """Two rounded bodies with a sharp lower fold; pressed flat against the detector in PA."""
    if subject.breast_mm <= 0:
        return np.zeros((1, 1), dtype=np.float32)
    y, x = grid.y, np.abs(grid.x)
    radius = subject.breast_mm
    centre_y = 172 + 0.30 * radius
    centre_x = 84 + (10 if pose.view == "AP" else 0)
    above, below = np.clip(centre_y - y, 0, None) / (1.5 * radius), np.clip(y - centre_y, 0, None) / (0.72 * radius)
    across = (x - centre_x) / (1.12 * radius)
    middle = np.clip(1 - across * across, 1e-6, None)  # squared thickness at the height of the centre, (1, columns)
    fading = np.clip(1 - above * above / middle, 0, None)  # upwards it fades away, downwards it ends in a fold
    falling = np.clip(middle - below * below, 0, None)
    thick = (0.78 if pose.view == "PA" else 0.5) * radius
    return np.asarray(thick * np.sqrt(falling) * fading * fading, dtype=np.float32)
