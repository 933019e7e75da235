"""Look: how often the rules on anatomy raise a false alarm over a sound chest, and notice a wrong one."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.dicom.anatomy.cut import cut_off
from xray_platform.dicom.anatomy.view_classifier import ViewScores, classify_view
from xray_platform.dicom.burned_in.find import find_markers
from xray_platform.dicom.burned_in.markers import on_a_side, on_the_wrong_side
from xray_platform.dicom.pixels.thumbnail import MARKER_SIDE, Thumbnail
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.progress import Progress
from xray_platform.training.subject_split import sample_files, split_by_subject
from xray_platform.training.view.train import small_pictures

MOST = 1000
ALLOWED = QualitySettings()


def measure(progress: Progress, inputs: Inputs) -> Figures:
    """Look at sound pictures of held-out subjects, as they are and degraded on purpose."""
    figures: dict[str, float | int | str] = {}
    for folder in inputs.data:
        pictures = list(small_pictures(sample_files(split_by_subject(folder).held_out, MOST, 0), progress, MARKER_SIDE))
        figures[f"{folder.name}: pictures of subjects not learnt from"] = len(pictures)
        for name, share in (_shares(pictures) | _marker_shares(pictures)).items():
            figures[f"{folder.name}: {name}, share"] = share
    return figures


def _shares(pictures: Sequence[Thumbnail]) -> dict[str, float]:
    looks = [classify_view(picture) for picture in pictures]
    ways: dict[str, Callable[[Thumbnail], Thumbnail]] = {
        "inverted": lambda picture: 1 - picture,
        "turned by a quarter": np.rot90,
        "upside down": lambda picture: picture[::-1],
        "turned by half": lambda picture: picture[::-1, ::-1],
    }
    shares = {
        "no chest (Q067)": _share(look.chest < ALLOWED.least_chest for look in looks),
        "inverted or turned (Q049)": _share(_is_contrary(look) for look in looks),
        "mirrored (Q049)": _share(look.mirrored > ALLOWED.most_mirrored for look in looks),
        "cut off (Q066)": _share(cut_off(picture).gain > ALLOWED.cut_off for picture in pictures),
    }
    alarms = {f"false alarm, {name}": share for name, share in shares.items()}
    noticed = {name: _share(_is_contrary(_look(way(each))) for each in pictures) for name, way in ways.items()}
    mirrored = _share(_look(each[:, ::-1]).mirrored > ALLOWED.most_mirrored for each in pictures)
    quarters = _share(_look(_quarter(each)).chest < ALLOWED.least_chest for each in pictures)
    cut = _share(_cut_gain(each) > ALLOWED.cut_off for each in pictures)
    noticed |= {"mirrored": mirrored, "only its upper left quarter": quarters, "left quarter cut off": cut}
    return alarms | {f"noticed, {name}": share for name, share in noticed.items()}


def _marker_shares(pictures: Sequence[Thumbnail]) -> dict[str, float]:
    """Return how many side markers are read, and what they and the heart together notice."""
    mirrored = [np.ascontiguousarray(picture[:, ::-1]) for picture in pictures]
    least = ALLOWED.least_marker
    read = [find_markers(picture) for picture in pictures]
    return {
        "side marker read": _share(on_a_side(each, least) for each in read),
        "side marker read on the wrong side": _share(on_the_wrong_side(each, least) for each in read),
        "false alarm, mirrored by marker and heart (Q049)": _share(_is_mirrored(each) for each in pictures),
        "noticed, mirrored by marker and heart": _share(_is_mirrored(each) for each in mirrored),
    }


def _is_mirrored(picture: Thumbnail) -> bool:
    markers, look = find_markers(picture), classify_view(picture)
    if on_the_wrong_side(markers, ALLOWED.least_marker):
        return look.mirrored > ALLOWED.mirrored_beside_marker
    return look.mirrored > ALLOWED.most_mirrored and not on_a_side(markers, ALLOWED.least_marker)


def _look(picture: Thumbnail) -> ViewScores:
    return classify_view(np.ascontiguousarray(picture))


def _is_contrary(look: ViewScores) -> bool:
    return max(look.inverted, look.turned, look.upside_down) > ALLOWED.most_contrary


def _quarter(picture: Thumbnail) -> Thumbnail:
    rows, columns = picture.shape
    return picture[: rows // 2, : columns // 2]


def _cut_gain(picture: Thumbnail) -> float:
    return cut_off(np.ascontiguousarray(picture[:, picture.shape[1] // 4 :])).gain


def _share(happened: Any) -> float:
    return float(np.mean([bool(each) for each in happened]))


LOOK = Benchmark(
    "look",
    "false alarms and detection of the rules that look at anatomy",
    measure,
    needs="folders of sound frontal pictures with manifest.csv or labels.csv (columns file and patient)",
)
