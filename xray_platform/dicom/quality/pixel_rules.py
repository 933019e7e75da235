"""Pixel rules: does the image pixel module hold together, before anything is decoded (Q020 to Q031)."""

from collections.abc import Iterator

import numpy as np

from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container
from xray_platform.dicom.parse.evidence_text import about, bits
from xray_platform.dicom.parse.pixel_module import BIT_DEPTHS, COLOUR, GREY, PixelLayout, missing
from xray_platform.dicom.pixels.codestream import jpeg_end
from xray_platform.dicom.pixels.decode import first_frame
from xray_platform.dicom.pixels.standard_image import is_lossy
from xray_platform.dicom.quality.inspected_file import InspectedFile
from xray_platform.dicom.quality.rule import FileRule, Observation
from xray_platform.dicom.quality.settings import QualitySettings

MEGA = 1024**2
MOST_RATIO = 1000


def _no_pixels(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    container = file.container
    if container is None or container.has(tags.PIXEL_DATA):
        return
    if container.has(tags.FLOAT_PIXEL_DATA) or container.has(tags.DOUBLE_FLOAT_PIXEL_DATA):
        yield Observation("floating-point pixel data; whole numbers are allowed")
    else:
        yield Observation("the file holds no pixel data")


def _no_layout(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    container = file.container
    if container is not None and container.has(tags.PIXEL_DATA) and (lost := missing(container)):
        yield Observation(f"{', '.join(lost)} missing, empty or zero")


def _too_many_pixels(file: InspectedFile, settings: QualitySettings) -> Iterator[Observation]:
    raster, layout, stream = file.raster, file.layout, file.stream
    counts = [
        layout.pixels if layout else 0,
        raster.rows * raster.columns * max(raster.samples, 1) if raster else 0,
        stream.rows * stream.columns * stream.samples if stream else 0,
    ]
    if max(counts) > settings.max_megapixels * MEGA:
        yield Observation(f"{about(max(counts) / MEGA)} Mpx; {settings.max_megapixels} Mpx are allowed")


def _bits(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    layout, container = file.layout, file.container
    if layout is None or container is None:
        return
    if layout.bits_allocated not in BIT_DEPTHS:
        yield Observation(f"{bits(layout.bits_allocated)} bits allocated; 8, 16 or 32 are allowed")
    if layout.bits_stored > layout.bits_allocated or layout.high_bit >= layout.bits_allocated:
        yield Observation(
            f"{bits(layout.bits_stored)} bits stored up to bit {bits(layout.high_bit)}, "
            f"{bits(layout.bits_allocated)} bits allocated"
        )
    elif layout.high_bit != layout.bits_stored - 1:
        shift = layout.high_bit - layout.bits_stored + 1
        found = f"the highest bit is {bits(layout.high_bit)}, not {layout.bits_stored - 1}"
        yield Observation(found, "reject" if shift < 0 else "warn")
    if container.word(tags.PIXEL_REPRESENTATION) not in {0, 1, None}:
        yield Observation("the pixel representation is neither 0 nor 1")


def _length(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    layout, container, stream = file.layout, file.container, file.stream
    if container is None or layout is None:
        return
    if container.syntax is not None and container.syntax.codec == "native":
        yield from _native_length(container, layout)
    elif (
        stream is not None and stream.process in {"jpeg", "jpeg lossless"} and jpeg_end(first_frame(container)) is None
    ):
        yield Observation("the JPEG breaks off: it has no end marker")


def _native_length(container: Container, layout: PixelLayout) -> Iterator[Observation]:
    element = container.elements.get(tags.PIXEL_DATA)
    if container.fragments is not None:
        yield Observation("encapsulated pixel data under an uncompressed transfer syntax")
        return
    if element is None:
        return
    due = layout.native_bytes
    if element.length < due:
        yield Observation(f"{about(due - element.length)} bytes of pixels fewer than are due")
    elif element.length > due + due % 2:
        yield Observation(f"{about(element.length - due)} bytes of pixels more than are due", "warn")


def _stream_differs(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    layout, stream = file.layout, file.stream
    if layout is None or stream is None:
        return
    if (stream.rows, stream.columns) != (layout.rows, layout.columns):
        yield Observation(
            f"the compressed picture is {about(stream.rows)} x {about(stream.columns)}, the header says "
            f"{about(layout.rows)} x {about(layout.columns)}"
        )
    if stream.precision != layout.bits_stored:
        more = f"the compressed picture has {bits(stream.precision)} bits, the header says {bits(layout.bits_stored)}"
        yield Observation(more, "warn")
    if stream.process == "jpeg-2000" and stream.signed != layout.signed:
        yield Observation("the compressed picture and the header disagree on whether values have a sign", "quarantine")


def _lossy(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    container, stream = file.container, file.stream
    if file.raster is not None and file.raster.lossy:
        yield Observation("a JPEG file, compressed with loss")
    elif container is not None and (is_lossy(container) or (stream is not None and stream.lossless is False)):
        ratio = next(iter(container.decimals(tags.LOSSY_IMAGE_COMPRESSION_RATIO)), None)
        known = ratio is not None and 1 <= ratio < MOST_RATIO
        yield Observation("compressed with loss" + (f" {ratio:.2g} to 1" if known else ", ratio not stated"))


def _frames(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    if file.layout is not None and file.layout.frames > 1:
        yield Observation(f"{about(file.layout.frames)} frames; one is allowed")


def _colour(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    layout, raster = file.layout, file.raster
    if layout is not None and (layout.photometric not in GREY or layout.samples != 1):
        # Only a known word is repeated: what else stands there may be anything, a name too.
        known = layout.photometric in (*GREY, *COLOUR)
        stored_as = layout.photometric if known else "an unknown photometric interpretation"
        yield Observation(f"stored as {stored_as} with {about(layout.samples)} samples a pixel", "warn")
    elif raster is not None and raster.samples >= 3:
        yield Observation("stored in colour", "warn")


def _outside_range(file: InspectedFile, _: QualitySettings) -> Iterator[Observation]:
    """Look into the words themselves: unused bits may hold an old overlay (PS3.5 section 8.1.1)."""
    layout, container = file.layout, file.container
    if layout is None or container is None or container.syntax is None or container.syntax.codec != "native":
        return
    # Fragments under an uncompressed transfer syntax are no words, and their element states no length.
    element = container.elements.get(tags.PIXEL_DATA) if container.fragments is None else None
    spare = layout.bits_allocated - layout.high_bit - 1
    if element is None or spare <= 0 or layout.signed or layout.bits_allocated not in BIT_DEPTHS:
        return
    kind = f"{'<' if container.little else '>'}u{layout.bits_allocated // 8}"
    count = min(element.length, layout.native_bytes) // (layout.bits_allocated // 8)
    words = np.frombuffer(container.data, kind, count, element.offset)
    beyond = int(np.bitwise_or.reduce(words, initial=0)) >> (layout.high_bit + 1)
    if beyond:
        yield Observation(f"bits above bit {bits(layout.high_bit)} are used; they are cleared")


PIXEL_RULES: tuple[FileRule[InspectedFile, QualitySettings], ...] = (
    FileRule("Q020", _no_pixels),
    FileRule("Q021", _no_layout),
    FileRule("Q022", _too_many_pixels),
    FileRule("Q023", _bits),
    FileRule("Q024", _length),
    FileRule("Q025", _stream_differs),
    FileRule("Q028", _lossy),
    FileRule("Q029", _frames),
    FileRule("Q030", _colour),
    FileRule("Q031", _outside_range),
)
