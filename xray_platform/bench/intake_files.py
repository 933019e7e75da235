"""Intake files: archives of one phantom under many identities, of any size, to measure the intake on."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from xray_platform.phantoms.dicom_file import dicom_bytes
from xray_platform.phantoms.identity import sample_identity, sample_patient
from xray_platform.phantoms.render import render
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom
from xray_platform.phantoms.style import Style


def write_archive(folder: Path, count: int, side: int, transfer_syntax: str | None = None) -> int:
    """Write so many 12-bit DICOM files (side x side pixels, two bytes each) of as many people; return their bytes."""
    folder.mkdir(parents=True)
    total = 0
    for number, data in enumerate(made_files(count, side, transfer_syntax)):
        total += (folder / f"{number:06d}.dcm").write_bytes(data)
    return total


def made_files(count: int, side: int, transfer_syntax: str | None = None) -> Iterator[bytes]:
    """Yield the bytes of files of different people, whose pictures differ in a few pixels."""
    rng = np.random.default_rng(0)
    parameters = sample_phantom(rng, PhantomSettings(side=side))
    phantom = render(parameters)
    style = Style() if transfer_syntax is None else Style(transfer_syntax=transfer_syntax)
    for _ in range(count):
        patient = sample_patient(rng, parameters.subject)
        pixels = phantom.pixels.copy()
        pixels[side // 2, : min(side, 16)] += rng.integers(0, 8, min(side, 16), pixels.dtype)
        yield dicom_bytes(replace(phantom, pixels=pixels), sample_identity(rng, patient, style.view), style)
