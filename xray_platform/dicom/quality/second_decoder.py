"""Second decoder: read a sample of compressed pictures once more with another library, and compare (Q027).

A second opinion is one only where the code is another's, and bearable only where damaged streams do not kill it.
JPEG-LS and JPEG 2000 (but for its high-throughput form) have none here: whatever is installed for them (imagecodecs,
gdcm, pyjpegls, pylibjpeg, pillow) is built on the same charls and openjpeg that read them first. For JPEG with loss
there is gdcm besides libjpeg-turbo, but it refuses twelve bits and aborts its process on damaged streams.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import imagecodecs
import numpy as np

from xray_platform.dicom.parse.pixel_module import PixelLayout
from xray_platform.dicom.parse.syntax import Syntax
from xray_platform.dicom.pixels.codestream import Codestream
from xray_platform.dicom.pixels.decode import Pixels, UndecodableError, first_frame
from xray_platform.dicom.pixels.stored_values import meant_bits
from xray_platform.dicom.quality.inspected_file import InspectedFile
from xray_platform.dicom.quality.rule import FileRule, Observation
from xray_platform.dicom.quality.settings import QualitySettings

# Two inverse wavelet transforms may each round a value the other way.
LOSSY_STEPS = 2


@dataclass(frozen=True)
class SecondDecoder:
    """Another library for a process: `decode(frame, layout)` gives (rows, columns)."""

    name: str
    decode: Callable[[bytes, PixelLayout], Pixels]


def _lossless_jpeg(frame: bytes, _: PixelLayout) -> Pixels:
    scan = frame.find(b"\xff\xda")
    if frame[scan + 9] & 0x0F:
        raise UndecodableError("jpegsof3 leaves out the point transform (ITU-T T.81 section A.4)")
    return np.asarray(imagecodecs.jpegsof3_decode(frame))


def _high_throughput(frame: bytes, _: PixelLayout) -> Pixels:
    return np.asarray(imagecodecs.htj2k_decode(frame))


def _rle(frame: bytes, layout: PixelLayout) -> Pixels:
    from pydicom.encaps import encapsulate  # half a second to import, and few files need it
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import RLELossless

    options: dict[str, Any] = {
        "rows": layout.rows,
        "columns": layout.columns,
        "samples_per_pixel": layout.samples,
        "number_of_frames": 1,
        "bits_allocated": layout.bits_allocated,
        "bits_stored": layout.bits_stored,
        "pixel_representation": int(layout.signed),
        "photometric_interpretation": layout.photometric,
        "pixel_keyword": "PixelData",
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pixels = get_decoder(RLELossless).as_array(
            encapsulate([frame]), raw=True, decoding_plugin="pydicom", **options
        )[0]
    return np.asarray(pixels)


SECOND_DECODERS: dict[str, SecondDecoder] = {
    "jpeg lossless": SecondDecoder("jpegsof3", _lossless_jpeg),
    "jpeg-2000": SecondDecoder("OpenJPH", _high_throughput),
    "rle": SecondDecoder("pydicom", _rle),
}


def _second_decoder(file: InspectedFile, settings: QualitySettings) -> Iterator[Observation]:
    container, layout, values = file.container, file.layout, file.values
    if container is None or layout is None or values is None or values.ndim != 2 or not container.fragments:
        return
    assert container.syntax is not None, "without a syntax nothing is decoded"  # noqa: S101 - a slip of the program
    second = SECOND_DECODERS.get(file.stream.process if file.stream else container.syntax.codec)
    if second is None or not is_sampled(container.data, settings.second_decoder_share):
        return
    try:
        again = meant_bits(second.decode(first_frame(container), layout), layout)
    except Exception:  # noqa: BLE001 - what a second library cannot read says nothing; the first one did
        return
    exact = _is_exact(file.stream, container.syntax)
    if difference := _difference(values, again, 0 if exact else LOSSY_STEPS):
        yield Observation(f"a second decoder, {second.name}, gives {difference}")


def is_sampled(data: bytes, share: float) -> bool:
    """Say whether a file is in the sample of this share: by the hash of its bytes, so always the same files are."""
    return int.from_bytes(sha256(data).digest()[:8], "big") < share * 2**64


def _is_exact(stream: Codestream | None, syntax: Syntax) -> bool:
    """Say whether every decoder must give the same values; where the stream does not tell, its syntax does."""
    stated = None if stream is None else stream.lossless
    return syntax.lossy is False if stated is None else stated


def _difference(values: Pixels, again: Pixels, allowed: int) -> str:
    """Say by how much two decodings differ; nothing where it is no more than allowed."""
    if values.shape != again.shape:
        return "a picture of another size"
    where = values != again
    apart = np.abs(values[where].astype(np.int64) - again[where].astype(np.int64))
    if int(apart.max(initial=0)) <= allowed:
        return ""
    return f"other values in {int((apart > allowed).sum())} pixels, by up to {int(apart.max())}; {allowed} are allowed"


SECOND_DECODER_RULES: tuple[FileRule[InspectedFile, QualitySettings], ...] = (FileRule("Q027", _second_decoder),)
