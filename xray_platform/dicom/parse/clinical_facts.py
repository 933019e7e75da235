"""Clinical facts: age, sex and view as the header of a file states them, read as the published images' rows are."""

from xray_platform.clinical_columns import ClinicalFacts
from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container
from xray_platform.dicom.parse.dates import age_at_study, in_years, read_age
from xray_platform.dicom.parse.description_vocabulary import view_among


def clinical_facts(container: Container) -> ClinicalFacts:
    """Return what a header states; a view also where some machines write it, as the patient's position."""
    stated = (container.text(tag).strip().upper() for tag in (tags.VIEW_POSITION, tags.PATIENT_POSITION))
    sex = container.text(tags.PATIENT_SEX).strip().upper() or None
    return ClinicalFacts(_age(container), sex, view_among(stated))


def _age(container: Container) -> float | None:
    """Return the age in years as stated, or from the dates of birth and study; None without either."""
    told = (container.text(tag) for tag in (tags.PATIENT_AGE, tags.PATIENT_BIRTH_DATE, tags.STUDY_DATE))
    age = read_age(age_at_study(*told) or "")
    return round(in_years(*age), 3) if age else None
