"""Image stack: what every model takes, checked once where it enters."""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from xray_platform.errors import InputError

Images: TypeAlias = NDArray[np.float32]  # (N, S, S) in [0, 1]
Scores: TypeAlias = NDArray[np.float64]  # (N,)
Heatmaps: TypeAlias = NDArray[np.float32]  # (N, S, S), higher is more abnormal
Labels: TypeAlias = NDArray[np.bool_]  # (N,)
TOLERANCE = 1e-3


def check_images(
    images: NDArray[np.floating],
    *,
    side: int | None = None,
    smallest: int = 1,
    square: bool = True,
    tolerance: float = TOLERANCE,
) -> Images:
    """Return the pictures as float32 (N, S, S); (N, rows, columns) where they need not be `square`.

    Raises `InputError` where the shape is no stack of squares, S is not `side` (where one is given) or is smaller
    than `smallest`, a value is not finite, or a value lies outside [0, 1] by more than `tolerance`.
    """
    stack = np.asarray(images)
    if stack.ndim != 3 or (square and stack.shape[1] != stack.shape[2]):
        wanted = "squares (N, S, S)" if square else "pictures (N, rows, columns)"
        raise InputError(f"pictures of shape {stack.shape}; a stack of {wanted} is wanted")
    if min(stack.shape[1:]) < smallest:
        raise InputError(f"pictures of {min(stack.shape[1:])} px; at least {smallest} px are wanted")
    if side is not None and stack.shape[1] != side:
        raise InputError(f"pictures of {stack.shape[1]} px; this model was made with {side} px and takes no other")
    if not np.issubdtype(stack.dtype, np.floating):
        raise InputError(f"pictures of type {stack.dtype}; floating-point numbers in [0, 1] are wanted")
    _check_range(stack, tolerance)
    return np.ascontiguousarray(stack, dtype=np.float32)


def _check_range(stack: NDArray[np.floating], tolerance: float) -> None:
    if stack.size == 0:
        return
    low, high = float(stack.min()), float(stack.max())  # either is NaN where any value is
    if not np.isfinite([low, high]).all():
        raise InputError("a picture holds values that are no numbers (NaN or infinite); repair or leave it out")
    if low < -tolerance or high > 1 + tolerance:
        raise InputError(f"pictures with values from {low:g} to {high:g}; values in [0, 1] are wanted")


def batch_slices(images: Images, size: int) -> Iterator[slice]:
    """Yield slices of at most `size` pictures that together cover all, in order."""
    for start in range(0, len(images), size):
        yield slice(start, start + size)
