"""Text: how much burned-in writing stays readable, by kind, and how many pictures without any are touched."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from time import process_time

import cv2
import numpy as np

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.bench.seen_with_text import digest_of, seen_with_text
from xray_platform.bench.text_cuts import made_at_cuts, real_at_cuts
from xray_platform.bench.text_spaced import spaced_apart
from xray_platform.dicom.burned_in.find import find_writing
from xray_platform.dicom.burned_in.lines import SURE, Cover
from xray_platform.dicom.burned_in.tone import Grey, eight_bits
from xray_platform.dicom.deidentify.burned_in_text import clean_text
from xray_platform.dicom.deidentify.refused import RefusedError
from xray_platform.dicom.deidentify.settings import DeidentifySettings
from xray_platform.dicom.pixels.decode import Pixels
from xray_platform.dicom.pixels.standard_image import read_picture
from xray_platform.phantoms.render import render
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom
from xray_platform.progress import Progress
from xray_platform.training.subject_split import files_without_subject, sample_files, split_by_subject
from xray_platform.training.writing.fonts import FontSet, find_fonts
from xray_platform.training.writing.name_trial import NameTrial, make_name_trial
from xray_platform.training.writing.trial import Conditions, Trial, left_readable, make_trial

PICTURES, TRIALS, PHANTOMS = 300, 2000, 100
BESIDE, ALONE = 600, 300  # names of two letters
LEAST_NAME = 10.0
WRITTEN_UPON = 20  # of the phantoms
LEAST, MOST_SHARE = 7.0, 0.1
"""Heights of capital letters: 7 pixels are those of a font of 10; and a tenth of the picture's longer side."""
LARGE = 2048
Row = tuple[str, Conditions, bool]


def measure(progress: Progress, inputs: Inputs) -> Figures:
    """Write lines into pictures of subjects, and in fonts, that nothing was learnt from; count what stays readable."""
    cv2.setNumThreads(1)
    figures: dict[str, float | int | str] = {
        "note": "fonts and subjects not learnt from; seeds 11 to 16; contrast as a share of the range; letters from 7 "
        "pixels (a font of 10) to a tenth of the longer side, of names of two letters from 10 pixels; "
        f"the cut in use is {SURE:g}"
    }
    clean: dict[str, list[Grey]] = {}
    for folder in inputs.data:
        pictures = list(_pictures(folder, progress))
        clean[folder.name], taken = [], process_time()
        for picture in pictures:
            if not find_writing(picture).lines:
                clean[folder.name].append(picture)
        milliseconds = 1000 * (process_time() - taken) / len(pictures)
        figures |= {
            f"{folder.name}: pictures not learnt from": len(pictures),
            f"{folder.name}: writing found in them as they are (their own, or a false alarm), share": 1
            - len(clean[folder.name]) / len(pictures),
            f"{folder.name}: search, ms_of_processor": milliseconds,
        }
    phantoms = list(_phantoms())
    figures["phantoms: writing found in them, which bear none, share"] = _share_with_lines(phantoms)
    clean["phantoms"] = phantoms[:WRITTEN_UPON]
    fonts = FontSet([font for font in find_fonts(progress=progress) if font.split == "held_out"])
    rows = list(_trials(clean, fonts, progress))
    figures |= _recalls(rows) | _names(clean, fonts, progress)
    bare = [picture for some in clean.values() for picture in some]
    figures |= spaced_apart(bare, fonts, _readable, progress)
    figures |= made_at_cuts(bare, fonts, LEAST, MOST_SHARE, progress)
    for folder in inputs.data:
        figures |= _as_they_are(folder, progress) | real_at_cuts(folder.name, _not_learnt_from(folder), progress)
    return figures | _speed()


def _pictures(folder: Path, progress: Progress) -> Iterator[Grey]:
    for done, file in enumerate(chosen := sample_files(_not_learnt_from(folder), PICTURES, 0), start=1):
        yield eight_bits(read_picture(file.read_bytes()).pixels)
        progress(done, len(chosen), "reading pictures")


def _not_learnt_from(folder: Path) -> list[Path]:
    return files_without_subject(folder) or list(split_by_subject(folder).held_out)


def _share_with_lines(pictures: Sequence[Grey]) -> float:
    return float(np.mean([bool(find_writing(picture).lines) for picture in pictures]))


def _phantoms() -> Iterator[Grey]:
    for number in range(PHANTOMS):
        rng = np.random.default_rng((11, number))
        yield eight_bits(render(sample_phantom(rng, PhantomSettings(side=1024))).pixels)


def _trials(clean: dict[str, list[Grey]], fonts: FontSet, progress: Progress) -> Iterator[Row]:
    rng, done, names = np.random.default_rng(12), 0, [name for name, pictures in clean.items() if pictures]
    while done < TRIALS:
        name = names[int(rng.integers(len(names)))]
        picture = clean[name][int(rng.integers(len(clean[name])))]
        trial = make_trial(picture, fonts, rng, LEAST, MOST_SHARE * max(picture.shape))
        if trial is not None:
            yield name, trial.conditions, _readable(trial)
            done += 1
            progress(done, TRIALS, "writing and searching")


