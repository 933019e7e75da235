"""Patient ID: whether an ID or a name stands for a person, or for nobody in particular."""

import re
import unicodedata

# A patient who is called so is no patient: many people share these, and they must not become one subject.
_NOBODY = frozenset(
    (
        *("ANON", "ANONIM", "ANONIMO", "ANONYM", "ANONYME", "ANONYMISED", "ANONYMISIERT", "ANONYMIZED", "ANONYMOUS"),
        *("BLANK", "DEIDENTIFIED", "DESCONOCIDO", "DUMMY", "EMPTY", "INCONNU", "LEER", "MISSING", "NA", "NAN", "NIL"),
        *("NOBODY", "NOID", "NONAME", "NONE", "NOONE", "NULL", "OHNE", "PATIENT", "PATIENTID", "PERSON", "SCONOSCIUTO"),
        *("SUBJECT", "SUBJECTID", "TBA", "TBD", "TEST", "UNASSIGNED", "UNBEKANNT", "UNDEFINED", "UNIDENTIFIED", "UNK"),
        *("UNKNOWN", "UNNAMED", "UNSPECIFIED"),
    )
)
# These name nobody beside another of them, or beside one of the above.
_BESIDE = frozenset(
    (
        *("APPLICABLE", "AVAILABLE", "ENTERED", "FEMALE", "FRAU", "GIVEN", "HERR", "ID", "KEIN", "KEINE", "KNOWN"),
        *("MALE", "MAN", "NAME", "NO", "NOT", "NUMBER", "PROVIDED", "RECORDED", "SPECIFIED", "WOMAN"),
    )
)
_SEVERAL = re.compile(f"(?:{'|'.join(word for word in _NOBODY | _BESIDE if len(word) > 2)}|NO|ID)+")
_FILLER = re.compile(r"-1|9{4,}")


def names_nobody(patient: str) -> bool:
    """Say whether a patient ID stands for no one: empty, one sign repeated, or words such as UNKNOWN or TEST PATIENT.

    A single letter but X is somebody, and so is such a word with a number: small studies call their subjects so.
    """
    plain = "".join(each for each in unicodedata.normalize("NFKD", patient) if not unicodedata.combining(each))
    if _FILLER.fullmatch(plain.strip()):
        return True
    text = re.sub(r"[\W_]", "", plain).upper()
    if len(text) == 1 and text.isalpha():
        return text == "X"
    return _is_no_name(text) or (len(set(text)) < 2 and not text.strip("0").isdigit())


def _is_no_name(text: str) -> bool:
    return text in _NOBODY or (bool(_SEVERAL.fullmatch(text)) and text not in _BESIDE)
