"""Columns: every column of every table, once."""

from typing import Literal, get_args

from xray_platform.tables.column import Column
from xray_platform.tables.severity import SEVERITIES

HEX64 = r"^[0-9a-f]{64}$"
HEX16 = r"^[0-9a-f]{16}$"
BATCH = r"^batch-[0-9]{4,}$"

# --- who and what -----------------------------------------------------------------------------------------------
IMAGE = Column(
    "image", "text", "picture: the first 16 hexadecimal digits of the SHA-256 of its raw bytes", pattern=HEX16
)
SHA256 = Column(
    "sha256", "text", "SHA-256 of the raw bytes, which is also their name in the raw archive", pattern=HEX64
)
BATCH_NAME = Column("batch", "text", "batch (Dagster partition) that brought the picture", pattern=BATCH)
SUBJECT = Column("subject", "text", "pseudonym of the subject, keyed HMAC-SHA256", pattern=r"^sub-[0-9a-f]{16}$")
STUDY = Column("study", "text", "pseudonym of the study, keyed HMAC-SHA256", pattern=r"^stu-[0-9a-f]{16}$")
PHANTOM = "phantom"
NAME_OF_ORIGIN = r"^[a-z0-9][a-z0-9_-]{0,31}$"
ORIGIN = Column(
    "origin", "text", "which archive the picture came from, by the name given at intake; phantom: made up",
    pattern=NAME_OF_ORIGIN,
)  # fmt: skip

# --- the raw zone (identity) ------------------------------------------------------------------------------------
SOURCE = Column("source", "text", "path the bytes were taken from, zip members after `!`", identifying=True)
RELATIVE = Column("relative", "text", "path below the ingested folder, as a labels file names it", identifying=True)
SIZE_BYTES = Column("size_bytes", "integer", "length of the file", "byte", low=0)
MODIFIED_NS = Column("modified_ns", "integer", "modification time of the source", "ns since 1970", low=0)
INTAKE = Column("intake", "text", "what the intake did", allowed=("stored", "known", "failed"))
INTAKE_REASON = Column("reason", "text", "why it failed, empty otherwise")
RAW_SHA256 = Column(
    "sha256", "text", "SHA-256 of the raw bytes; null where they could not be read", nullable=True, pattern=HEX64
)

ORDER = Column("order", "integer", "place of the batch in the order in which batches were examined", low=1)
INSTANCE = Column(
    "instance", "text", "digest of the SOP instance UID; null without one", nullable=True, identifying=True
)
PERSON = Column(
    "person", "text", "digest of the patient ID, from the file or its labels; null without one", nullable=True,
    identifying=True,
)  # fmt: skip
LOOKS = Column(
    "looks", "text", "perceptual hash, 256 bits; null where the picture could not be decoded", nullable=True,
    pattern=HEX64,
)  # fmt: skip
DECODED_SHA256 = Column(
    "pixel_sha256", "text", "SHA-256 of the decoded stored values; null where they could not be decoded", nullable=True,
    pattern=HEX64,
)  # fmt: skip
PLANNED_SPLIT = Column("split", "text", "split that the labels file asks for", nullable=True)

# --- quality ----------------------------------------------------------------------------------------------------
RULE = Column("rule", "text", "code of the quality rule, Q000 where no rule found anything", pattern=r"^Q[0-9]{3}$")
SEVERITY = Column("severity", "text", "what the rule asks for", allowed=SEVERITIES)
EVIDENCE = Column("evidence", "text", "what was found and what is allowed, without identity")