def _readable(trial: Trial | NameTrial) -> bool:
    """Say whether the picture would be published with the line in it: found nowhere, or painted over in part only."""
    cover = _painted(trial.grey)
    if cover is None:
        return False
    return left_readable(trial, cover) if isinstance(trial, Trial) else trial.left_readable(cover)


def _painted(picture: Pixels) -> Cover | None:
    """Return where a picture would be painted over (0 or 1); None where it would be held back."""
    try:
        return clean_text(picture, DeidentifySettings()).cover
    except RefusedError:
        return None


def _names(clean: dict[str, list[Grey]], fonts: FontSet, progress: Progress) -> dict[str, float | int | str]:
    """Count what stays readable of names of two letters beside digits, dates and names, and of such names alone."""
    rng, names = np.random.default_rng(14), [name for name, pictures in clean.items() if pictures]
    hidden: dict[str, list[bool]] = {}
    for alone, count in ((False, BESIDE), (True, ALONE)):
        done = 0
        while done < count:
            pictures = clean[names[int(rng.integers(len(names)))]]
            picture = pictures[int(rng.integers(len(pictures)))]
            trial = make_name_trial(picture, fonts, rng, LEAST_NAME, MOST_SHARE * max(picture.shape), alone=alone)
            if trial is not None:
                readable, done = _readable(trial), done + 1
                for group in _name_groups(trial):
                    hidden.setdefault(group, []).append(not readable)
                progress(done, count, "writing names and searching")
    return {
        key: value
        for group, members in hidden.items()
        for key, value in (
            (f"{group}: lines", len(members)), (f"{group}: hidden or held back, share", float(np.mean(members))),
        )
    }  # fmt: skip


def _name_groups(trial: NameTrial) -> tuple[str, ...]:
    one = trial.conditions
    if one.companion == "none":
        return ("names of two letters alone", f"names of two letters alone, contrast {one.contrast:g}")
    whole = "names of two letters beside digits, dates or names"
    apart = "a height or more apart" if one.gap >= 1 else "less than a height apart"
    return (whole, f"{whole}, {apart}", f"{whole}, contrast {one.contrast:g}", f"{whole}, {one.companion}")


def _as_they_are(folder: Path, progress: Progress) -> dict[str, float | int | str]:
    """Count what is painted over and held back of all pictures not learnt from in which nobody saw writing."""
    written = seen_with_text(folder.name)
    if not written:
        return {}
    bare = [data for file in _not_learnt_from(folder) if digest_of(data := file.read_bytes()) not in written]
    covers = []
    for done, data in enumerate(bare, start=1):
        covers.append(_painted(read_picture(data).pixels))
        progress(done, len(bare), "searching pictures without writing")
    painted = sum(cover is not None and bool(cover.any()) for cover in covers)
    return {
        f"{folder.name}, without writing as seen by eye: pictures": len(bare),
        f"{folder.name}, without writing as seen by eye: painted over in part, share": painted / len(bare),
        f"{folder.name}, without writing as seen by eye: held back, share": sum(cover is None for cover in covers)
        / len(bare),
    }


def _recalls(rows: Sequence[Row]) -> dict[str, float | int | str]:
    printed = [row for row in rows if row[1].kind in {"printed", "drawn"}]
    groups: dict[str, list[Row]] = {
        "printed, three signs and more": [row for row in printed if row[1].signs >= 3],
        "printed, three signs and more, letters of 10 px and more": [
            row for row in printed if row[1].signs >= 3 and row[1].height >= LEAST_NAME
        ],
        "printed, two signs": [row for row in printed if row[1].signs == 2],
    }
    for row in rows:
        for group in _groups(*row[:2]):
            groups.setdefault(group, []).append(row)
    figures: dict[str, float | int | str] = {}
    for group, members in groups.items():
        if members:
            figures[f"{group}: lines"] = len(members)
            figures[f"{group}: hidden or held back, share"] = float(np.mean([not readable for *_, readable in members]))
    return figures


def _groups(name: str, one: Conditions) -> tuple[str, ...]:
    return (
        f"kind {one.kind}", f"script {one.script}", f"contrast {one.contrast:g}", one.where, one.turn,
        "bright" if one.bright else "dark", f"letters {_band(one.height)}", f"on {name}",
    )  # fmt: skip


def _band(height: float) -> str:
    return next((f"under {mark} px" for mark in (10, 16, 30, 60) if height < mark), "of 60 px and more")


def _speed() -> dict[str, float | int | str]:
    """Measure the search in a large picture: 2,048 x 2,048 of 12 bits."""
    phantom = render(sample_phantom(np.random.default_rng(13), PhantomSettings(side=LARGE))).pixels
    times = []
    for _ in range(3):
        start = process_time()
        find_writing(phantom)
        times.append(1000 * (process_time() - start))
    return {f"search of a picture of {phantom.shape[0]} x {phantom.shape[1]}, ms_of_processor": min(times)}


TEXT = Benchmark(
    "text",
    "how much burned-in writing stays readable, by kind, and how many pictures without any are touched",
    measure,
    needs="folders of pictures with manifest.csv or labels.csv (columns file and patient)",
)
