"""Pixel data: the pixels of a source, and how they are written: anew from the decoded values, never as bytes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jpeg_ls import encode_pixel_data

from xray_platform.dicom.deidentify.encode import Written, element_head, encapsulate
from xray_platform.dicom.deidentify.refused import RefusedError
from xray_platform.dicom.deidentify.run_lengths import rle_frame
from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container
from xray_platform.dicom.parse.pixel_module import GREY, PixelLayout, layout_of
from xray_platform.dicom.parse.syntax import EXPLICIT, Codec
from xray_platform.dicom.pixels.decode import Pixels, UndecodableError
from xray_platform.dicom.pixels.single_channel import grey_of
from xray_platform.dicom.pixels.standard_image import is_lossy
from xray_platform.dicom.pixels.stored_values import stored_values
from xray_platform.dicom.rules import UNPUBLISHABLE

RLE, JPEG_LS = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80"


@dataclass(frozen=True)
class PixelSource:
    """Decoded stored values (rows, columns), their layout, and how the source held them.

    `lossy` says that the source was compressed with loss, and so was small.
    """

    values: Pixels
    layout: PixelLayout
    codec: Codec
    syntax: str
    lossy: bool

    def masked(self, values: Pixels) -> "PixelSource":
        """Return the same picture with other values."""
        return replace(self, values=values)


def read_pixels(container: Container) -> PixelSource:
    """Decode a picture for publishing. Raises RefusedError where it cannot be decoded or is in colour."""
    layout, syntax = layout_of(container), container.syntax
    if layout is None or syntax is None or not container.has(tags.PIXEL_DATA):
        raise RefusedError(UNPUBLISHABLE, "reject", "pixel data, their layout or the transfer syntax is missing")
    try:
        values = stored_values(container)
        if layout.photometric not in GREY or values.ndim == 3:
            values = grey_of(values, layout.photometric, container)
            layout = replace(layout, photometric="MONOCHROME2", samples=1)
    except UndecodableError as error:
        raise RefusedError(UNPUBLISHABLE, "reject", str(error)) from None
    return PixelSource(_within_bits(values, layout), layout, syntax.codec, syntax.uid, is_lossy(container))


def _within_bits(values: Pixels, layout: PixelLayout) -> Pixels:
    """Return signed values of a decoder without what stands in the bits above those stored, and without an untrue sign.

    Where the attributes say that there is no sign, bits above those stored are 0; else they repeat the sign.
    """
    if values.dtype.kind != "i":
        return values
    spare = max(values.dtype.itemsize * 8 - layout.bits_stored, 0)
    kind = values.dtype if layout.signed else np.dtype(f"u{values.dtype.itemsize}")
    kept: Pixels = (values.view(kind) << np.asarray(spare, kind)) >> np.asarray(spare, kind)
    return kept


def pixel_attributes(source: PixelSource) -> dict[int, Written]:
    """Return the attributes that say how the pixels lie, as they are written."""
    layout = source.layout
    numbers = {
        tags.SAMPLES_PER_PIXEL: 1,
        tags.ROWS: layout.rows,
        tags.COLUMNS: layout.columns,
        tags.BITS_ALLOCATED: source.values.dtype.itemsize * 8,
        tags.BITS_STORED: layout.bits_stored,
        tags.HIGH_BIT: layout.bits_stored - 1,
        tags.PIXEL_REPRESENTATION: int(layout.signed),
    }
    written = {tag: Written(tag, "US", number.to_bytes(2, "little"), made=True) for tag, number in numbers.items()}
    text = Written(tags.PHOTOMETRIC_INTERPRETATION, "CS", layout.photometric.encode())
    return {**written, text.tag: text}


def idle_padding(carried: Mapping[int, Written], values: Pixels) -> frozenset[int]:
    """Return the tags of a padding value and its limit where no pixel is padding, so that they mean nothing."""
    both = frozenset((tags.PIXEL_PADDING_VALUE, tags.PIXEL_PADDING_RANGE_LIMIT))
    stated = [carried[tag].value for tag in both if tag in carried]
    signed = values.dtype.kind == "i"
    ends = [int.from_bytes(value, "little", signed=signed) for value in stated if isinstance(value, bytes)]
    if not ends:
        return both
    return frozenset() if bool(((values >= min(ends)) & (values <= max(ends))).any()) else both


def pixel_element(source: PixelSource) -> tuple[str, bytes, bytes]:
    """Return transfer syntax, the head of the pixel data element, and its value.

    No byte of a compressed stream is copied: tables, markers, what follows the last block and the rest of a fragment
    could hold anything. What came compressed becomes RLE Lossless, which is quick; what had been compressed with loss
    JPEG-LS Lossless, which is slower and smaller; the rest is written plain.
    """
    values = source.values.astype(source.values.dtype.newbyteorder("<"), copy=False)
    if source.codec != "native":
        syntax, stream = _compressed(source)
        return syntax, encapsulate(tags.PIXEL_DATA, stream), b""
    plain = values.tobytes()
    plain += b"\0" * (len(plain) % 2)
    vr = "OW" if values.dtype.itemsize > 1 else "OB"
    return EXPLICIT.uid, element_head(tags.PIXEL_DATA, vr, len(plain)), plain


def _compressed(source: PixelSource) -> tuple[str, bytes]:
    values, bits = source.values, source.layout.bits_stored
    if not source.lossy or values.dtype.kind != "u" or not 2 <= bits <= values.dtype.itemsize * 8 <= 16:
        return RLE, rle_frame(values)
    rows, columns = values.shape
    stream = encode_pixel_data(
        np.ascontiguousarray(values).tobytes(), rows=rows, columns=columns, samples_per_pixel=1,
        bits_allocated=values.dtype.itemsize * 8, bits_stored=bits,
    )  # fmt: skip
    return JPEG_LS, bytes(stream)
