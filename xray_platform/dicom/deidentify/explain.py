"""Explain: say in words what the de-identification does, rule by rule; README and reports use these words."""

from xray_platform.dicom.burned_in.network import LARGEST_SHARE
from xray_platform.dicom.deidentify.policy import PolicyRow, load_policy
from xray_platform.dicom.deidentify.settings import DeidentifySettings
from xray_platform.dicom.deidentify.values import VALUE_RULES

_ALWAYS = (
    (
        "Everything that no rule below names is removed, at every depth: private attributes, curves (50xx), "
        "overlays (60xx), icons, embedded documents, signatures, unknown sequences, trailing padding."
    ),
    "The 128 bytes before the header become zeros, the file meta information is written anew, text is plain ASCII.",
)
_NOBODY = (
    "Without a patient ID, or with one that many share (UNKNOWN, ANONYMOUS, 000), and no subject in a labels file, "
)
_THEN = {"quarantine": "the file is quarantined.", "study": "its study is taken for a subject of its own."}
_IN_BODY = {
    "quarantine": "Where a line stands over these, or may, the picture is quarantined.",
    "paint": "A line that stands over these, or may, is painted over as well.",
}
_SEQUENCES = {
    "code": "kept with those items whose code is known; what a code means is written from the product's own list",
    "reference": "kept with the class and the replaced UID of each object referred to, and known purposes",
    "lut": (
        "kept: the tables of grey values, if they rise or fall throughout, without their descriptions; a modality "
        "table that does not quarantines the file"
    ),
}
_TABLE = "written anew as words of 16 bits, as many as are stated"


def describe_rules(settings: DeidentifySettings = DeidentifySettings()) -> list[str]:
    """Return one sentence a rule, in the order in which a reader wants them; no two are the same."""
    nobody = _NOBODY + _THEN[settings.missing_patient_id]
    return [*_ALWAYS, nobody, *_attribute_rules(), *_pixel_rules(settings), *_closing_rules()]


def _attribute_rules() -> list[str]:
    rows = load_policy().rows
    groups = {_says(row): [each for each in rows if _says(each) == _says(row)] for row in rows}
    return [f"{', '.join(_name(row) for row in group)}: {says}." for says, group in groups.items()]


def _says(row: PolicyRow) -> str:
    if row.rule == "items":
        return _SEQUENCES[row.argument]
    return _TABLE if row.rule == "table" else VALUE_RULES[row.rule].says


def _name(row: PolicyRow) -> str:
    return f"{row.attribute} (in {row.place} items)" if row.place else row.attribute


def _pixel_rules(settings: DeidentifySettings) -> list[str]:
    return [
        (
            "A value that fails its rule is removed; an attribute that the standard wants there is emptied (type 2) "
            "or gets a neutral value (type 1); a file that cannot do without it is quarantined."
        ),
        "PatientAge: taken from the dates of birth and study where it is not stated.",
        (
            "Pixels: bits outside of those stored are cleared, and the decoded values are written anew without loss: "
            "no byte of a compressed stream is copied. What came compressed becomes RLE Lossless, what was compressed "
            "with loss JPEG-LS Lossless (and is still said to have been). A padding value that no pixel has goes."
        ),
        (
            "Burned-in text: the whole picture is searched by a learnt detector for writing of two signs and more, in "
            f"any script and at any angle, from 8 pixels to {LARGEST_SHARE:.0%} of the longer side; its measured miss "
            "rate stands in docs/results.md under `text`. A line beside the body, or over shoulders, arms, "
            "chest wall or belly and not over lungs, heart or neck, is painted over whole, with the grey around it, "
            "and the picture is searched again; a lone L or R marker stays. "
            f"{_IN_BODY[settings.text_in_body]} Where painting would cover more than {settings.most_masked:.0%} of the "
            "picture or something can still be read, where the source states burned-in text and none is found, and for "
            "digitised film, scans and copies of screens, the picture is quarantined."
        ),
        "JPEG and PNG: only the grey values are kept, in a new PNG without any text chunk.",
    ]


def _closing_rules() -> list[str]:
    return [
        (
            "PatientIdentityRemoved YES, DeidentificationMethod with the ids of policy and key and what was done about "
            "text, DeidentificationMethodCodeSequence 113100 113101 113105 113107 113108, BurnedInAnnotation NO and "
            "LongitudinalTemporalInformationModified MODIFIED are set."
        ),
        (
            "At last everything that is to be written is looked through: a carried word that the product does not "
            "know, a number with the digits of an identifier or date of the source (whatever zeros, point, fraction, "
            "exponent or order), a word of the source that was not to stay, or one of 8 signs in grey tables or pixels "
            "rejects the file. A file with more text than can be searched is quarantined."
        ),
    ]
