"""Encode: put pixels into a data set under a transfer syntax, losslessly."""

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.utils import compress
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, JPEGLosslessSV1

from xray_platform.errors import InputError
from xray_platform.phantoms.style import TRANSFER_SYNTAXES

PLUGINS = {
    "1.2.840.10008.1.2.5": "pylibjpeg",
    "1.2.840.10008.1.2.4.80": "pyjpegls",
    "1.2.840.10008.1.2.4.90": "pylibjpeg",
}


def put_pixels(dataset: Dataset, pixels: NDArray[np.uint16], transfer_syntax: str) -> None:
    """Set PixelData, uint16 (rows, columns), and the file meta's transfer syntax, in place.

    Raises InputError for a transfer syntax that phantoms are not written in.
    """
    if transfer_syntax not in TRANSFER_SYNTAXES:
        known = ", ".join(f"{uid.name} ({uid})" for uid in TRANSFER_SYNTAXES)
        raise InputError(f"phantoms are not written as {transfer_syntax}; allowed: {known}")
    dataset.file_meta.TransferSyntaxUID = UID(transfer_syntax)
    if transfer_syntax in PLUGINS:
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian  # what `compress` starts from
        dataset.PixelData = pixels.tobytes()
        dataset["PixelData"].VR = "OW"
        compress(dataset, UID(transfer_syntax), encoding_plugin=PLUGINS[transfer_syntax], generate_instance_uid=False)
    elif transfer_syntax == JPEGLosslessSV1:
        dataset.PixelData = encapsulate([_jpeg_lossless(pixels)])
        dataset["PixelData"].VR = "OB"
    else:
        order = ">u2" if transfer_syntax == ExplicitVRBigEndian else "<u2"
        dataset.PixelData = pixels.astype(order).tobytes()
        dataset["PixelData"].VR = "OW"


def _jpeg_lossless(pixels: NDArray[np.uint16]) -> bytes:
    """Return a JPEG lossless (process 14, selection value 1) stream of 12-bit pixels."""
    import gdcm  # slow to import, and only this syntax needs it

    holder = gdcm.ImageWriter()  # owns the image: one made on its own is freed twice
    image = holder.GetImage()
    image.SetNumberOfDimensions(2)
    image.SetDimension(0, pixels.shape[1])
    image.SetDimension(1, pixels.shape[0])
    image.SetPixelFormat(gdcm.PixelFormat(1, 16, 12, 11, 0))
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(gdcm.PhotometricInterpretation.MONOCHROME2))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.ExplicitVRLittleEndian))
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    raw = pixels.astype("<u2").tobytes()
    element.SetByteStringValue(raw)
    image.SetDataElement(element)
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
    change.SetInput(image)
    if not change.Change():
        raise RuntimeError("gdcm could not encode JPEG lossless")
    fragments = change.GetOutput().GetDataElement().GetSequenceOfFragments()
    return b"".join(
        fragments.GetFragment(number).GetByteValue().GetBuffer().encode("utf-8", "surrogateescape")
        for number in range(fragments.GetNumberOfFragments())
    )
