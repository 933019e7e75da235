"""Whose: what a raw file says of the person it is of, gathered once, to look for it everywhere afterwards."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from xray_platform.dicom.deidentify.person import GivenIdentity, decoded_text, person_given, person_of
from xray_platform.dicom.deidentify.refused import RefusedError
from xray_platform.dicom.deidentify.vocabulary import is_known
from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container, open_container
from xray_platform.dicom.parse.file_type import HEAD_BYTES, file_type_of
from xray_platform.dicom.parse.patient_id import names_nobody
from xray_platform.dicom.pseudonym import PseudonymKey

_UIDS = (tags.SOP_INSTANCE_UID, tags.STUDY_INSTANCE_UID, 0x0020000E, 0x00200052)
_NUMBERS = (tags.PATIENT_ID, 0x00101000, 0x00080050)  # patient ID, other patient IDs, accession number
_LEAST, _LEAST_UID, _FILLER = 4, 8, 2


@dataclass(frozen=True)
class Whose:
    """Who a raw file is of, and by what it may be known.

    `subject` and `study` are pseudonyms, None where nothing names them. `uids` are UIDs as they came and as they were
    published; `numbers` patient IDs, accession numbers and what a labels file says; `words` those of the name, which
    others may share; all of them of 4 letters and more. `names` are whole names, their parts in order.
    """

    subject: str | None
    study: str | None = None
    uids: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    names: frozenset[tuple[str, ...]] = frozenset()


def whose(data: bytes, key: PseudonymKey, given: GivenIdentity = GivenIdentity()) -> Whose:
    """Return who the bytes of a file are of; `given` is what its labels file says. It never raises for bad bytes."""
    digest = sha256(data).hexdigest()
    fallback = GivenIdentity(given.subject, given.study, digest)
    if file_type_of(data[:HEAD_BYTES]) != "dicom":
        person = person_given(key, fallback, digest)
        return Whose(person.subject, person.study, numbers=_telling(_stated(given)))
    container = open_container(data)
    name = decoded_text(container, tags.PATIENT_NAME)
    parts = tuple(part for part in name.replace("=", "^").replace(" ", "^").split("^") if part)
    came = {uid for tag in _UIDS if len(uid := container.text(tag)) >= _LEAST_UID}
    uids = frozenset(came | {key.uid(uid) for uid in came} | {key.uid(f"instance|{digest}")})
    told = _telling([*_numbers(container), *_stated(given)]), _words(parts), _names(parts)
    try:
        person = person_of(container, key, fallback, study_may_do=True)
    except RefusedError:
        return Whose(None, None, uids, *told)
    uids |= {key.uid(f"{kind}|{person.study}") for kind in ("study", "series")}
    return Whose(person.subject, person.study, uids, *told)


def _numbers(container: Container) -> Iterator[str]:
    for tag in _NUMBERS:
        yield from (text for text in (decoded_text(container, tag), *container.texts(tag)) if text)


def _stated(given: GivenIdentity) -> list[str]:
    return [text for text in (given.subject, given.study) if text]


def _telling(texts: Iterable[str]) -> frozenset[str]:
    """Return the texts that tell somebody: not short ones, nor fillers such as UNKNOWN or 00000000."""
    return frozenset(
        text
        for text in texts
        if len(text) >= _LEAST and len(set(text)) > _FILLER and not names_nobody(text) and not is_known(text.encode())
    )


def _words(parts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(part for part in parts if len(part) >= _LEAST and not is_known(part.lower().encode()))


def _names(parts: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    named = tuple(part for part in parts[:2] if len(part) > 1)
    return frozenset([named]) if len(named) == 2 and not names_nobody(" ".join(parts)) else frozenset()
