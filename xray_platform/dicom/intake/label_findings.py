"""Label findings: which findings a label names, and so whether a picture is abnormal: the one place that decides."""

from collections.abc import Collection

from xray_platform.dicom.intake.label_words import LabelWords, parts_of, spelt

NORMAL_WORDS = ("normal", "no finding", "no findings", "healthy")
UNNAMED = "abnormal"


def is_abnormal(label: str, normal: Collection[str] = NORMAL_WORDS) -> bool:
    """Say whether a label, as a whole or in one of its parts, is anything else than a word that means normal."""
    words = {spelt(word) for word in normal}
    return spelt(label) not in words and any(part not in words for part in parts_of(label))


def findings_of(label: str, words: LabelWords, *, abnormal: bool) -> tuple[str, ...]:
    """Return the findings of a known label, in small letters, each once; none where the picture is normal.

    A label that is one known word as a whole is one finding, others are divided at `|`, `;` and `,`. What is abnormal
    and names nothing is `abnormal`.
    """
    if not abnormal:
        return ()
    parts = (spelt(label),) if words.know_word(label) else parts_of(label)
    usual = {spelt(word) for word in NORMAL_WORDS}
    return tuple(sorted({part for part in parts if part not in usual})) or (UNNAMED,)
