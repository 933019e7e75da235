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
from xray_platform.dicom.quality.inspected_file import Specimen
from xray_platform.dicom.quality.rule import FileRule, Remark
from xray_platform.dicom.quality.settings import QualitySettings

MEGA = 1024**2
MOST_RATIO = 1000


def _no_pixels(specimen: Specimen, _: QualitySettings) -> Iterator[Remark]:
    container = specimen.container
    if container is None or container.has(tags.PIXEL_DATA):
        return
    if container.has(tags.FLOAT_PIXEL_DATA) or container.has(tags.DOUBLE_FLOAT_PIXEL_DATA):
        yield Remark("floating-point pixel data; whole numbers are allowed")
    else:
        yield Remark("the file holds no pixel data")


def _no_layout(specimen: Specimen, _: QualitySettings) -> Iterator[Remark]:
    container = specimen.container
    if container is not None and container.has(tags.PIXEL_DATA) and (lost := missing(container)):
        yield Remark(f"{', '.join(lost)} missing, empty or zero")


def _too_many_pixels(specimen: Specimen, settings: QualitySettings) -> Iterator[Remark]:
    still, layout, stream = specimen.still, specimen.layout, specimen.stream
    counts = [
        layout.pixels if layout else 0,
        still.rows * still.columns * max(still.samples, 1) if still else 0,
        stream.rows * stream.columns * stream.samples if stream else 0,
    ]
    if max(counts) > settings.max_megapixels * MEGA:
        yield Remark(f"{about(max(counts) / MEGA)} Mpx; {settings.max_megapixels} Mpx are allowed")


def _bits(specimen: Specimen, _: QualitySettings) -> Iterator[Remark]:
    layout, container = specimen.layout, specimen.container
    if layout is None or container is None:
        return
    if layout.bits_allocated not in BIT_DEPTHS:
        yield Remark(f"{bits(layout.bits_allocated)} bits allocated; 8, 16 or 32 are allowed")
    if layout.bits_stored > layout.bits_allocated or layout.high_bit >= layout.bits_allocated:
        yield Remark(
            f"{bits(layout.bits_stored)} bits stored up to bit {bits(layout.high_bit)}, "
            f"{bits(layout.bits_allocated)} bits allocated"
        )
    elif layout.high_bit != layout.bits_stored - 1:
        shift = layout.high_bit - layout.bits_stored + 1
        found = f"the highest bit is {bits(layout.high_bit)}, not {layout.bits_stored - 1}"
        yield Remark(found, "reject" if shift < 0 else "warn")
    if container.word(tags.PIXEL_REPRESENTATION) not in {0, 1, None}:
        yield Remark("the pixel representation is neither 0 nor 1")


def _length(specimen: Specimen, _: QualitySettings) -> Iterator[Remark]:
    layout, container, stream = specimen.layout, specimen.container, specimen.stream
    if container is None or layout is None:
        return
    if container.syntax is not None and container.syntax.codec == "native":
        yield from _native_length(container, layout)
    elif (
        stream is not None and stream.process in {"jpeg", "jpeg lossless"} and jpeg_end(first_frame(container)) is None
    ):
        yield Remark("the JPEG breaks off: it has no end marker")


def _native_length(container: Container, layout: PixelLayout) -> Iterator[Remark]:
    element = container.elements.get(tags.PIXEL_DATA)
    if container.fragments is not None:
        yield Remark("encapsulated pixel data under an uncompressed transfer syntax")
        return
    if element is None:
        return
    due = layout.native_bytes
    if element.length < due:
        yield Remark(f"{about(due - element.length)} bytes of pixels fewer than are due")
    elif element.length > due + due % 2:
        yield Remark(f"{about(element.length - due)} bytes of pixels more than are due", "warn")


def _stream_differs(specimen: Specimen, _: QualitySettings) -> Iterator[Remark]:
    layout, stream = specimen.layout, specimen.stream
    if layout is None or stream is None:
        return
    if (stream.rows, stream.columns) != (layout.rows, layout.columns):
        yield Remark(
            f"the compressed picture is {about(stream.rows)} x {about(stream.columns)}, the header says "
            f"{about(layout.rows)} x {about(layout.columns)}"
        )
    if stream.precision != layout.bits_stored:
        more = f"the compressed picture has {bits(stream.precision)} bits, the header says {bits(layout.bits_stored)}"
        yield Remark(more, "warn")
    if stream.process == "jpeg-2000" and stream.signed != layout.signed:
        yield Remark("the compressed picture and the header disagree on whether values have a sign", "quarantine")


def _lossy(specimen: Specimen, _: QualitySettings) -> Iterator[Remark]:
    container, stream = specimen.container, specimen.stream
    if specimen.still is not None and specimen.still.lossy:
        yield Remark("a JPEG file, compressed with loss")
    elif container is not None and (is_lossy(container) or (stream is not None and stream.lossless is False)):
        ratio = next(iter(container.decimals(tags.LOSSY_IMAGE_COMPRESSION_RATIO)), None)
        known = ratio is not None and 1 <= ratio < MOST_RATIO
        yield Remark("compressed with loss" + (f" {ratio:.2g} to 1" if known else ", ratio not stated"))


def _frames(specimen: Specimen, _: QualitySettings) -> Iterator[Remark]:
    if specimen.layout is not None and specimen.layout.frames > 1:
        yield Remark(f"{about(specimen.layout.frames)} frames; one is allowed")


def _colour(specimen: Specimen, _: QualitySettings) -> Iterator[Remark]:
    layout, still = specimen.layout, specimen.still
    if layout is not None and (layout.photometric not in GREY or layout.samples != 1):
        # Only a known word is repeated: what else stands there may be anything, a name too.
        known = layout.photometric in (*GREY, *COLOUR)
        stored_as = layout.photometric if known else "an unknown photometric interpretation"
        yield Remark(f"stored as {stored_as} with {about(layout.samples)} samples a pixel", "warn")
    elif still is not None and still.samples >= 3:
        yield Remark("stored in colour", "warn")


def _outside_range(specimen: Specimen, _: QualitySettings) -> Iterator[Remark]:
    """Look into the words themselves: unused bits may hold an old overlay (PS3.5 section 8.1.1)."""
    layout, container = specimen.layout, specimen.container
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
        yield Remark(f"bits above bit {bits(layout.high_bit)} are used; they are cleared")


PIXEL_RULES: tuple[FileRule[Specimen, QualitySettings], ...] = (
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