# --- pictures ---------------------------------------------------------------------------------------------------
FILE = Column("file", "text", "de-identified file, relative to data/processed")
FILE_SHA256 = Column("file_sha256", "text", "SHA-256 of the de-identified file", pattern=HEX64)
FORMAT = Column("format", "text", "form in which the picture came", allowed=("dicom", "jpeg", "png"))
PIXEL_SHA256 = Column("pixel_sha256", "text", "SHA-256 of the decoded stored values with their shape", pattern=HEX64)
ROWS = Column("rows", "integer", "height", "pixel", low=1)
COLUMNS = Column("columns", "integer", "width", "pixel", low=1)
BITS_STORED = Column("bits_stored", "integer", "bits that carry the picture (0028,0101)", "bit", low=1, high=16)
PHOTOMETRIC = Column(
    "photometric", "text", "photometric interpretation as it came (0028,0004)",
    allowed=("MONOCHROME1", "MONOCHROME2", "RGB", "YBR_FULL", "YBR_FULL_422", "PALETTE COLOR"),
)  # fmt: skip
TRANSFER_SYNTAX = Column("transfer_syntax", "text", "transfer syntax UID as it came; null without DICOM", nullable=True)
MODALITY = Column("modality", "text", "modality (0008,0060); null without DICOM", nullable=True)
VIEW_POSITION = Column(
    "view_position", "text", "view position (0018,5101)", nullable=True,
    allowed=("AP", "PA", "LL", "RL", "RLD", "LLD", "RLO", "LLO", "LAT", "LATERAL"),
)  # fmt: skip
SEX = Column("sex", "text", "sex (0010,0040)", nullable=True, allowed=("M", "F", "O"))
AGE_YEARS = Column(
    "age_years", "number", "age at the study, 90 and above given as 90", "year", nullable=True, low=0, high=90
)
STUDY_DATE = Column(
    "study_date", "text", "study date moved by whole weeks per subject, YYYYMMDD", nullable=True, pattern=r"^[0-9]{8}$"
)
MANUFACTURER = Column("manufacturer", "text", "manufacturer (0008,0070)", nullable=True)
SPACING_MM = Column(
    "spacing_mm", "number", "distance of neighbouring pixels, mean of both axes", "mm", nullable=True, low=0.01, high=10
)
LOSSY = Column("lossy", "flag", "whether the pixels were ever lossily compressed (0028,2110), or came as JPEG")

# --- standard images --------------------------------------------------------------------------------------------
WINDOW_LOW = Column(
    "window_low", "number", "grey value that a 0.5 % share of the unpadded pixels lies below", "grey value"
)
WINDOW_HIGH = Column(
    "window_high", "number", "grey value that a 99.5 % share of the unpadded pixels lies below", "grey value"
)
GREY_LEVELS = Column("grey_levels", "integer", "number of distinct grey values", low=1)
GREY_MEAN = Column(
    "grey_mean", "number", "mean of the picture by its window, 0 black to 1 white, at most 224 pixels wide and high",
    nullable=True, low=0, high=1,
)  # fmt: skip
GREY_DEVIATION = Column("grey_deviation", "number", "standard deviation of the same", nullable=True, low=0, high=1)
BLACK_SHARE = Column("black_share", "number", "share of its pixels at 0.01 or below", nullable=True, low=0, high=1)
WHITE_SHARE = Column("white_share", "number", "share of its pixels at 0.99 or above", nullable=True, low=0, high=1)
FRAME_MEAN = Column(
    "frame_mean", "number", "mean within a twentieth of height and width from the edge", nullable=True, low=0, high=1
)
FRAME_DEVIATION = Column("frame_deviation", "number", "standard deviation of the same", nullable=True, low=0, high=1)
FLAT_BORDER = Column(
    "flat_border", "number", "share of the area that is flat lines at the edges", nullable=True, low=0, high=1
)
SHARPNESS = Column(
    "sharpness", "number", "standard deviation of the Laplacian in the middle half of height and width", nullable=True,
    low=0,
)  # fmt: skip
BLOCK_EDGES = Column(
    "block_edges", "number", "how much larger steps at every eighth column are than others: traces of JPEG, 1: none",
    nullable=True, low=0,
)  # fmt: skip
TURNED_FROM = Column(
    "turned_from", "text", "orientation of rows and columns as stored, turned to L\\F; LF: not turned",
    allowed=("LF", "RF", "LH", "RH", "FL", "HL", "FR", "HR"),
)  # fmt: skip
DONE = Column("done", "list of text", "what was done to the stored values, in order, in words")

