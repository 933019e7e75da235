"""Label normal: which words were said to mean normal, and whether any label of the file is one of them."""

from collections import Counter

from xray_platform.dicom.intake.label_file import LabelOptions, read_labels
from xray_platform.dicom.intake.label_words import LabelWords, new_labels, parts_of, spelt
from xray_platform.errors import InputError

MOST = 20


def check_normal(options: LabelOptions, words: LabelWords) -> None:
    """Raise InputError for a word of `options.normal` that no label is, with the labels that there are.

    Only known words and those that look like classes are named; others may be names, and are counted.
    """
    rows = [row for row in read_labels(options).values() if row.label is not None]
    labels = Counter(row.label for row in rows if row.label is not None)
    said = {word for label in labels for word in (spelt(label), *parts_of(label))}
    lost = [word for word in options.normal if spelt(word) not in said]
    if not lost:
        return
    classes = new_labels(rows, words).classes
    shown = [label for label, _ in labels.most_common() if label in classes or words.know(label)]
    listed = ", ".join(shown[:MOST]) or "none that may be shown"
    rest = len(labels) - len(shown[:MOST])
    more = f" and {rest} more that are not shown" if rest else ""
    raise InputError(f"no label in {options.file} is {' or '.join(map(repr, lost))}; there are {listed}{more}")
