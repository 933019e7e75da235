"""Style: in which of the many lawful ways a picture is written as DICOM."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from xray_platform.phantoms.vendors import VENDORS

Photometric = Literal["MONOCHROME1", "MONOCHROME2"]
Modality = Literal["DX", "CR"]

# Share of each transfer syntax in an archive; JPEG 2000 takes long to decode, so there are few of it.
TRANSFER_SYNTAXES: dict[UID, float] = {
    ExplicitVRLittleEndian: 0.34,
    ImplicitVRLittleEndian: 0.14,
    RLELossless: 0.18,
    JPEGLSLossless: 0.14,
    JPEGLosslessSV1: 0.10,
    DeflatedExplicitVRLittleEndian: 0.05,
    JPEG2000Lossless: 0.03,
    ExplicitVRBigEndian: 0.02,
}
# Direction of increasing column, then of increasing row (PS3.3 C.7.6.1.1.1); most pictures are stored upright.
ORIENTATIONS: dict[tuple[str, str], float] = {
    ("L", "F"): 0.79,
    ("R", "F"): 0.06,
    ("L", "H"): 0.03,
    ("R", "H"): 0.04,
    ("F", "L"): 0.02,
    ("H", "L"): 0.02,
    ("F", "R"): 0.02,
    ("H", "R"): 0.02,
}


@dataclass(frozen=True)
class Style:
    """How a picture is written."""

    modality: Modality = "DX"
    photometric: Photometric = "MONOCHROME2"
    transfer_syntax: str = str(ExplicitVRLittleEndian)
    orientation: tuple[str, str] = ("L", "F")
    vendor: str = next(iter(VENDORS))
    view: Literal["PA", "AP"] = "PA"
    private_block: bool = False  # the maker's own elements, with the name once more
    kvp: float = 120.0
    exposure_mas: float = 2.0


def sample_style(rng: np.random.Generator, vendor: str, view: Literal["PA", "AP"]) -> Style:
    """Draw a way of writing; it knows the vendor and the view, not the finding."""
    mono1 = rng.random() < 0.35
    orientations, syntaxes = list(ORIENTATIONS), list(TRANSFER_SYNTAXES)
    return Style(
        modality="CR" if rng.random() < 0.3 else "DX",
        photometric="MONOCHROME1" if mono1 else "MONOCHROME2",
        transfer_syntax=str(syntaxes[int(rng.choice(len(syntaxes), p=list(TRANSFER_SYNTAXES.values())))]),
        orientation=orientations[int(rng.choice(len(orientations), p=list(ORIENTATIONS.values())))],
        vendor=vendor,
        view=view,
        private_block=bool(rng.random() < 0.3),
        kvp=float(rng.integers(110, 131) if view == "PA" else rng.integers(80, 101)),
        exposure_mas=round(float(rng.uniform(1.0, 5.0)), 1),
    )


def oriented(pixels: np.ndarray, orientation: tuple[str, str]) -> np.ndarray:
    """Return pixels of an upright picture (L\\F) as they are stored in another orientation.

    >>> oriented(np.array([[1, 2], [3, 4]]), ("R", "F")).tolist()
    [[2, 1], [4, 3]]
    """
    along_row, along_column = orientation
    stored = pixels.T if along_row in "FH" else pixels
    stored = stored[:, ::-1] if along_row in "RH" else stored
    return np.ascontiguousarray(stored[::-1] if along_column in "RH" else stored)