# --- labels and splits ------------------------------------------------------------------------------------------
LABEL = Column(
    "label", "text", "label in known words; null where there is none, or none that is known", nullable=True,
    pattern=r"^[^<>@^\x00-\x1f\x7f]{1,200}$", shown=False,
)  # fmt: skip
ABNORMAL = Column("abnormal", "flag", "false: normal, true: anything else; null where there is no label", nullable=True)
FINDINGS_GIVEN = Column(
    "findings", "text", "findings in small letters, several with `|` between; normal: none; null without a label",
    nullable=True, pattern=r"^[^<>@^\x00-\x1f\x7f]{1,200}$", shown=False,
)  # fmt: skip
FINDINGS = Column(
    "findings", "text", "findings in small letters, several with `|` between; normal: none",
    pattern=r"^[^<>@^\x00-\x1f\x7f]{1,200}$", shown=False,
)  # fmt: skip
SPLIT_GIVEN = Column(
    "split_given", "text", "split that the labels file asks for", nullable=True, allowed=("train", "val", "test")
)
SPLIT = Column("split", "text", "part of the data the picture belongs to", allowed=("train", "val", "test"))
SPLIT_REASON = Column(
    "reason",
    "text",
    "given by the labels file, assigned by rule, kept from when the labels file gave it, or held out",
    allowed=("given", "assigned", "kept", "held out"),
)
TRUTH = Column("abnormal", "flag", "false: normal, true: anything else")

FOLD = Column("fold", "integer", "which fold was kept from the model", low=1)
MADE_FROM = Column("made_from", "text", "what pictures, settings and code it came from", pattern=r"^[0-9a-f]{16}$")
CLASS = Column(
    "class", "text", "normal, or one finding in small letters", pattern=r"^[^|<>@^\x00-\x1f\x7f]{1,200}$", shown=False
)
PLACE = Column("place", "integer", "place among the classes: normal, then as declared, then by alphabet", low=1)
CLASS_PICTURES = Column("pictures", "integer", "labelled pictures that have this class", "picture", low=1)
CLASS_SUBJECTS = Column("subjects", "integer", "subjects of these pictures", "subject", low=1)

# --- boxes ------------------------------------------------------------------------------------------------------
BOX = Column("box", "integer", "number of the box in its image, in the order of the boxes file", low=1)
FINDING = Column(
    "finding", "text", "what was found there, in small letters; null where it is no known word, or none", nullable=True,
    pattern=r"^[^|<>@^\x00-\x1f\x7f]{1,200}$", shown=False,
)  # fmt: skip
BOX_TOP = Column("top", "number", "upper edge in the standard image; null if refused", "pixel", nullable=True, low=0)
BOX_LEFT = Column("left", "number", "left edge in the standard image; null if refused", "pixel", nullable=True, low=0)
BOX_HEIGHT = Column("height", "number", "height in the standard image; null if refused", "pixel", nullable=True, low=0)
BOX_WIDTH = Column("width", "number", "width in the standard image; null if refused", "pixel", nullable=True, low=0)
Refused = Literal["no image", "no number", "no area", "outside", "no finding", "held back"]
REFUSED = Column(
    "refused", "text", "why the box is not used, null if it is: its file is no accepted image; a side is no finite "
    "number; width or height is not above 0; it reaches out of the image; it names no finding, or normal; its finding "
    "is no known word and may be a name", nullable=True, allowed=get_args(Refused),
)  # fmt: skip

# --- tensors and patches ----------------------------------------------------------------------------------------
RECIPE = Column("recipe", "text", "fingerprint of the recipe that made it", pattern=r"^[0-9a-f]{12}$")
ROW = Column("row", "integer", "row in the batch's tensor array", low=0)
PATCH = Column("patch", "integer", "number of the patch in its picture, row by row", low=0)
TOP = Column("top", "integer", "first row of the patch", "pixel", low=0)
LEFT = Column("left", "integer", "first column of the patch", "pixel", low=0)
SIDE = Column("side", "integer", "height and width of the patch", "pixel", low=1)

