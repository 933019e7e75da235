"""Patient ID: whether an ID or a name stands for a person, or for nobody in particular."""

import re

# A patient who is called so is no patient: many people share these, and they must not become one subject.
_NOBODY = frozenset(
    (
        *("ANON", "ANONIM", "ANONYM", "ANONYME", "ANONYMISED", "ANONYMISIERT", "ANONYMIZED", "ANONYMOUS", "BLANK"),
        *("DEIDENTIFIED", "DESCONOCIDO", "DUMMY", "EMPTY", "INCONNU", "LEER", "MISSING", "NA", "NAN", "NIL"),
        *("NOBODY", "NOID", "NONAME", "NONE", "NOONE", "NOPATIENTID", "NOTAPPLICABLE", "NOTAVAILABLE", "NOTGIVEN"),
        *("NOTKNOWN", "NOTSPECIFIED", "NULL", "OHNE", "PATIENT", "PATIENTID", "PERSON", "SUBJECT", "SUBJECTID"),
        *("TBA", "TBD", "TEST", "UNASSIGNED", "UNBEKANNT", "UNDEFINED", "UNIDENTIFIED", "UNK", "UNKNOWN"),
        *("UNKNOWNPATIENT", "UNNAMED", "UNSPECIFIED"),
    )
)


def names_nobody(patient: str) -> bool:
    """Say whether a patient ID stands for no one: empty, one sign repeated, or a word such as UNKNOWN or ANONYMOUS.

    A single letter but X is somebody: small studies call their subjects so.
    """
    text = re.sub(r"[\W_]", "", patient).upper()
    if len(text) == 1 and text.isalpha():
        return text == "X"
    return text in _NOBODY or (len(set(text)) < 2 and not text.strip("0").isdigit())
