"""Identity: made-up people, hospitals, studies and numbers, so that de-identification has work to do."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from xray_platform.phantoms.parameters import Subject

FAMILY = (
    "Abendroth", "Belmonte", "Castellane", "Drummond", "Eskildsen", "Farrokhzad", "Grünewald", "Hollister", "Ibáñez",
    "Jankowski", "Kowalczyk", "Lindqvist", "Mbeki-Osei", "Nakagawa", "O'Shaughnessy", "Pereira da Silva", "Quispe",
    "Rautavaara", "Szymborski", "Thorvaldsen", "Urquhart", "Vandenberghe", "Whitlock", "Yıldırım", "Zimmermann",
)  # fmt: skip
GIVEN = {
    "M": ("Anselm", "Bartholomew", "Casimir", "Dmitri", "Emeka", "Florian", "Gianluca", "Håkon", "Ignacio", "Kenji"),
    "F": ("Adelheid", "Beatriz", "Clementine", "Dorothea", "Eszter", "Fatoumata", "Gwendolyn", "Hiroko", "Ingeborg",
          "Zofia"),
}  # fmt: skip
HOSPITALS = (
    ("St. Brigid General Hospital", "14 Quarry Lane, Eastmere", "SBG"),
    ("Klinikum Rabenstein", "Am Mühlbach 3, Rabenstein", "KRA"),
    ("Hôpital Sainte-Ombeline", "27 quai des Tanneurs, Vaurenard", "HSO"),
    ("Northmoor Thoracic Centre", "1 Infirmary Road, Northmoor", "NTC"),
)
REASONS = ("Cough, r/o pneumonia", "Preop", "Follow-up", "Chest pain", "Dyspnoea", "Line placement check", "Trauma", "")
TOWNS = ("Eastmere", "Rabenstein", "Vaurenard", "Northmoor", "Lower Sedgewick", "Birkental")


@dataclass(frozen=True)
class Patient:
    """A patient as a hospital knows one."""

    name: str
    patient_id: str
    other_id: str
    birth_date: date
    sex: str
    address: str
    telephone: str
    hospital: int


@dataclass(frozen=True)
class Identity:
    """A patient's study: everything in a header that says who, where and when."""

    patient: Patient
    study_date: date
    study_time: str
    accession: str
    study_id: str
    study_uid: str
    series_uid: str
    instance_uid: str
    frame_of_reference: str
    study_description: str
    reason: str
    referring: str
    radiologist: str
    operator: str
    station: str
    series_number: int
    instance_number: int
    age_years: int


def sample_patient(rng: np.random.Generator, subject: Subject, study_year: int = 2024) -> Patient:
    """Draw a patient of the subject's sex and age."""
    family, given = str(rng.choice(FAMILY)), str(rng.choice(GIVEN[subject.sex]))
    born = date(study_year - subject.age_years, 1, 1) - timedelta(days=int(rng.integers(1, 360)))
    return Patient(
        name=f"{family}^{given}^{chr(65 + int(rng.integers(26)))}",
        patient_id=_number(rng, 8) if rng.random() < 0.7 else f"{rng.choice(('P', 'MRN', 'K'))}{_number(rng, 7)}",
        other_id=f"{_number(rng, 3)}-{_number(rng, 2)}-{_number(rng, 4)}",
        birth_date=born,
        sex=subject.sex,
        address=f"{int(rng.integers(1, 240))} {rng.choice(FAMILY)} Street, {rng.choice(TOWNS)}",
        telephone=f"+00 {_number(rng, 3)} {_number(rng, 7)}",
        hospital=int(rng.integers(len(HOSPITALS))),
    )


def sample_identity(
    rng: np.random.Generator, patient: Patient, view: str, study: "Identity | None" = None, instance: int = 1
) -> Identity:
    """Draw a study of a patient; given one of its pictures, a further picture of the same study."""
    first = study or _study(rng, patient, view)
    return replace(first, series_uid=made_up_uid(rng), instance_uid=made_up_uid(rng), series_number=instance)


def made_up_uid(rng: np.random.Generator) -> str:
    """Return a UID like 2.25.<128-bit number> (PS3.5 section B.2)."""
    return f"2.25.{int.from_bytes(rng.bytes(16), 'big') >> 1}"


def _study(rng: np.random.Generator, patient: Patient, view: str) -> Identity:
    day = date(2024, 1, 1) + timedelta(days=int(rng.integers(0, 366)))
    clock = f"{int(rng.integers(0, 24)):02d}{int(rng.integers(0, 60)):02d}{int(rng.integers(0, 60)):02d}"
    code = HOSPITALS[patient.hospital][2]
    words = {
        "PA": ("XR CHEST PA", "Thorax p.a.", "CHEST 1 VIEW"),
        "AP": ("XR CHEST PORTABLE AP", "Thorax a.p. liegend"),
    }
    had_birthday = (day.month, day.day) >= (patient.birth_date.month, patient.birth_date.day)
    return Identity(
        patient=patient,
        study_date=day,
        study_time=clock,
        accession=f"{code}{day:%y%m}{_number(rng, 5)}",
        study_id=_number(rng, 6),
        study_uid=made_up_uid(rng),
        series_uid="",
        instance_uid="",
        frame_of_reference=made_up_uid(rng),
        study_description=str(rng.choice(words[view])),
        reason=str(rng.choice(REASONS)),
        referring=_doctor(rng),
        radiologist=_doctor(rng),
        operator=_doctor(rng),
        station=f"{code}-XR{int(rng.integers(1, 7))}",
        series_number=1,
        instance_number=1,
        age_years=day.year - patient.birth_date.year - (not had_birthday),
    )


def _doctor(rng: np.random.Generator) -> str:
    return f"{rng.choice(FAMILY)}^{rng.choice(GIVEN['F' if rng.random() < 0.5 else 'M'])}^^Dr."


def _number(rng: np.random.Generator, digits: int) -> str:
    return "".join(str(int(digit)) for digit in rng.integers(0, 10, digits))
