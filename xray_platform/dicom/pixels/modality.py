"""Modality: apply the Modality LUT or rescale slope and intercept (PS3.3 section C.11.1), keeping whole numbers."""

from dataclasses import dataclass

import numpy as np

from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container
from xray_platform.dicom.pixels.decode import Pixels
from xray_platform.dicom.pixels.lut import LookupTable, read_table

_LARGEST_STEP = 1 << 32  # beyond, whole numbers of 64 bits would not hold what comes out


@dataclass(frozen=True)
class Rescaled:
    """Values after the modality transformation, as whole numbers from `bottom` to `top` at the most.

    A number u in the units of the transformation stands for the value v where u = scale * v + shift.
    """

    values: Pixels
    bottom: int
    top: int
    done: str = ""
    scale: float = 1.0
    shift: float = 0.0


def value_range(bits: int, *, signed: bool) -> tuple[int, int]:
    """Return the lowest and highest value that so many bits can hold."""
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)


def rescale(values: Pixels, container: Container, bits: int) -> Rescaled:
    """Return stored values of `bits` bits after the file's modality transformation.

    A slope other than 1 and -1 keeps the order and the spacing of the grey values, so the stored ones are kept: to
    round `slope * value` to whole numbers would merge or thin out grey levels for nothing.
    """
    signed = values.dtype.kind == "i"
    bottom, top = value_range(bits, signed=signed)
    table = read_table(container, tags.MODALITY_LUT_SEQUENCE, signed=signed)
    if table is not None:
        return _look_up(values, table)
    slope = next(iter(container.decimals(tags.RESCALE_SLOPE)), 1.0)
    intercept = next(iter(container.decimals(tags.RESCALE_INTERCEPT)), 0.0)
    if slope < 0:
        turned = (bottom + top) - values.astype(np.int64)
        done = f"modality slope {slope:g} turns the order of the stored values round"
        return Rescaled(turned, bottom, top, done, -slope, slope * (bottom + top) + intercept)
    if slope == 1 and intercept == int(intercept) and 0 < abs(intercept) < _LARGEST_STEP:
        step = int(intercept)
        return Rescaled(values.astype(np.int64) + step, bottom + step, top + step, f"modality intercept {step} added")
    slope = slope or 1.0  # a slope of 0 would make every pixel the same; no such file means it
    done = (
        "" if (slope, intercept) == (1, 0) else f"stored values kept: modality slope {slope:g}, intercept {intercept:g}"
    )
    return Rescaled(values, bottom, top, done, slope, intercept)


def _look_up(values: Pixels, table: LookupTable) -> Rescaled:
    done = f"modality LUT of {len(table.entries)} entries, {table.bits} bits"
    # A table may state 16 bits and use ten of them: its highest entry is white, not the highest number.
    return Rescaled(table.apply(values), 0, int(table.entries.max()), done)
