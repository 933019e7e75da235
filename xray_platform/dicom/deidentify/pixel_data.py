"""Pixel data: the pixels of a source, and how they are written: unused bits, comments and burned-in text gone."""

from dataclasses import dataclass, replace

import numpy as np
from rle.utils import encode_pixel_data as encode_rle

from xray_platform.dicom import tags
from xray_platform.dicom.container import Container
from xray_platform.dicom.decode import Pixels, UndecodableError, decode_frame, first_frame
from xray_platform.dicom.deidentify.encode import Written, encapsulate, head_of
from xray_platform.dicom.deidentify.refused import STRUCTURE, RefusedError
from xray_platform.dicom.deidentify.streams import bare_stream
from xray_platform.dicom.grey import grey_of
from xray_platform.dicom.layout import GREY, PixelLayout, layout_of
from xray_platform.dicom.stored import meant_bits, stored_values
from xray_platform.dicom.syntax import EXPLICIT, Codec

RLE = "1.2.840.10008.1.2.5"
_STREAMS = frozenset(("jpeg", "jpeg-ls", "jpeg-2000"))


@dataclass(frozen=True)
class PixelSource:
    """Decoded stored values (rows, columns), their layout, and the source's stream where it can be kept as it is."""

    values: Pixels
    layout: PixelLayout
    codec: Codec
    syntax: str
    stream: bytes | None

    def masked(self, values: Pixels) -> "PixelSource":
        """Return the same picture with other values, which no longer agree with the stream."""
        return replace(self, values=values, stream=None)


def read_pixels(container: Container) -> PixelSource:
    """Decode a picture for publishing. Raises RefusedError where it cannot be decoded or is in colour."""
    layout, syntax = layout_of(container), container.syntax
    if layout is None or syntax is None or not container.has(tags.PIXEL_DATA):
        raise RefusedError(STRUCTURE, "reject", "pixel data, their layout or the transfer syntax is missing")
    try:
        if syntax.codec in _STREAMS and container.fragments is not None and layout.frames == 1:
            values, stream = _values_and_stream(container, layout, syntax.codec)
        else:
            values, stream = stored_values(container), None
        if layout.photometric not in GREY or values.ndim == 3:
            values, stream = grey_of(values, layout.photometric, container), None
            layout = replace(layout, photometric="MONOCHROME2", samples=1)
    except UndecodableError as error:
        raise RefusedError(STRUCTURE, "reject", str(error)) from None
    return PixelSource(values, layout, syntax.codec, syntax.uid, stream)


def _values_and_stream(container: Container, layout: PixelLayout, codec: Codec) -> tuple[Pixels, bytes | None]:
    """Decode a compressed frame, and say with which bytes it may be written; none if bits outside the picture speak."""
    frame = first_frame(container)
    stream = bare_stream(frame)
    decoded = decode_frame(frame if stream is None else stream, layout, codec)
    values = meant_bits(decoded, layout)
    same = decoded.dtype == values.dtype and np.array_equal(decoded, values)
    return values, stream if same or layout.signed else None


def pixel_attributes(source: PixelSource) -> dict[int, Written]:
    """Return the attributes that say how the pixels lie, as they are written."""
    layout = source.layout
    numbers = {
        tags.SAMPLES_PER_PIXEL: 1,
        tags.ROWS: layout.rows,
        tags.COLUMNS: layout.columns,
        tags.BITS_ALLOCATED: _allocated(source),
        tags.BITS_STORED: layout.bits_stored,
        tags.HIGH_BIT: layout.high_bit if source.stream else layout.bits_stored - 1,
        tags.PIXEL_REPRESENTATION: int(layout.signed),
    }
    written = {tag: Written(tag, "US", number.to_bytes(2, "little")) for tag, number in numbers.items()}
    text = Written(tags.PHOTOMETRIC_INTERPRETATION, "CS", layout.photometric.encode())
    return {**written, text.tag: text}


def _allocated(source: PixelSource) -> int:
    return source.layout.bits_allocated if source.stream else source.values.dtype.itemsize * 8


def pixel_element(source: PixelSource) -> tuple[str, bytes, bytes]:
    """Return transfer syntax, the head of the pixel data element, and its value.

    A stream that may stay stays; other compressed pictures become RLE Lossless; the rest is written plain.
    """
    if source.stream is not None:
        return source.syntax, encapsulate(tags.PIXEL_DATA, source.stream), b""
    values = source.values.astype(source.values.dtype.newbyteorder("<"), copy=False)
    plain = values.tobytes()
    if source.codec != "native":
        return RLE, encapsulate(tags.PIXEL_DATA, _rle(plain, source)), b""
    plain += b"\0" * (len(plain) % 2)
    vr = "OW" if values.dtype.itemsize > 1 else "OB"
    return EXPLICIT.uid, head_of(tags.PIXEL_DATA, vr, len(plain)), plain


def _rle(plain: bytes, source: PixelSource) -> bytes:
    rows, columns = source.values.shape
    return bytes(
        encode_rle(
            plain,
            rows=rows,
            columns=columns,
            samples_per_pixel=1,
            bits_allocated=source.values.dtype.itemsize * 8,
            number_of_frames=1,
            byteorder="<",
        )
    )
