"""Query: which images are wanted from an archive, as C-FIND and QIDO-RS ask for them."""

import re
from dataclasses import dataclass

from pydicom.dataset import Dataset

from xray_platform.errors import InputError

RADIOGRAPHS = ("CR", "DX")
_DATES = re.compile(r"[0-9]{8}|[0-9]{8}-|-[0-9]{8}|[0-9]{8}-[0-9]{8}")
_WILD = re.compile(r"[*?\\]")


@dataclass(frozen=True)
class Query:
    """What an image must be: of a day or days (`20240101-20240131`), a patient, an accession or a study."""

    study_date: str = ""
    patient_id: str = ""
    accession: str = ""
    study_uid: str = ""
    modalities: tuple[str, ...] = RADIOGRAPHS

    def check(self) -> None:
        """Raise InputError where it asks for nothing in particular, or in a way that archives understand in others."""
        if not any((self.study_date, self.patient_id, self.accession, self.study_uid)):
            raise InputError("say which images: --study-date, --patient-id, --accession or --study-uid")
        if self.study_date and not _DATES.fullmatch(self.study_date):
            raise InputError(f"--study-date {self.study_date!r} is no date; 20240131 and 20240101-20240131 are allowed")
        if any(map(_WILD.search, (self.patient_id, self.accession, self.study_uid))):
            raise InputError("--patient-id, --accession and --study-uid take no * and ?; each is one value")

    def studies(self) -> Dataset:
        """Return the identifier of a C-FIND for studies."""
        asked = Dataset()
        asked.QueryRetrieveLevel = "STUDY"
        asked.StudyDate, asked.PatientID, asked.AccessionNumber = self.study_date, self.patient_id, self.accession
        asked.StudyInstanceUID = self.study_uid
        return asked

    def web(self) -> dict[str, str]:
        """Return the filters of a QIDO-RS search."""
        said = {
            "StudyDate": self.study_date, "PatientID": self.patient_id, "AccessionNumber": self.accession,
            "StudyInstanceUID": self.study_uid,
        }  # fmt: skip
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True, order=True)
class Series:
    """A series of an archive."""

    study_uid: str
    uid: str

    def identifier(self) -> Dataset:
        """Return the identifier of a C-GET or C-MOVE for it."""
        asked = Dataset()
        asked.QueryRetrieveLevel = "SERIES"
        asked.StudyInstanceUID, asked.SeriesInstanceUID = self.study_uid, self.uid
        return asked
