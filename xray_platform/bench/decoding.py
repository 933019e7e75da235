"""Decoding: pictures a second and core of each transfer syntax, against pydicom with its own choice of plug-in.

Counted is processor time: GDCM, pydicom's first choice, spreads a JPEG 2000 picture over two cores, where an archive's
next picture is waiting for the second one anyway.
"""

import io
import time
from functools import partial

import numpy as np
from pydicom import dcmread
from pydicom.uid import UID

from xray_platform.bench.intake_files import made_files
from xray_platform.bench.timing import best_seconds
from xray_platform.dicom.parse.container import open_container
from xray_platform.dicom.pixels.decode import Pixels
from xray_platform.dicom.pixels.stored_values import stored_values
from xray_platform.errors import DataError
from xray_platform.phantoms.style import TRANSFER_SYNTAXES

SIDE, ROUNDS = 1024, 3


def decoding() -> dict[str, float | int | str]:
    """Read and decode a 12-bit phantom of 1,024 px; both must give the same values. Raises DataError where not."""
    figures: dict[str, float | int | str] = {}
    for syntax in TRANSFER_SYNTAXES:
        data, name = next(made_files(1, SIDE, str(syntax))), UID(syntax).name
        if not np.array_equal(ours(data), by_pydicom(data)):
            raise DataError(f"the two decoders of {name} disagree")
        ways = {"ours": partial(ours, data), "pydicom": partial(by_pydicom, data)}
        seconds = best_seconds(ways, ROUNDS, time.process_time)
        figures[f"decode {name}, pictures_per_s_and_core"] = 1 / seconds["ours"]
        figures[f"decode {name}, against pydicom, ratio"] = seconds["pydicom"] / seconds["ours"]
    return figures


def ours(data: bytes) -> Pixels:
    """Return the stored values of a file, by the platform's reader."""
    return stored_values(open_container(data))


def by_pydicom(data: bytes) -> Pixels:
    """Return the stored values of a file, by pydicom as it comes."""
    return np.asarray(dcmread(io.BytesIO(data)).pixel_array)
