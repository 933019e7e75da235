"""Rules: the code of every quality rule, the highest severity that it asks for, and what it notices, in one table."""

from dataclasses import dataclass

from xray_platform.tables.severity import Severity

NOTHING_FOUND = "Q000"
UNDECODABLE = "Q026"
NO_PATIENT, BURNED_IN_TEXT, IDENTITY_LEFT, UNPUBLISHABLE = "Q090", "Q091", "Q092", "Q093"


@dataclass(frozen=True)
class Rule:
    """A rule as it is listed. A finding may ask for less than `severity`, never for more; `notices` says what it is."""

    code: str
    severity: Severity
    notices: str


EXAMINATION_RULES = (
    Rule("Q000", "pass", "nothing: no rule found anything"),
    Rule("Q001", "reject", "a file without bytes"),
    Rule("Q002", "reject", "no DICOM magic word; a whole dataset without Part-10 header is only warned of"),
    Rule("Q003", "reject", "a header that breaks off or cannot be read"),
    Rule("Q004", "reject", "a declared length that is longer than what is left"),
    Rule("Q005", "warn", "bytes after the end"),
    Rule(
        "Q006", "reject", "a transfer syntax that is missing or unknown; one that the dataset contradicts is warned of"
    ),
    Rule("Q007", "warn", "file meta information that names another SOP instance than the dataset"),
    Rule("Q008", "reject", "a DICOM object that is no image"),
    Rule("Q009", "reject", "an archive within an archive, or one that breaks its caps"),
    Rule("Q010", "reject", "a file larger than allowed, as it is or inflated"),
    Rule("Q011", "reject", "nesting too deep, or too many elements"),
    Rule("Q012", "quarantine", "a preamble that begins like a program; one that is only not empty is warned of"),
    Rule("Q020", "reject", "no pixel data"),
    Rule("Q021", "reject", "rows, columns, bits, samples or photometric interpretation missing"),
    Rule("Q022", "reject", "more pixels than allowed, by header or by compressed stream"),
    Rule("Q023", "reject", "bits stored, allocated and highest that do not fit together"),
    Rule(
        "Q024", "reject", "fewer bytes of pixels than the layout needs, or a JPEG that breaks off; more are warned of"
    ),
    Rule(
        "Q025",
        "reject",
        "a compressed stream of another size than the header says; one of another depth or sign is milder",
    ),
    Rule("Q026", "reject", "pixels that cannot be decoded, or whose examination comes to no end"),
    Rule("Q027", "quarantine", "a picture that a second decoder reads differently, in a sample"),
    Rule("Q028", "warn", "compression with loss"),
    Rule("Q029", "quarantine", "more than one frame"),
    Rule("Q030", "quarantine", "a picture in colour; one that is grey in truth is warned of"),
    Rule("Q031", "warn", "values outside of the stored bits"),
    Rule("Q040", "reject", "a modality other than CR, DX, DR and RG; an unknown one is quarantined"),
    Rule("Q041", "quarantine", "a SOP class other than CR and DX; a secondary capture is warned of"),
    Rule("Q042", "quarantine", "a body part that is not the chest of a person"),
    Rule("Q043", "warn", "a view position that is missing, unknown or contradicted"),
    Rule("Q044", "quarantine", "a lateral, oblique, decubitus or lordotic view"),
    Rule("Q045", "quarantine", "raw values for processing"),
    Rule("Q046", "warn", "MONOCHROME1, to be inverted"),
    Rule("Q047", "quarantine", "photometric interpretation and presentation LUT shape that contradict each other"),
    Rule("Q048", "warn", "a patient orientation that is missing or invalid"),
    Rule("Q049", "quarantine", "a picture that looks inverted, turned or mirrored against its attributes"),
    Rule("Q050", "warn", "a laterality of one side"),
    Rule("Q051", "warn", "a patient who is not of age"),
    Rule("Q052", "warn", "no pixel spacing"),
    Rule("Q053", "quarantine", "dates in the future or before the birth"),
    Rule("Q060", "reject", "a blank picture"),
    Rule("Q061", "quarantine", "a picture that is mostly saturated"),
    Rule("Q062", "quarantine", "a picture that is too narrow or too flat"),
    Rule("Q063", "quarantine", "a picture that is too small; a rather small one is warned of"),
    Rule("Q064", "quarantine", "a picture that is mostly border"),
    Rule("Q065", "quarantine", "a picture that is mostly padding"),
    Rule("Q066", "quarantine", "a chest that is cut off; where that is less sure a warning"),
    Rule("Q067", "quarantine", "a picture that does not look like a frontal chest"),
    Rule("Q068", "warn", "burned-in annotation stated by the header; publishing masks it or quarantines"),
    Rule("Q080", "warn", "the same bytes once more; they are stored and examined once"),
    Rule("Q081", "quarantine", "the SOP instance UID of another file with other pixels; with the same a warning"),
    Rule("Q082", "quarantine", "the pixels of another file under another patient; under the same a warning"),
    Rule("Q083", "warn", "a picture that looks nearly like another"),
    Rule("Q084", "warn", "a patient whose labels ask for two splits"),
    Rule("Q085", "quarantine", "the SOP instance UID of a file of another patient"),
)
"""What is looked for in every file that comes in: in `quality`, a function a code."""

PUBLISHING_RULES = (
    Rule("Q090", "quarantine", "nobody whose picture it is: no patient ID, or one that many share"),
    Rule("Q091", "quarantine", "burned-in text that cannot be painted over surely; that which was is warned of"),
    Rule("Q092", "reject", "a word or number of the source in what was to be published"),
    Rule("Q093", "reject", "a file that cannot be read to its end or decoded for publishing"),
)
"""What keeps a picture that was accepted from being published, in `deidentify`."""

RULES: dict[str, Rule] = {rule.code: rule for rule in (*EXAMINATION_RULES, *PUBLISHING_RULES)}
