"""Map results: the heat maps of a sample of test pictures, and what they are like."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from xray_platform.defs.cohort import Cohort
from xray_platform.defs.read_parts import read_parts
from xray_platform.evaluation.heatmap import MapScale
from xray_platform.evaluation.map_statistics import MapStatistics, RandomisedMaps, likeness, map_statistics
from xray_platform.image_stack import Heatmaps, Images, unpack_view
from xray_platform.models.contract import FittedModel, RandomisableModel
from xray_platform.progress import Progress

MOST_PICTURES = 100  # whose maps are looked at; making a map takes up to some hundredths of a second
RANDOMISED = 24  # of them, whose maps are made again with random weights
AT_ONCE = 32


def maps_of(
    cohort: Cohort, model: FittedModel, scale: MapScale | None, findings: Mapping[str, str], progress: Progress
) -> MapStatistics | None:
    """Return what the maps of test pictures are like; None where there are no test pictures.

    Images are named by digests, so that the first ones by name are a sample by chance; as many normal as abnormal.
    """
    test = cohort.part("test")
    rows = sample_of(test)
    if rows.empty:
        return None
    images, maps = _made(cohort, model, rows, progress)
    names = rows["image"].astype(str).tolist()
    words = ["abnormal" if abnormal else "normal" for abnormal in cohort.labels(rows)]
    classes = [findings.get(name, word) for name, word in zip(names, words, strict=True)]
    randomised = tuple(_randomised(cohort, model, rows.head(RANDOMISED), maps))
    return map_statistics(names, classes, images, maps, scale, of=len(test), randomised=randomised)


def sample_of(test: pd.DataFrame, most: int = MOST_PICTURES) -> pd.DataFrame:
    """Return the rows that are looked at, normal and abnormal in turn as far as there are both."""
    ordered = test.sort_values("image")
    turn = ordered.groupby("abnormal").cumcount()
    return ordered.assign(turn=turn).sort_values(["turn", "image"]).drop(columns="turn").head(most)


def _made(cohort: Cohort, model: FittedModel, rows: pd.DataFrame, progress: Progress) -> tuple[Images, Heatmaps]:
    """Return the pictures as the first recipe made them, and the map of each."""
    images, maps = list[Images](), list[Heatmaps]()
    for part, read in read_parts(model, cohort.images(rows), AT_ONCE):
        maps.append(model.heatmap(read))
        images.append(unpack_view(read, 0, maps[-1].shape[-1]))
        progress(min(part.stop, len(rows)), len(rows), "maps looked at")
    return np.concatenate(images), np.concatenate(maps)


def _randomised(cohort: Cohort, model: FittedModel, rows: pd.DataFrame, maps: Heatmaps) -> Iterator[RandomisedMaps]:
    """Yield how like its own maps those of a network are without its last weights, half of them, and all."""
    if not isinstance(model, RandomisableModel):
        return
    images, every = cohort.images(rows), model.weight_groups
    for groups in sorted({1, (every + 1) // 2, every}):
        blind = model.with_random_weights(groups)
        made = np.concatenate([blind.heatmap(read) for _, read in read_parts(blind, images, AT_ONCE)])
        yield RandomisedMaps(groups=groups, of=every, likeness=likeness(maps[: len(rows)], made))
