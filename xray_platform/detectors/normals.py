"""Normals: what a detector is fitted to, checked."""

from xray_platform.detectors.contract import FEWEST_NORMALS
from xray_platform.errors import DataError
from xray_platform.image_stack import Images, check_images


def checked_normals(normal: Images) -> Images:
    """Return the normal pictures as float32 (N, S, S).

    Raises `InputError` where they are no pictures in [0, 1] and `DataError` where they are too few.
    """
    stack = check_images(normal)
    if len(stack) < FEWEST_NORMALS:
        raise DataError(f"{len(stack)} normal pictures to learn from; a detector needs at least {FEWEST_NORMALS}")
    return stack
