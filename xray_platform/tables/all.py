"""All tables of the store."""

from xray_platform.tables import columns as c
from xray_platform.tables.table import Table

CATALOGUE = Table(
    "catalogue",
    "what the intake took, from where: one row a source file (raw zone)",
    (c.SOURCE, c.RELATIVE, c.BATCH_NAME, c.RAW_SHA256, c.SIZE_BYTES, c.MODIFIED_NS, c.INTAKE, c.INTAKE_REASON),
    key=("source",),
    raw=True,
)
LIKENESS = Table(
    "likeness",
    "by what duplicates are found: one row a raw file (raw zone)",
    (c.SHA256, c.IMAGE, c.BATCH_NAME, c.ORDER, c.INSTANCE, c.PERSON, c.DECODED_SHA256, c.LOOKS, c.PLANNED_SPLIT),
    key=("sha256",),
    raw=True,
)
QUALITY = Table(
    "quality",
    "what the quality rules found: one row a raw file and rule, Q000 where nothing was found",
    (c.SHA256, c.IMAGE, c.BATCH_NAME, c.RULE, c.SEVERITY, c.EVIDENCE),
    key=("sha256", "rule"),
)
IMAGES = Table(
    "images",
    "accepted pictures, de-identified: one row a picture",
    (
        c.IMAGE, c.SHA256, c.BATCH_NAME, c.SUBJECT, c.STUDY, c.ORIGIN, c.FILE, c.FILE_SHA256, c.PIXEL_SHA256, c.FORMAT,
        c.ROWS, c.COLUMNS, c.BITS_STORED, c.PHOTOMETRIC, c.TRANSFER_SYNTAX, c.LOSSY, c.MODALITY, c.VIEW_POSITION,
        c.SEX, c.AGE_YEARS, c.STUDY_DATE, c.MANUFACTURER, c.SPACING_MM,
    ),
    key=("image",),
)  # fmt: skip
STANDARD_IMAGES = Table(
    "standard_images",
    "pictures decoded once: 16 bit, upright and as seen from the front (L\\F), MONOCHROME2",
    (
        c.IMAGE, c.BATCH_NAME, c.ROWS, c.COLUMNS, c.WINDOW_LOW, c.WINDOW_HIGH, c.GREY_LEVELS, c.GREY_MEAN,
        c.GREY_DEVIATION, c.BLACK_SHARE, c.WHITE_SHARE, c.FRAME_MEAN, c.FRAME_DEVIATION, c.FLAT_BORDER, c.SHARPNESS,
        c.BLOCK_EDGES, c.TURNED_FROM, c.DONE,
    ),
    key=("image",),
)  # fmt: skip
LABELS = Table(
    "labels",
    "what the labels files say of each picture",
    (c.IMAGE, c.SUBJECT, c.ORIGIN, c.LABEL, c.FINDINGS_GIVEN, c.ABNORMAL, c.SPLIT_GIVEN),
    key=("image",),
)
BOXES = Table(
    "boxes",
    "where people drew boxes around findings: one row a box, in pixels of the standard image",
    (c.IMAGE, c.BOX, c.FINDING, c.BOX_TOP, c.BOX_LEFT, c.BOX_HEIGHT, c.BOX_WIDTH, c.REFUSED),
    key=("image", "box"),
)
SPLITS = Table(
    "splits",
    "train, validation or test, by subject; labelled pictures only",
    (c.IMAGE, c.BATCH_NAME, c.SUBJECT, c.FINDINGS, c.TRUTH, c.SPLIT, c.SPLIT_REASON),
    key=("image",),
)
CLASSES = Table(
    "classes",
    "the classes of the labelled pictures, in the order in which models give them",
    (c.CLASS, c.PLACE, c.CLASS_PICTURES, c.CLASS_SUBJECTS),
    key=("class",),
)
TENSORS = Table(
    "tensors",
    "which row of which tensor array is which picture",
    (c.IMAGE, c.BATCH_NAME, c.RECIPE, c.ROW),
    key=("image", "recipe"),
)
PATCHES = Table(
    "patches",
    "windows into the tensors",
    (c.IMAGE, c.BATCH_NAME, c.RECIPE, c.ROW, c.PATCH, c.TOP, c.LEFT, c.SIDE),
    key=("image", "recipe", "patch"),
)
SCORES = Table(
    "scores",
    "what a model says of every labelled picture; one part a model",
    (c.MODEL, c.IMAGE, c.SUBJECT, c.SPLIT, c.TRUTH, c.SCORE, c.PROBABILITY, c.VERDICT),
    key=("model", "image"),
)
CLASS_SCORES = Table(
    "class_scores",
    "what a model that knows several classes says of each of them; one part a model, empty where it knows two",
    (
        c.MODEL, c.RUN, c.IMAGE, c.SUBJECT, c.SPLIT, c.CLASS, c.PRESENT, c.CLASS_SCORE, c.CLASS_PROBABILITY,
    ),
    key=("model", "image", "class"),
)  # fmt: skip
SPREADS = Table(
    "spreads",
    "how far what a model might have said of a test picture goes apart; one part a model, empty if it cannot be asked",
    (c.MODEL, c.RUN, c.IMAGE, c.SPREAD_SOURCE, c.TIMES, c.SPREAD),
    key=("model", "image", "source"),
)
CROSS_VALIDATION = Table(
    "cross_validation",
    "what models of a cross-validation say of the fold that was kept from them; one part a model and fold",
    (c.MODEL, c.FOLD, c.IMAGE, c.SUBJECT, c.SPLIT, c.TRUTH, c.SCORE, c.RUN, c.MADE_FROM),
    key=("model", "fold", "image"),
)
PREDICTIONS = Table(
    "predictions",
    "what the champion says of every picture, labelled or not",
    (c.IMAGE, c.BATCH_NAME, c.SUBJECT, c.MODEL, c.RUN, c.SCORE, c.PROBABILITY, c.VERDICT, c.NAMED, c.DISTANCE),
    key=("image",),
)
CLASS_PREDICTIONS = Table(
    "class_predictions",
    "what a champion that knows several classes says of each of them, for every picture",
    (c.IMAGE, c.BATCH_NAME, c.MODEL, c.RUN, c.CLASS, c.CLASS_SCORE, c.CLASS_PROBABILITY),
    key=("image", "class"),
)
EMBEDDINGS = Table(
    "embeddings",
    "what the champion sees in every picture, in a few numbers, by which batches are compared",
    (c.IMAGE, c.BATCH_NAME, c.SUBJECT, c.MODEL, c.RUN, c.EMBEDDING),
    key=("image",),
)
LEADERBOARD = Table(
    "leaderboard",
    "the models side by side on the same test part",
    (
        c.RANK, c.MODEL, c.FAMILY, c.VAL_AUROC, c.AUROC, c.AUROC_LOW, c.AUROC_HIGH, c.AVERAGE_PRECISION, c.SENSITIVITY,
        c.SPECIFICITY, c.BRIER, c.THRESHOLD, c.PICTURES, c.MS_PER_PICTURE, c.SIZE_MB, c.RUN, c.REPORT_FILE,
    ),
    key=("model",),
)  # fmt: skip

DECISIONS = Table(
    "decisions",
    "what became of each model that would have been champion, and why; one part each time",
    (
        c.DECIDED_AT, c.DECISION, c.MODEL, c.VERSION, c.CHAMPION, c.CHAMPION_VERSION, c.VAL_AUROC, c.CHAMPION_VAL_AUROC,
        c.CHANCE, c.DECIDED_BY, c.WHY, c.GUARDS, c.DAGSTER_RUN,
    ),
    key=("decided_at", "decision", "version"),
)  # fmt: skip

ALL = (
    CATALOGUE, LIKENESS, QUALITY, IMAGES, STANDARD_IMAGES, LABELS, BOXES, SPLITS, CLASSES, TENSORS, PATCHES,
    SCORES, CLASS_SCORES, SPREADS, CROSS_VALIDATION, LEADERBOARD, DECISIONS, PREDICTIONS, CLASS_PREDICTIONS,
    EMBEDDINGS,
)  # fmt: skip
