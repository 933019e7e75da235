"""Facts: read what the tables may know of a picture from its de-identified attributes."""

from collections.abc import Mapping

from xray_platform.dicom.deidentify.encode import Written
from xray_platform.dicom.deidentify.pixel_data import PixelSource
from xray_platform.dicom.deidentify.result import Facts
from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container
from xray_platform.dicom.parse.dates import OLDEST, age_at_study, cap_age, in_years, read_age
from xray_platform.dicom.parse.description_vocabulary import view_among
from xray_platform.dicom.parse.pixel_module import layout_of
from xray_platform.dicom.pixels.standard_image import is_lossy
from xray_platform.dicom.pixels.stored_values import pixel_sha256

_SPACINGS = (tags.PIXEL_SPACING, tags.IMAGER_PIXEL_SPACING)
_PHOTOMETRICS = frozenset(("MONOCHROME1", "MONOCHROME2", "RGB", "YBR_FULL", "YBR_FULL_422", "PALETTE COLOR"))


def dicom_facts(container: Container, written: Mapping[int, Written], source: PixelSource) -> Facts:
    """Return the facts of a picture that came as DICOM."""
    came = layout_of(container)
    photometric = came.photometric if came else source.layout.photometric
    return Facts(
        format="dicom",
        pixel_sha256=pixel_sha256(source.values),
        rows=source.layout.rows,
        columns=source.layout.columns,
        bits_stored=min(source.layout.bits_stored, 16),
        photometric=photometric if photometric in _PHOTOMETRICS else source.layout.photometric,
        lossy=is_lossy(container),
        transfer_syntax=source.syntax,
        modality=_text(written, tags.MODALITY),
        view_position=view_among(_text(written, tag) for tag in (tags.VIEW_POSITION, tags.PATIENT_POSITION)),
        sex=_text(written, tags.PATIENT_SEX),
        age_years=_age(written),
        study_date=_text(written, tags.STUDY_DATE),
        manufacturer=_text(written, tags.MANUFACTURER),
        spacing_mm=_spacing(written),
    )


def capped_age(container: Container) -> str | None:
    """Return the capped age at the study, as stated or from the dates of birth and study; None without either."""
    told = (container.text(tag) for tag in (tags.PATIENT_AGE, tags.PATIENT_BIRTH_DATE, tags.STUDY_DATE))
    age = age_at_study(*told)
    return cap_age(age) if age else None


def _text(written: Mapping[int, Written], tag: int) -> str | None:
    element = written.get(tag)
    if element is None or not isinstance(element.value, bytes):
        return None
    return element.value.decode("ascii").strip() or None


def _age(written: Mapping[int, Written]) -> float | None:
    age = read_age(_text(written, tags.PATIENT_AGE) or "")
    return min(float(OLDEST), round(in_years(*age), 3)) if age else None


def _spacing(written: Mapping[int, Written]) -> float | None:
    for tag in _SPACINGS:
        parts = [float(part) for part in (_text(written, tag) or "").split("\\") if part]
        if len(parts) == 2 and 0.01 <= sum(parts) / 2 <= 10:
            return sum(parts) / 2
    return None
