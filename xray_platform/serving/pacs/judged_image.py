"""Judged image: a raw file of the store as the champion sees it, with the heat map over the image as it came."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.clinical_columns import ClinicalFacts
from xray_platform.progress import Progress, silent
from xray_platform.serving.heatmap_picture import HeatmapPicture
from xray_platform.serving.model_input import ModelInput, Refusal
from xray_platform.serving.predict import Predictor
from xray_platform.serving.prediction import Prediction
from xray_platform.serving.reading import ReadingTask, read_in_children, read_with_image
from xray_platform.workers import Lost

MOST_SHOWN = 1024  # pixels on the longer side of the picture with the overlay

Grey = NDArray[np.uint8]


@dataclass(frozen=True)
class JudgedImage:
    """What the model says of an image. `grey` (rows, columns) is the image as it came, windowed, and made smaller."""

    prediction: Prediction
    heatmap: HeatmapPicture
    grey: Grey


@dataclass(frozen=True)
class _Read:
    made: ModelInput
    grey: Grey


def judge_files(
    paths: Sequence[Path],
    predictor: Predictor,
    progress: Progress = silent,
    *,
    said: Mapping[Path, ClinicalFacts] = {},
) -> Iterator[JudgedImage | Refusal]:
    """Yield for each file, in order, what the model says of it or why it says nothing.

    Files are read in child processes that can be killed. `said` is as of `predict_files`.
    """
    preparation, unsaid = predictor.preparation, ClinicalFacts()
    tasks = [ReadingTask(path, preparation, said.get(path, unsaid)) for path in paths]
    for done, found in enumerate(read_in_children(_read, tasks, predictor.quality), start=1):
        if isinstance(found, _Read):
            yield _judged(found, predictor)
        else:
            yield Refusal(f"reading was given up ({found.reason})") if isinstance(found, Lost) else found
        progress(done, len(tasks), "judging")


def _judged(found: _Read, predictor: Predictor) -> JudgedImage:
    prediction = predictor.predict_inputs([found.made], heatmap=True)[0]
    assert prediction.heatmap is not None, "it was asked for"  # noqa: S101 - a slip of the program
    return JudgedImage(prediction, predictor.heatmap_picture(prediction.heatmap, found.made), found.grey)


def _read(task: ReadingTask) -> _Read | Refusal:
    """Do one task in a child process."""
    found = read_with_image(task)
    if isinstance(found, Refusal):
        return found
    made, image = found
    low, high = image.window_low, image.window_high
    share = np.clip((image.pixels.astype(np.float32) - low) / max(high - low, 1.0), 0, 1)
    grey = np.ascontiguousarray(image.turn.inverse().apply(np.round(255 * share).astype(np.uint8)))
    scale = min(1.0, MOST_SHOWN / max(grey.shape))
    size_shown = (max(round(grey.shape[1] * scale), 1), max(round(grey.shape[0] * scale), 1))
    return _Read(made, np.asarray(cv2.resize(grey, size_shown, interpolation=cv2.INTER_AREA), dtype=np.uint8))
