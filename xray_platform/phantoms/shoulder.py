"""Shoulder: clavicles, scapulae and the upper ends of the arms."""

import cv2
import numpy as np

from xray_platform.phantoms.frame import Field, Frame
from xray_platform.phantoms.parameters import Pose, Subject
from xray_platform.phantoms.tubes import Line, Tube, tube

# The scapula in its own plane, mm, as seen when it lies off the lung: x outwards, y down.
BLADE = ((112, 8), (126, 0), (150, 4), (166, 22), (158, 48), (150, 85), (140, 122), (131, 140), (122, 132), (114, 96), (108, 50))  # fmt: skip
LATERAL_EDGE = ((163, 30), (160, 48), (153, 80), (144, 112), (134, 136), (130, 140))
MEDIAL_EDGE = ((112, 8), (109, 30), (108, 52), (112, 90), (120, 124), (127, 139))
RIDGE = ((110, 30), (128, 20), (146, 8), (164, -8), (180, -14), (192, -6))
GLENOID = ((166, 4), (172, 14), (173, 26), (168, 36))
CORACOID = ((158, 8), (150, 2), (148, -6), (154, -8))


def shoulders(subject: Subject, pose: Pose) -> list[Tube]:
    """Return clavicles, edges of the scapulae and humeri as tubes."""
    return [part for side in (-1, 1) for part in _one_side(side, subject, pose)]


def _one_side(side: int, subject: Subject, pose: Pose) -> list[Tube]:
    bone, out = subject.bone, subject.shoulder_mm
    away = out + pose.scapula_mm
    lift = 4 * side + (0 if pose.view == "PA" else -6)
    parts = [tube(_clavicle(side, out, lift), _clavicle_width(), 0.030 * bone, hollow=0.72)]
    for outline, width, strength in (
        (LATERAL_EDGE, 3.4, 0.022),
        (MEDIAL_EDGE, 1.3, 0.020),
        (RIDGE, 4.2, 0.013),
        (GLENOID, 2.2, 0.024),
        (CORACOID, 4.5, 0.012),
    ):
        parts.append(tube(_bent(outline, side, away, -70.0), width, strength * bone, hollow=0.35))
    return [*parts, *_humerus(side, away, pose, bone)]


def _clavicle(side: int, out: float, lift: float) -> Line:
    t = np.linspace(0, 1, 40)
    x = 20 + (150 + out) * t
    y = 52 - 46 * t**0.8 + 6.0 * np.sin(2 * np.pi * t) + lift * t - 6
    return np.stack([side * x, y, 62 - 90 * t**1.4], axis=1)


def _clavicle_width() -> Line:
    t = np.linspace(0, 1, 40)
    return 5.6 + 4.0 * np.exp(-((t / 0.07) ** 2)) + 1.6 * t**2


def _bent(outline: tuple[tuple[float, float], ...], side: int, away: float, z: float) -> Line:
    """Return a smooth curve through the outline's points."""
    points = np.array(outline, dtype=float)
    t = np.linspace(0, len(points) - 1, 6 * len(points))
    x = np.interp(t, np.arange(len(points)), points[:, 0])
    y = np.interp(t, np.arange(len(points)), points[:, 1])
    kernel = np.array([1, 3, 5, 6, 5, 3, 1]) / 24
    x = np.convolve(np.pad(x, 3, mode="edge"), kernel, mode="valid")
    y = np.convolve(np.pad(y, 3, mode="edge"), kernel, mode="valid")
    return np.stack([side * (x + away), y, np.full_like(x, z)], axis=1)


def _humerus(side: int, away: float, pose: Pose, bone: float) -> list[Tube]:
    t = np.linspace(0, 1, 30)
    lean = 26 if pose.view == "PA" else 10
    head = np.array([194.0 + away, 20.0])
    ball_y = np.linspace(-21, 21, 24)
    ball = np.stack([np.full(24, side * head[0]), head[1] + ball_y, np.full(24, -20.0)], axis=1)
    radius = np.sqrt(np.clip(22.0**2 - ball_y**2, 4, None))
    shaft = np.stack([side * (head[0] + 8 + lean * t), head[1] + 14 + 190 * t, np.full(30, -20.0)], axis=1)
    return [
        Tube(ball, radius, 0.0055 * bone * np.pi * radius**2),
        tube(shaft, 11.5 - 1.5 * t + 6 * np.exp(-((t / 0.12) ** 2)), 0.024 * bone, hollow=0.66),
    ]


def blades(frame: Frame, subject: Subject, pose: Pose) -> Field:
    """Return the attenuation of the flat parts of the scapulae, float32 (rows, columns)."""
    field = np.zeros((frame.rows, frame.columns), dtype=np.float32)
    for side in (-1, 1):
        points = _bent((*BLADE, BLADE[0]), side, subject.shoulder_mm + pose.scapula_mm, -70.0)
        x, y = frame.project(*points.T)
        corners = np.stack([frame.column(x), frame.row(y)], axis=1)
        cv2.fillPoly(field, [np.round(corners * 16).astype(np.int32)], 0.085 * subject.bone, cv2.LINE_8, 4)
    return np.asarray(cv2.GaussianBlur(field, (0, 0), 1.6 / frame.pixel_y))