# --- models -----------------------------------------------------------------------------------------------------
MODEL = Column("model", "text", "name of the model", pattern=r"^[a-z][a-z0-9_]*$")
Family = Literal["detector", "network", "ensemble"]
FAMILY = Column("family", "text", "how it learns", allowed=get_args(Family))
SCORE = Column("score", "number", "the model's score; higher is more abnormal")
PROBABILITY = Column("probability", "number", "calibrated probability of being abnormal", low=0, high=1)
DISTANCE = Column(
    "distance", "number", "how far the picture lies from what the model learnt, 0 to 2; null where it does not know",
    nullable=True, low=0, high=2, shown=False,
)  # fmt: skip
EMBEDDING = Column(
    "embedding", "list of numbers", "where the picture lies along the principal axes of what the model learnt from, as "
    "it sees them; empty where it does not know", shown=False,
)  # fmt: skip
NAMED = Column(
    "named", "text", "classes that the model names, several with `|` between; null where it knows two", nullable=True,
    pattern=r"^[^<>@^\x00-\x1f\x7f]{0,200}$", shown=False,
)  # fmt: skip
SpreadSource = Literal["dropout", "members", "parts"]
SPREAD_SOURCE = Column(
    "source", "text", "what was changed: features left out, the seed of the network, the part of the ensemble",
    allowed=get_args(SpreadSource),
)  # fmt: skip
TIMES = Column("times", "integer", "how many scores it comes from", low=2)
SPREAD = Column("spread", "number", "standard deviation of the calibrated probability, else of the score", low=0)
CLASS_SCORE = Column("score", "number", "the model's output for this class, in logits; higher is likelier")
CLASS_PROBABILITY = Column("probability", "number", "calibrated probability of this class", low=0, high=1)
PRESENT = Column("present", "flag", "whether the labels give the picture this class")
THRESHOLD = Column("threshold", "number", "score from which on the verdict is abnormal; chosen on the validation part")
VERDICT = Column("verdict", "text", "the model's verdict", allowed=("normal", "abnormal"))
RUN = Column("run", "text", "MLflow run id", pattern=r"^[0-9a-f]{32}$")
PICTURES = Column("pictures", "integer", "number of test pictures", "picture", low=0)
AUROC = Column("auroc", "number", "area under the ROC curve on the test part", nullable=True, low=0, high=1)
AUROC_LOW = Column(
    "auroc_low", "number", "lower end of its 95 % interval, subjects resampled", nullable=True, low=0, high=1
)
AUROC_HIGH = Column("auroc_high", "number", "upper end of its 95 % interval", nullable=True, low=0, high=1)
VAL_AUROC = Column(
    "val_auroc", "number", "area under the ROC curve on the validation part", nullable=True, low=0, high=1
)
AVERAGE_PRECISION = Column(
    "average_precision", "number", "average precision on the test part", nullable=True, low=0, high=1
)
SENSITIVITY = Column(
    "sensitivity", "number", "sensitivity at the threshold on the test part", nullable=True, low=0, high=1
)
SPECIFICITY = Column(
    "specificity", "number", "specificity at the threshold on the test part", nullable=True, low=0, high=1
)
BRIER = Column("brier", "number", "Brier score of the probabilities on the test part", nullable=True, low=0, high=1)
MS_PER_PICTURE = Column(
    "ms_per_picture", "number", "time of scoring one picture when the cohort was scored, reading it included",
    "millisecond", nullable=True, low=0,
)  # fmt: skip
SIZE_MB = Column("size_mb", "number", "files of the trained model", "megabyte", nullable=True, low=0)
REPORT_FILE = Column("report", "text", "report, relative to data/reports")
RANK = Column("rank", "integer", "place on the leaderboard, by validation AUROC", low=1)

# --- decisions --------------------------------------------------------------------------------------------------
DECIDED_AT = Column("decided_at", "text", "when it was decided, ISO 8601, UTC")
DECISION = Column(
    "decision", "text",
    "what became of the model: promoted to champion, kept from it because it is not better, refused because it breaks "
    "a guard, chosen by a person", allowed=("promoted", "kept", "refused", "chosen"),
)  # fmt: skip
VERSION = Column("version", "integer", "version of xray-champion that holds the model", low=1)
CHAMPION = Column("champion", "text", "model that was champion before; null where there was none", nullable=True)
CHAMPION_VERSION = Column(
    "champion_version", "integer", "its version of xray-champion; null where there was none", nullable=True, low=1
)
CHAMPION_VAL_AUROC = Column(
    "champion_val_auroc", "number", "its area under the ROC curve on the same validation pictures", nullable=True,
    low=0, high=1,
)  # fmt: skip
CHANCE = Column(
    "chance", "number", "how often a model that is no better does as well; null where it was not asked", nullable=True,
    low=0, high=1,
)  # fmt: skip
DECIDED_BY = Column("by", "text", "who decided: the leaderboard, or a person's account")
WHY = Column("why", "text", "why, in words")
GUARDS = Column("guards", "list of text", "what each guard found")
DAGSTER_RUN = Column("dagster_run", "text", "Dagster run in which it was decided")
