"""Judged image: a raw file of the store as the champion sees it, with the heat map over the image as it came."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.errors import InputError
from xray_platform.progress import Progress, silent
from xray_platform.serving.heatmap_picture import HeatmapPicture
from xray_platform.serving.model_input import MEBI, ModelInput, ReadingTask, Refusal, prepare_with_image
from xray_platform.serving.predict import Predictor
from xray_platform.serving.prediction import Prediction
from xray_platform.workers import GIB, Limits, Lost, cores, map_in_children

MOST_SHOWN = 1024  # pixels on the longer side of the picture with the overlay
MEMORY_BYTES = 4 * GIB

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
    paths: Sequence[Path], predictor: Predictor, progress: Progress = silent
) -> Iterator[JudgedImage | Refusal]:
    """Yield for each file, in order, what the model says of it or why it says nothing.

    Files are read in child processes that can be killed.
    """
    facts = predictor.facts
    tasks = [ReadingTask(path, facts.recipes, facts.standard, predictor.quality) for path in paths]
    limits = Limits(2 * predictor.quality.seconds, MEMORY_BYTES)
    read = map_in_children(_read, tasks, what="reading", workers=min(cores(), max(len(tasks), 1)), limits=limits)
    for done, found in enumerate(read if tasks else (), start=1):
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
    """Do one task in a child process; what is wrong with the file becomes a refusal, in words without its values."""
    cv2.setNumThreads(1)
    try:
        size, most = task.path.stat().st_size, task.quality.max_file_mib
        if size > most * MEBI:
            return Refusal(f"the file has {size} bytes; {most} MiB are allowed")
        made, image = prepare_with_image(task.path.read_bytes(), task.recipes, task.standard, task.quality)
    except InputError as error:
        return Refusal(str(error))
    except OSError as error:
        return Refusal(f"cannot be read: {error.strerror or type(error).__name__}")
    low, high = image.window_low, image.window_high
    share = np.clip((image.pixels.astype(np.float32) - low) / max(high - low, 1.0), 0, 1)
    grey = np.ascontiguousarray(image.turn.inverse().apply(np.round(255 * share).astype(np.uint8)))
    scale = min(1.0, MOST_SHOWN / max(grey.shape))
    size_shown = (max(round(grey.shape[1] * scale), 1), max(round(grey.shape[0] * scale), 1))
    return _Read(made, np.asarray(cv2.resize(grey, size_shown, interpolation=cv2.INTER_AREA), dtype=np.uint8))
