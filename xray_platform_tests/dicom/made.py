"""Made: small DICOM files for tests, written by pydicom, which the product does not read with."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, FileMetaDataset, dcmwrite
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

CR = "1.2.840.10008.5.1.4.1.1.1"
INSTANCE = "1.2.826.0.1.3680043.8.498.1"


def chest(rows: int = 256, columns: int = 256, bits: int = 12) -> NDArray[np.uint16]:
    """Return grey values (rows, columns) that look roughly like a frontal chest: bright is dense."""
    y, x = np.mgrid[0:rows, 0:columns]
    y, x = (y + 0.5) / rows, (x + 0.5) / columns
    picture = np.full((rows, columns), 0.55)
    picture -= 0.4 * _blob(y, x, 0.45, 0.29, 0.30, 0.14) + 0.4 * _blob(y, x, 0.45, 0.71, 0.30, 0.13)
    picture += 0.25 * _blob(y, x, 0.5, 0.5, 0.7, 0.07) + 0.2 * _blob(y, x, 0.63, 0.57, 0.15, 0.12)
    picture += 0.3 / (1 + np.exp(-(y - 0.82) / 0.03)) - 0.4 / (1 + np.exp(-(np.abs(x - 0.5) - 0.46) / 0.01))
    picture += 0.02 * np.random.default_rng(1).standard_normal((rows, columns))
    return np.asarray(np.clip(picture, 0, 1) * ((1 << bits) - 1), np.uint16)


def _blob(y: NDArray[Any], x: NDArray[Any], row: float, column: float, height: float, width: float) -> NDArray[Any]:
    distance = ((y - row) / height) ** 2 + ((x - column) / width) ** 2
    return np.asarray(1 / (1 + np.exp((distance - 1) / 0.2)))


def dataset(pixels: NDArray[Any] | None = None, **attributes: Any) -> Dataset:
    """Return a sound CR dataset around grey pixels; an attribute given as None is left out."""
    pixels = chest() if pixels is None else pixels
    values: dict[str, Any] = {
        "SOPClassUID": CR,
        "SOPInstanceUID": INSTANCE,
        "StudyInstanceUID": f"{INSTANCE}.2",
        "SeriesInstanceUID": f"{INSTANCE}.3",
        "Modality": "CR",
        "BodyPartExamined": "CHEST",
        "ViewPosition": "PA",
        "PatientID": "17",
        "PatientName": "Doe^Jane",
        "StudyDate": "20200102",
        "PatientAge": "050Y",
        "PatientOrientation": ["L", "F"],
        "PixelSpacing": [0.2, 0.2],
        "SamplesPerPixel": 1 if pixels.ndim == 2 else pixels.shape[2],
        "PhotometricInterpretation": "MONOCHROME2" if pixels.ndim == 2 else "RGB",
        "PlanarConfiguration": None if pixels.ndim == 2 else 0,
        "Rows": pixels.shape[0],
        "Columns": pixels.shape[1],
        "BitsAllocated": pixels.dtype.itemsize * 8,
        "BitsStored": 12 if pixels.dtype.itemsize == 2 else pixels.dtype.itemsize * 8,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
        "PixelData": pixels.astype(pixels.dtype.newbyteorder("<")).tobytes(),
    }
    values |= {"HighBit": attributes.get("BitsStored", values["BitsStored"]) - 1}
    made = Dataset()
    for name, value in (values | attributes).items():
        if value is not None:
            setattr(made, name, value)
    if "PixelData" in made:
        made["PixelData"].VR = "OW" if made.BitsAllocated > 8 else "OB"
    return made


def part10(made: Dataset, syntax: str = ExplicitVRLittleEndian, instance: str | None = None) -> bytes:
    """Return a dataset as a Part-10 file; an encapsulated syntax takes PixelData as it stands."""
    made = Dataset(made)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = made.get("SOPClassUID", CR)
    meta.MediaStorageSOPInstanceUID = UID(instance or made.get("SOPInstanceUID", INSTANCE))
    meta.TransferSyntaxUID = UID(syntax)
    made.file_meta = meta
    if "PixelData" in made and syntax not in {ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian}:
        made["PixelData"].is_undefined_length = not syntax.endswith("1.99")
        made["PixelData"].VR = "OB"
    stream = io.BytesIO()
    dcmwrite(stream, made, enforce_file_format=True)
    return stream.getvalue()


def file(pixels: NDArray[Any] | None = None, syntax: str = ExplicitVRLittleEndian, **attributes: Any) -> bytes:
    """Return the bytes of a sound CR file around grey pixels."""
    return part10(dataset(pixels, **attributes), syntax)


def bare(made: Dataset, *, explicit: bool = True) -> bytes:
    """Return a dataset without preamble and file meta information."""
    stream = io.BytesIO()
    dcmwrite(stream, made, implicit_vr=not explicit, little_endian=True)
    return stream.getvalue()
