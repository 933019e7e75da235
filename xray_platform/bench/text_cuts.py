"""Text cuts: at several bars of the search for writing, what it finds and what it takes for writing that is none."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from xray_platform.bench.seen_with_text import digest_of, seen_with_text
from xray_platform.dicom.burned_in.crops import Crops
from xray_platform.dicom.burned_in.lines import SURE, TextLine, cover_of, lines_of
from xray_platform.dicom.burned_in.network import look_for_writing
from xray_platform.dicom.burned_in.text_verifier import verify
from xray_platform.dicom.burned_in.tone import Grey, eight_bits
from xray_platform.dicom.pixels.standard_image import read_picture
from xray_platform.progress import Progress
from xray_platform.training.writing.fonts import FontSet
from xray_platform.training.writing.trial import left_readable, make_trial

CUTS = tuple(sorted({0.6, 0.7, SURE, 0.85, 0.9, 0.95}))
TRIALS, SEED, SIGNS = 400, 15, 3
Shares = dict[str, float | int | str]


def lines_at_cuts(grey: Grey) -> dict[float, tuple[TextLine, ...]]:
    """Return the lines that are found in a picture (rows, columns) at each cut; it is looked at once."""
    seen, known = tuple(look_for_writing(grey)), dict[bytes, float]()

    def verified(crops: Crops) -> float:
        key = crops.tobytes()
        if key not in known:
            known[key] = verify(crops)
        return known[key]

    return {cut: lines_of(seen, grey.shape, verified, cut) for cut in CUTS}


def real_at_cuts(folder: str, files: Sequence[Path], progress: Progress) -> Shares:
    """Count the pictures in which writing is found, by cut: of those in which somebody saw some, and of the others.

    Which bear writing was listed from what an earlier detector proposed: what it overlooked is counted nowhere.
    """
    written = seen_with_text(folder)
    if not written:
        return {}
    found: dict[bool, list[list[bool]]] = {True: [], False: []}
    for done, file in enumerate(files, start=1):
        data = file.read_bytes()
        lines = lines_at_cuts(eight_bits(read_picture(data).pixels))
        found[digest_of(data) in written].append([bool(lines[cut]) for cut in CUTS])
        progress(done, len(files), "searching at several cuts")
    names = {
        True: "with writing as seen by eye: missed",
        False: "without writing as seen by eye: taken for written upon",
    }
    figures: Shares = {f"{folder}, with writing as seen by eye: pictures": len(found[True])}
    for bears, members in found.items():
        for cut, share in zip(CUTS, np.mean(members, axis=0) if members else (), strict=False):
            figures[f"cut {cut:g}: {folder}, {names[bears]}, share"] = 1 - float(share) if bears else float(share)
    return figures


def made_at_cuts(pictures: Sequence[Grey], fonts: FontSet, least: float, share: float, progress: Progress) -> Shares:
    """Count the printed lines of three signs and more that one search finds whole, by cut.

    Letters have `least` pixels to a `share` of the picture's longer side.
    """
    rng = np.random.default_rng(SEED)
    hidden: list[list[bool]] = []
    while len(hidden) < TRIALS:
        picture = pictures[int(rng.integers(len(pictures)))]
        trial = make_trial(picture, fonts, rng, least, share * max(picture.shape))
        if trial is not None and trial.conditions.kind in {"printed", "drawn"} and trial.conditions.signs >= SIGNS:
            lines = lines_at_cuts(eight_bits(trial.grey))
            hidden.append([not left_readable(trial, cover_of(lines[cut], trial.grey.shape)) for cut in CUTS])
            progress(len(hidden), TRIALS, "writing and searching at several cuts")
    shares = np.mean(hidden, axis=0)
    figures: Shares = {"printed, three signs and more, for the cuts: lines": TRIALS}
    for cut, each in zip(CUTS, shares, strict=True):
        figures[f"cut {cut:g}: printed, three signs and more: found whole by one search, share"] = float(each)
    return figures
