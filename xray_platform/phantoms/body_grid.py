"""Body grid: from the millimetres of a canonical body to the pixels of the detector."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.parameters import PhantomParameters

Field = NDArray[np.float32]

MARGIN = 1.06  # the body is drawn a little larger than the detector, so that a tilted one fills it
SOURCE_MM = {"PA": 1800.0, "AP": 1150.0}
TO_DETECTOR_MM = {"PA": 120.0, "AP": 130.0}
EYE_LEVEL_MM = 128.0  # canonical height that stands in the middle of the detector


@dataclass(frozen=True)
class BodyGrid:
    """A grid over the canonical body: x to the patient's left, y down from the first rib, z to the front, in mm."""

    rows: int
    columns: int
    pixel_y: float  # canonical mm of one row
    pixel_x: float
    magnify: float  # share of magnification for one mm towards the tube (signed by z)
    turn: float

    @cached_property
    def y(self) -> Field:
        """Canonical height of every row, mm, (rows, 1)."""
        steps = np.arange(self.rows, dtype=np.float32) - (self.rows - 1) / 2
        return (steps * self.pixel_y + EYE_LEVEL_MM)[:, None].astype(np.float32)

    @cached_property
    def x(self) -> Field:
        """Canonical x of every column, mm, (1, columns)."""
        steps = np.arange(self.columns, dtype=np.float32) - (self.columns - 1) / 2
        return (steps * self.pixel_x)[None, :].astype(np.float32)

    def row(self, y: NDArray[np.floating]) -> NDArray[np.floating]:
        return (y - EYE_LEVEL_MM) / self.pixel_y + (self.rows - 1) / 2

    def column(self, x: NDArray[np.floating]) -> NDArray[np.floating]:
        return x / self.pixel_x + (self.columns - 1) / 2

    def project(
        self, x: NDArray[np.floating], y: NDArray[np.floating], z: NDArray[np.floating]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Return where points of the body fall in the plane of the grid, mm: turned, and magnified towards the tube."""
        larger = 1 - self.magnify * z
        return (x + self.turn * z) * larger, (y - EYE_LEVEL_MM) * larger + EYE_LEVEL_MM


def body_grid(parameters: PhantomParameters, scale: float) -> BodyGrid:
    """Return the grid for a picture, `scale` times as fine as its detector."""
    rows, columns = parameters.shape
    subject, pose = parameters.subject, parameters.pose
    magnification = 1 + TO_DETECTOR_MM[pose.view] / SOURCE_MM[pose.view]
    mm = pose.field_mm[0] / rows / magnification / scale
    sign = 1 if pose.view == "PA" else -1  # in PA the front of the body is next to the detector
    return BodyGrid(
        rows=round(rows * scale * MARGIN),
        columns=round(columns * scale * MARGIN),
        pixel_y=mm / subject.stature,
        pixel_x=mm / subject.stature / subject.breadth,
        magnify=sign / SOURCE_MM[pose.view],
        turn=pose.rotation,
    )


def to_detector(parameters: PhantomParameters, grid: BodyGrid) -> NDArray[np.float64]:
    """Return the 2 x 3 matrix that takes detector pixels (x, y) to pixels of the grid."""
    rows, columns = parameters.shape
    pose = parameters.pose
    scale = grid.rows / MARGIN / rows
    mm = pose.field_mm[0] / rows
    matrix = cv2.getRotationMatrix2D((0.0, 0.0), pose.tilt_degrees, scale)
    centre = np.array([(columns - 1) / 2 + pose.shift_mm[1] / mm, (rows - 1) / 2 + pose.shift_mm[0] / mm])
    matrix[:, 2] = np.array([(grid.columns - 1) / 2, (grid.rows - 1) / 2]) - matrix[:, :2] @ centre
    return np.asarray(matrix, dtype=np.float64)


def onto_detector(field: Field, parameters: PhantomParameters, grid: BodyGrid) -> Field:
    """Return a field of the grid as the detector sees it, float32 (rows, columns)."""
    rows, columns = parameters.shape
    return np.asarray(
        cv2.warpAffine(
            field,
            to_detector(parameters, grid),
            (columns, rows),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )
