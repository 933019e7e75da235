"""Results as DICOM objects: a structured report, a picture with overlay, and the heat map as a segmentation.

They carry the patient and the study of the raw file that they are about, and so belong to the raw zone.
"""

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import Any

import cv2
import highdicom as hd
import numpy as np
from highdicom.sr.coding import CodedConcept
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless

from xray_platform import __version__
from xray_platform.errors import InputError
from xray_platform.serving.pacs.judged_image import JudgedImage

MAKER = "xray-platform"
SCHEME = "99XRAYPLAT"
NOTICE = "Research software, not for diagnostic use"
OPACITY = 0.5
KINDS = ("report", "capture", "segmentation")
_SERIES = {"report": 9101, "capture": 9102, "segmentation": 9103}
_VERDICTS = {"normal": ("17621005", "Normal"), "abnormal": ("263654008", "Abnormal")}
_AGE = re.compile("[0-9]{3}[DWMY]")
_MAY_BE_EMPTY = (  # type 2: they must be there, and may say nothing
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "AccessionNumber",
    "ReferringPhysicianName", "StudyID",
)  # fmt: skip


@dataclass(frozen=True)
class ModelIdentity:
    """Which model speaks: its name, its version in the registry, and the digest of its bundle."""

    name: str
    version: str
    bundle: str

    @property
    def parameters(self) -> dict[str, str]:
        return {"bundle": self.bundle, "software": f"{MAKER} {__version__}"}


def read_header(data: bytes) -> Dataset:
    """Return a raw file's attributes without its pixels. Raises InputError where results cannot be about it."""
    with _silence():
        return _read_header(data)


def _read_header(data: bytes) -> Dataset:
    try:
        header = dcmread(BytesIO(data), stop_before_pixels=True, force=True)
        uids = [header.get(name) for name in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")]
    except Exception as error:  # noqa: BLE001 - pydicom raises whatever it likes on what it cannot read
        raise InputError(f"its header cannot be read ({type(error).__name__})") from None
    if not all(uids):
        raise InputError("it is no DICOM object with UIDs of its class, itself, series and study")
    for name in _MAY_BE_EMPTY:
        if name not in header:
            setattr(header, name, "")
    if not _AGE.fullmatch(str(header.get("PatientAge") or "000Y")):
        del header.PatientAge
    for name in ("PixelSpacing", "ImagerPixelSpacing"):
        if name in header and not all(header[name].value or (0,)):
            del header[name]
    return header


@contextmanager
def _silence() -> Iterator[None]:
    """Have libraries warn of nothing: what they find odd they quote, such as a patient's name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def uid_of(kind: str, model: ModelIdentity, source_uid: str, raw_sha256: str) -> str:
    """Return a UID that is always the same for what a model says of an image: sending twice doubles nothing."""
    digest = bytearray(sha256("|".join((kind, model.bundle, source_uid, raw_sha256)).encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return f"2.25.{int.from_bytes(digest, 'big')}"


def make_results(header: Dataset, raw_sha256: str, judged: JudgedImage, model: ModelIdentity) -> Mapping[str, Dataset]:
    """Return the objects by kind. Raises InputError where the source lacks what they need; no value is told."""
    makers = {"report": _report, "capture": _capture, "segmentation": _segmentation}
    made = {}
    for kind, make in makers.items():
        uid, series = (uid_of(name, model, str(header.SOPInstanceUID), raw_sha256) for name in (kind, f"{kind} series"))
        same = {"sop_instance_uid": uid, "series_instance_uid": series, "series_number": _SERIES[kind],
                "instance_number": 1, "manufacturer": MAKER}  # fmt: skip
        try:
            with _silence():
                made[kind] = make(header, judged, model, same)
        except (AttributeError, ValueError, TypeError, KeyError, RuntimeError, IndexError) as error:
            raise InputError(f"no {kind} can be made of its attributes ({type(error).__name__})") from error
        made[kind].SeriesDescription = f"{model.name} {kind}: not for diagnostic use"
    return made


def _report(header: Dataset, judged: JudgedImage, model: ModelIdentity, same: Mapping[str, Any]) -> Dataset:
    """Return a measurement report (TID 1500) with one group about the whole image."""
    prediction = judged.prediction
    algorithm = hd.sr.AlgorithmIdentification(
        name=model.name, version=model.version, manufacturer=MAKER,
        parameters=[f"{name}: {value}" for name, value in model.parameters.items()],
    )  # fmt: skip
    group = hd.sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=hd.sr.TrackingIdentifier(
            uid=uid_of("whole image", model, str(header.SOPInstanceUID), ""), identifier="whole image"
        ),
        algorithm_id=algorithm,
        measurements=[
            hd.sr.Measurement(_private(code, meaning), float(value), codes.UCUM.NoUnits)
            for code, meaning, value in (
                ("PROB", "Probability of being abnormal", prediction.probability),
                ("THRESH", "Probability from which on abnormal", prediction.threshold_probability),
                ("SCORE", "Score of the model", prediction.score),
            )
        ],
        qualitative_evaluations=[
            hd.sr.QualitativeEvaluation(_private("VERDICT", "Verdict of the model"), _verdict(prediction.verdict)),
            hd.sr.QualitativeEvaluation(
                _private("USE", "Intended use"), _private("NOTDIAG", "Not for diagnostic use")
            ),
            *_quality(judged),
        ],
        source_images=[hd.sr.SourceImageForMeasurementGroup.from_source_image(header)],
    )  # fmt: skip
    observer = hd.sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            uid=uid_of("device", model, "", ""), name=MAKER, manufacturer_name=MAKER, model_name=model.name,
            serial_number=model.bundle[:16],
        ),
    )  # fmt: skip
    content = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_device_context=observer),
        procedure_reported=CodedConcept("399208008", "SCT", "Plain chest X-ray"),
        imaging_measurements=[group],
        title=codes.DCM.ImagingMeasurementReport,
    )
    return hd.sr.ComprehensiveSR(
        evidence=[header], content=content[0], is_complete=True, is_verified=False,
        transfer_syntax_uid=ExplicitVRLittleEndian, **same,
    )  # fmt: skip


def _quality(judged: JudgedImage) -> list[hd.sr.QualitativeEvaluation]:
    """Say that quality would hold the image back, where it would: then the verdict is not to be relied on."""
    if not judged.prediction.quarantine:
        return []
    return [
        hd.sr.QualitativeEvaluation(
            _private("QUALITY", "Quality of the image"), _private("UNLIKE", "Unlike what the model learnt from")
        )
    ]


def _capture(header: Dataset, judged: JudgedImage, model: ModelIdentity, same: Mapping[str, Any]) -> Dataset:
    """Return a secondary capture: the image in grey, the heat map over it in colour, and words."""
    made = hd.sc.SCImage.from_ref_dataset(
        ref_dataset=header, pixel_array=overlay(judged, model), photometric_interpretation="RGB", bits_allocated=8,
        coordinate_system="PATIENT", transfer_syntax_uid=ExplicitVRLittleEndian,
        patient_orientation=("L", "F"), **same,
    )  # fmt: skip
    made.PatientOrientation = _orientation(header)  # what the source says, which may be nothing
    made.Laterality = ""
    made.BurnedInAnnotation = "YES"
    made.DerivationDescription = NOTICE
    return made


def overlay(judged: JudgedImage, model: ModelIdentity) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return the image with the heat map over it, one opacity, colour by value, (rows, columns, 3) RGB."""
    rows, columns = judged.grey.shape
    heat = cv2.resize(_heat(judged), (columns, rows), interpolation=cv2.INTER_AREA)
    colour = cv2.cvtColor(cv2.applyColorMap(heat, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    grey = cv2.cvtColor(judged.grey, cv2.COLOR_GRAY2RGB)
    shown = cv2.addWeighted(grey, 1 - OPACITY, colour, OPACITY, 0)
    prediction, scale = judged.prediction, judged.heatmap.scale
    lines = (
        f"{model.name} {model.version}: {prediction.verdict}, probability {prediction.probability:.2f}",
        f"abnormal from {prediction.threshold_probability:.2f} on; map: {scale.low:.3g} black, {scale.high:.3g} yellow",
        NOTICE,
    )
    size = max(rows, columns) / 1600
    high = round(36 * size) + 4
    band = high * len(lines) + high // 2
    shown = np.vstack([shown[:band] // 4, shown[band:]])  # words can be read over anything
    for number, line in enumerate(lines, start=1):
        at, font = (6, high * number), cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(shown, line, at, font, max(size, 0.3), (255, 255, 255), 1, cv2.LINE_AA)
    return np.asarray(shown, dtype=np.uint8)


def _segmentation(header: Dataset, judged: JudgedImage, model: ModelIdentity, same: Mapping[str, Any]) -> Dataset:
    """Return the heat map as a fractional segmentation, a pixel for each of the image's."""
    heat = _heat(judged)
    if heat.shape != (header.Rows, header.Columns):
        raise ValueError("the heat map does not lie over the image")
    scale = judged.heatmap.scale
    segment = hd.seg.SegmentDescription(
        segment_number=1,
        segment_label="Where the image looks abnormal",
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=CodedConcept("263654008", "SCT", "Abnormal"),
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name=model.name, version=model.version, family=codes.DCM.ArtificialIntelligence, source=MAKER,
            parameters={**model.parameters, "heat map at 0": f"{scale.low:.6g}", "at 1": f"{scale.high:.6g}"},
        ),
        tracking_uid=uid_of("heat map", model, str(header.SOPInstanceUID), ""), tracking_id="heat map",
    )  # fmt: skip
    made = hd.seg.Segmentation(
        source_images=[header], pixel_array=heat[np.newaxis].astype(np.float32) / 255,
        segmentation_type=hd.seg.SegmentationTypeValues.FRACTIONAL, segment_descriptions=[segment],
        fractional_type=hd.seg.SegmentationFractionalTypeValues.PROBABILITY, max_fractional_value=255,
        transfer_syntax_uid=JPEG2000Lossless, omit_empty_frames=False, manufacturer_model_name=model.name,
        software_versions=__version__, device_serial_number=model.bundle[:16], content_label="HEATMAP",
        content_description="Heat map of a model, not for diagnostic use", **same,
    )  # fmt: skip
    made.PatientOrientation = _orientation(header)
    return made


def _orientation(header: Dataset) -> Any:
    return header.get("PatientOrientation") or None


def _heat(judged: JudgedImage) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.asarray(cv2.imdecode(np.frombuffer(judged.heatmap.png, np.uint8), cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def _private(code: str, meaning: str) -> CodedConcept:
    return CodedConcept(code, SCHEME, meaning)


def _verdict(verdict: str) -> CodedConcept:
    code, meaning = _VERDICTS[verdict]
    return CodedConcept(code, "SCT", meaning)
