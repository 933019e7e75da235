"""Stored values: those of a DICOM picture, as whole numbers, unused bits gone and sign restored."""

from hashlib import sha256

import numpy as np

from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container
from xray_platform.dicom.parse.element_scanner import Element
from xray_platform.dicom.parse.evidence_text import about
from xray_platform.dicom.parse.pixel_module import PixelLayout, layout_of
from xray_platform.dicom.pixels.decode import Pixels, UndecodableError, decode_frame, first_frame, native_frame


def stored_values(container: Container) -> Pixels:
    """Decode the picture of a single-frame DICOM file into its stored values (PS3.5 section 8.1.1).

    Grey pictures give (rows, columns), colour ones (rows, columns, 3), of dtype uint8, uint16, int16, uint32 or int32.
    Raises UndecodableError with a reason that holds no value of any attribute.
    """
    layout, syntax = layout_of(container), container.syntax
    element = container.elements.get(tags.PIXEL_DATA)
    if layout is None or syntax is None or element is None:
        raise UndecodableError("pixel data, their layout or the transfer syntax is missing")
    if layout.frames != 1:
        raise UndecodableError(f"{about(layout.frames)} frames; one is allowed")
    if syntax.codec == "native" and container.fragments is not None:
        raise UndecodableError("the transfer syntax is an uncompressed one, the pixel data are encapsulated")
    if syntax.codec == "native":
        frame = _native(container, layout, element)
    elif container.fragments is None:
        raise UndecodableError("the transfer syntax is a compressed one, the pixel data are not encapsulated")
    else:
        frame = decode_frame(first_frame(container), layout, syntax.codec)
    return meant_bits(frame, layout)


def pixel_sha256(values: Pixels) -> str:
    """Return the SHA-256 of stored values with their shape and kind, in hexadecimal."""
    digest = sha256(f"{values.shape} {values.dtype.kind}{values.dtype.itemsize}".encode())
    digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()


def _native(container: Container, layout: PixelLayout, element: Element) -> Pixels:
    data, offset = container.data, element.offset
    if not container.little and layout.bits_allocated == 8 and element.vr == b"OW":
        # Bytes in big-endian words stand the wrong way round (PS3.5 section 8.2 and annex D).
        words = np.frombuffer(data[offset : offset + element.length // 2 * 2], ">u2")
        data, offset = words.astype("<u2").tobytes(), 0
    return native_frame(data, layout, little=container.little, offset=offset)


def meant_bits(frame: Pixels, layout: PixelLayout) -> Pixels:
    """Return the values that bits `high_bit` down to `high_bit - bits_stored + 1` of each word mean.

    Bits outside may hold old overlays; they are cleared. A frame whose decoder already gave signed values stays so.
    """
    depth = frame.dtype.itemsize * 8
    low = layout.high_bit - layout.bits_stored + 1
    frame = frame.astype(frame.dtype.newbyteorder("="), copy=False)
    if frame.dtype.kind == "i":
        return frame
    if 0 < low < depth:
        frame = frame >> np.asarray(low, frame.dtype)
    if layout.bits_stored < depth:
        frame = frame & np.asarray((1 << layout.bits_stored) - 1, frame.dtype)
    return _signed(frame, layout.bits_stored, depth) if layout.signed else frame


def _signed(frame: Pixels, bits: int, depth: int) -> Pixels:
    """Read the lowest `bits` bits as two's complement."""
    wide = f"i{depth // 8}"
    if bits >= depth:
        return frame.view(wide)
    spare = depth - bits
    signed: Pixels = (frame << np.asarray(spare, frame.dtype)).view(wide) >> spare
    return signed
