"""DICOM file: a phantom with a made-up identity as the bytes of a valid 12-bit DX or CR image."""

import io
from zlib import crc32

from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ComputedRadiographyImageStorage, DigitalXRayImageStorageForPresentation

from xray_platform.phantoms.encode import put_pixels
from xray_platform.phantoms.identity import HOSPITALS, Identity
from xray_platform.phantoms.phantom import Phantom
from xray_platform.phantoms.style import Style, oriented
from xray_platform.phantoms.vendors import VENDORS

WHITE = 4095
STORAGE = {"DX": DigitalXRayImageStorageForPresentation, "CR": ComputedRadiographyImageStorage}


def dicom_bytes(phantom: Phantom, identity: Identity, style: Style) -> bytes:
    """Return a Part-10 file; the same three values always give the same bytes."""
    dataset = _header(identity, style)
    _equipment(dataset, identity, style)
    _picture(dataset, phantom, style)
    (_digital_xray if style.modality == "DX" else _computed_radiography)(dataset, style)
    if style.private_block:
        _private(dataset, identity, style)
    pixels = oriented(phantom.pixels, style.orientation)
    put_pixels(dataset, WHITE - pixels if style.photometric == "MONOCHROME1" else pixels, style.transfer_syntax)
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def _header(identity: Identity, style: Style) -> Dataset:
    """Patient, study and series modules (PS3.3 C.7.1 to C.7.3)."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = STORAGE[style.modality]
    dataset.file_meta.MediaStorageSOPInstanceUID = UID(identity.instance_uid)
    patient, day = identity.patient, f"{identity.study_date:%Y%m%d}"
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID, dataset.SOPInstanceUID = STORAGE[style.modality], identity.instance_uid
    dataset.PatientName, dataset.PatientID = patient.name, patient.patient_id
    dataset.PatientBirthDate, dataset.PatientSex = f"{patient.birth_date:%Y%m%d}", patient.sex
    dataset.PatientAge = f"{identity.age_years:03d}Y"
    dataset.OtherPatientIDsSequence = [_item(PatientID=patient.other_id, TypeOfPatientID="TEXT")]
    dataset.PatientAddress = patient.address
    dataset.PatientTelephoneNumbers = patient.telephone
    dataset.PatientComments = f"Please call {patient.name.split('^')[0]} at {patient.telephone}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = identity.study_uid, identity.series_uid
    dataset.StudyID, dataset.AccessionNumber = identity.study_id, identity.accession
    for moment in ("Study", "Series", "Acquisition", "Content"):
        setattr(dataset, f"{moment}Date", day)
        setattr(dataset, f"{moment}Time", identity.study_time)
    dataset.StudyDescription = identity.study_description
    dataset.SeriesDescription = f"CHEST {style.view}"
    dataset.ReferringPhysicianName = identity.referring
    dataset.NameOfPhysiciansReadingStudy = identity.radiologist
    dataset.OperatorsName = identity.operator
    dataset.AdmittingDiagnosesDescription = identity.reason
    dataset.Modality = style.modality
    dataset.SeriesNumber, dataset.InstanceNumber = identity.series_number, identity.instance_number
    dataset.AcquisitionNumber = 1
    dataset.RequestAttributesSequence = [
        _item(
            RequestedProcedureID=identity.study_id,
            ScheduledProcedureStepID=identity.study_id,
            RequestedProcedureDescription=identity.study_description,
            ReasonForTheRequestedProcedure=identity.reason or None,
        )
    ]
    return dataset


def _equipment(dataset: Dataset, identity: Identity, style: Style) -> None:
    """General equipment module (PS3.3 C.7.5.1)."""
    vendor = VENDORS[style.vendor]
    name, address, _ = HOSPITALS[identity.patient.hospital]
    dataset.Manufacturer, dataset.ManufacturerModelName = vendor.name, vendor.model
    dataset.SoftwareVersions = vendor.software
    dataset.InstitutionName, dataset.InstitutionAddress = name, address
    dataset.InstitutionalDepartmentName = "Radiology"
    dataset.StationName = identity.station
    dataset.DeviceSerialNumber = f"SN{_number_of(identity.station):08d}"


def _number_of(text: str) -> int:
    """Return a number of at most eight digits that stays the same between processes."""
    return crc32(text.encode()) % 10**8


def _picture(dataset: Dataset, phantom: Phantom, style: Style) -> None:
    """Image pixel module (PS3.3 C.7.6.3) and what both kinds of image share."""
    turned = style.orientation[0] in "FH"
    rows, columns = phantom.pixels.shape[::-1] if turned else phantom.pixels.shape
    dataset.ImageType = ["ORIGINAL", "PRIMARY", ""] if style.modality == "DX" else ["ORIGINAL", "PRIMARY"]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, style.photometric
    dataset.Rows, dataset.Columns = rows, columns
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.PatientOrientation = list(style.orientation)
    dataset.BodyPartExamined = "CHEST"
    dataset.ViewPosition = style.view
    spacing = round(phantom.spacing_mm, 6)
    dataset.ImagerPixelSpacing = [spacing, spacing]
    dataset.WindowCenter, dataset.WindowWidth = "2048", "4096"
    dataset.KVP, dataset.ExposureInuAs = style.kvp, round(style.exposure_mas * 1000)
    dataset.Exposure = round(style.exposure_mas)
    dataset.DistanceSourceToDetector = 1800 if style.view == "PA" else 1150


def _digital_xray(dataset: Dataset, style: Style) -> None:
    """DX anatomy, image, detector and positioning modules (PS3.3 C.8.11)."""
    dataset.PresentationIntentType = "FOR PRESENTATION"
    dataset.PresentationLUTShape = "INVERSE" if style.photometric == "MONOCHROME1" else "IDENTITY"
    dataset.PixelIntensityRelationship = "LOG"
    dataset.PixelIntensityRelationshipSign = 1 if style.photometric == "MONOCHROME1" else -1
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = 0, 1, "US"
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "00"
    dataset.ImageLaterality = "U"
    dataset.AnatomicRegionSequence = [_code("51185008", "SCT", "Chest")]
    view = {"PA": ("272479007", "postero-anterior"), "AP": ("399348003", "antero-posterior")}[style.view]
    dataset.ViewCodeSequence = [_code(view[0], "SCT", view[1])]
    dataset.ViewCodeSequence[0].ViewModifierCodeSequence = []
    dataset.DetectorType = "SCINTILLATOR"
    stance = ("10904000", "erect") if style.view == "PA" else ("102538003", "recumbent")
    dataset.PatientOrientationCodeSequence = [_code(stance[0], "SCT", stance[1])]
    dataset.PositionerType = "NONE"
    dataset.AcquisitionContextSequence = []


def _computed_radiography(dataset: Dataset, style: Style) -> None:
    """CR series and image modules (PS3.3 C.8.1)."""
    dataset.PlateID = f"{_number_of(style.vendor) % 10**6:06d}"
    dataset.CassetteSize = "35CMX43CM"
    dataset.PixelSpacing = dataset.ImagerPixelSpacing


def _private(dataset: Dataset, identity: Identity, style: Style) -> None:
    """The maker's own elements, as many makers repeat the name there."""
    block = dataset.private_block(0x0019, f"{style.vendor.split()[0].upper()} PRIVATE 1.0", create=True)
    block.add_new(0x01, "LO", identity.patient.name.replace("^", " "))
    block.add_new(0x02, "SH", identity.accession)
    block.add_new(0x03, "DS", "1.05")


def _item(**values: object) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        if value is not None:
            setattr(item, keyword, value)
    return item


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    return _item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)
