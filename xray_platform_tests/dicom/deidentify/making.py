"""Making: small DICOM files for the tests of de-identification, valid CR and DX, written with pydicom."""

from io import BytesIO
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

from xray_platform.dicom.deidentify.settings import DeidentifySettings
from xray_platform.dicom.pseudonym import PseudonymKey

CR, DX = "1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.5.1.4.1.1.1.1"
PAINTED = DeidentifySettings(text_in_body="paint", most_masked=0.2)
"""Real pictures bear writing near the body, which is painted over where a test is about something else."""
KEY = PseudonymKey(bytes(range(32)))
OTHER_KEY = PseudonymKey(bytes(range(1, 33)))


def smooth(rows: int = 64, columns: int = 64, bits: int = 12) -> np.ndarray[Any, Any]:
    """A slope of grey values without text, uint16."""
    slope = np.linspace(0, (1 << bits) - 1, rows * columns).reshape(rows, columns)
    return slope.astype(np.uint16)


def hiding(name: bytes) -> np.ndarray[Any, Any]:
    """A smooth picture of 8 bits, one row of which spells a name for a moment: nothing that an eye could read."""
    pixels = smooth(bits=8).astype(np.uint8)
    pixels[40, 8 : 8 + len(name)] = np.frombuffer(name, np.uint8)
    return pixels


def coded(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def make(
    pixels: np.ndarray[Any, Any] | None = None, *, sop_class: str = CR, bits: int = 12, **attributes: Any
) -> Dataset:
    """A CR or DX dataset with every attribute of type 1 and 2, and further ones by keyword; None removes one."""
    pixels = smooth(bits=bits) if pixels is None else pixels
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = sop_class, "1.2.3.4567.1"
    made.ImageType = ["ORIGINAL", "PRIMARY", ""]
    made.StudyInstanceUID, made.SeriesInstanceUID = "1.2.3.4567.2", "1.2.3.4567.3"
    made.PatientName, made.PatientID, made.PatientBirthDate, made.PatientSex = "Doe^Jane", "MRN-77120", "19610304", "F"
    made.StudyDate, made.StudyTime, made.StudyID, made.AccessionNumber = "20150612", "101112", "S-551", "ACC-90210"
    made.ContentDate, made.ContentTime, made.AcquisitionDate = "20150612", "101313", "20150612"
    made.ReferringPhysicianName, made.Manufacturer = "House^Gregory", "FUJIFILM Corporation"
    made.Modality = "CR" if sop_class == CR else "DX"
    made.SeriesNumber, made.InstanceNumber, made.PatientOrientation = "1", "1", ["L", "F"]
    made.BodyPartExamined, made.ViewPosition = "CHEST", "PA"
    made.BurnedInAnnotation, made.LossyImageCompression = "NO", "00"
    made.PixelSpacing, made.ImagerPixelSpacing = ["0.2", "0.2"], ["0.2", "0.2"]
    if sop_class == DX:
        _make_dx(made)
    put_pixels(made, pixels, bits)
    for keyword, value in attributes.items():
        if value is None:
            delattr(made, keyword)
        else:
            setattr(made, keyword, value)
    return made


def put_pixels(made: Dataset, pixels: np.ndarray[Any, Any], bits: int) -> None:
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows, made.Columns = pixels.shape
    made.BitsAllocated, made.BitsStored, made.HighBit = pixels.dtype.itemsize * 8, bits, bits - 1
    made.PixelRepresentation = int(pixels.dtype.kind == "i")
    made.add_new(0x7FE00010, "OW" if pixels.dtype.itemsize > 1 else "OB", pixels.tobytes())


def _make_dx(made: Dataset) -> None:
    made.PresentationIntentType, made.PresentationLUTShape = "FOR PRESENTATION", "IDENTITY"
    made.PixelIntensityRelationship, made.PixelIntensityRelationshipSign = "LIN", 1
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = "0", "1", "US"
    made.ImageLaterality, made.DetectorType, made.PositionerType = "U", "SCINTILLATOR", "NONE"
    made.WindowCenter, made.WindowWidth = "2048", "4096"
    made.AnatomicRegionSequence = Sequence([coded("51185008", "SCT", "Chest of Jane Doe")])
    made.ViewCodeSequence = Sequence([coded("399348003", "SCT", "antero-posterior")])
    made.AcquisitionContextSequence = Sequence([])


def encoded(made: Dataset, syntax: str = ExplicitVRLittleEndian, preamble: bytes = b"\0" * 128) -> bytes:
    """The bytes of a Part-10 file."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID(made.SOPClassUID), UID("1.2.3.4567.1")
    meta.TransferSyntaxUID, meta.SourceApplicationEntityTitle = UID(syntax), "RADIOLOGY_AE"
    whole = FileDataset("", made, preamble=preamble, file_meta=meta)
    buffer = BytesIO()
    whole.save_as(buffer, enforce_file_format=False, implicit_vr=False, little_endian=True)
    return buffer.getvalue()


def compressed(stream: bytes, syntax: str, bits: int = 12, **attributes: Any) -> bytes:
    """A file around a compressed stream of a picture of 64 x 64."""
    made = make(smooth(bits=bits).astype(np.uint8 if bits == 8 else np.uint16), bits=bits, **attributes)
    made.PixelData = encapsulate([stream])
    made["PixelData"].VR, made["PixelData"].is_undefined_length = "OB", True
    return encoded(made, syntax)
