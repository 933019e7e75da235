"""Person: who a picture belongs to, under pseudonyms, and by how many days the person's dates move."""

from dataclasses import dataclass

from pydicom.charset import convert_encodings, decode_bytes

from xray_platform.dicom.deidentify.refused import RefusedError
from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container
from xray_platform.dicom.parse.dates import days_moved
from xray_platform.dicom.pseudonym import PseudonymKey, names_nobody
from xray_platform.dicom.rules import NO_PATIENT

_CHARACTER_SET = 0x00080005
_ACCESSION = 0x00080050
_DELIMITERS = {ord(sign) for sign in "\n\r\t\f\\"}


@dataclass(frozen=True)
class GivenIdentity:
    """What a labels file says of a picture whose own header says nothing; `fallback` names it if nothing does."""

    subject: str | None = None
    study: str | None = None
    fallback: str | None = None


@dataclass(frozen=True)
class Person:
    """Pseudonyms of a picture's subject and study, the key that makes more, and the days that dates move."""

    key: PseudonymKey
    subject: str
    study: str
    days: int


def person_of(container: Container, key: PseudonymKey, given: GivenIdentity, *, study_may_do: bool = False) -> Person:
    """Return who a DICOM picture belongs to. Raises RefusedError where neither header nor labels file names anybody.

    A patient ID counts together with its issuer, for two hospitals may use one ID for two people. Where `study_may_do`
    a study of nobody becomes a subject of its own.
    """
    stated = container.text(tags.STUDY_INSTANCE_UID)
    patient = decoded_text(container, tags.PATIENT_ID)
    if not names_nobody(patient):
        subject = key.subject(patient, decoded_text(container, tags.ISSUER_OF_PATIENT_ID))
    elif given.subject and not names_nobody(given.subject):
        subject = key.subject(given.subject)
    elif study_may_do and stated:
        subject = key.subject(stated, "study")
    else:
        raise RefusedError(
            NO_PATIENT, "quarantine", "no patient ID, or one that many share; a labels file may name the subject"
        )
    other = given.study or decoded_text(container, _ACCESSION) or given.fallback
    return Person(key, subject, key.study(stated or f"{subject}|{other}"), days_moved(key.number("date", subject)))


def person_given(key: PseudonymKey, given: GivenIdentity, fallback: str) -> Person:
    """Return who a picture without DICOM belongs to; without a subject it is its own, named by its hash `fallback`."""
    named = given.subject is not None and not names_nobody(given.subject)
    subject = key.subject(given.subject or "") if named else key.subject(fallback, "picture")
    study = f"{subject}|{given.study}" if given.study else f"{subject}|{fallback}"
    return Person(key, subject, key.study(study), days_moved(key.number("date", subject)))


def decoded_text(container: Container, tag: int) -> str:
    """Return a short text in its own character set (0008,0005), so that one name written two ways stays one."""
    raw = container.raw(tag)[:1024].strip(b" \0")
    if raw.isascii():
        return raw.decode("ascii").split("\\")[0].strip()
    encodings = convert_encodings(list(container.texts(_CHARACTER_SET)) or [""])
    return str(decode_bytes(raw, encodings, _DELIMITERS)).strip()
