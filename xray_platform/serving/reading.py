"""Reading: files made into model inputs in child processes that can be killed, so that no file does harm."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import cv2

from xray_platform.clinical_columns import ClinicalFacts
from xray_platform.dicom.parse.container import MEBI
from xray_platform.dicom.pixels.standard_image import StandardImage
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.errors import InputError
from xray_platform.serving.model_input import ModelInput, Preparation, Refusal, prepare
from xray_platform.workers import GIB, Limits, Lost, cores, map_in_children

MEMORY_BYTES = 4 * GIB  # a child may use

Result = TypeVar("Result")


@dataclass(frozen=True)
class ReadingTask:
    """One file to read, and how; small enough to be sent to a child process. `said`: see `prepare`."""

    path: Path
    preparation: Preparation
    said: ClinicalFacts = field(default_factory=ClinicalFacts)


def read_file(task: ReadingTask) -> ModelInput | Refusal:
    """Do one task; what is wrong with the file becomes a refusal, in words without its name."""
    found = read_with_image(task)
    return found if isinstance(found, Refusal) else found[0]


def read_with_image(task: ReadingTask) -> tuple[ModelInput, StandardImage] | Refusal:
    """Do as `read_file` does, and return the standard image too, for whoever wants to show it."""
    cv2.setNumThreads(1)
    try:
        size, most = task.path.stat().st_size, task.preparation.quality.max_file_mib
        if size > most * MEBI:
            return Refusal(f"the file has {size} bytes; {most} MiB are allowed")
        return prepare(task.path.read_bytes(), task.preparation, task.said)
    except InputError as error:
        return Refusal(str(error))
    except OSError as error:
        return Refusal(f"cannot be read: {error.strerror or type(error).__name__}")


def read_in_children(
    read: Callable[[ReadingTask], Result], tasks: Sequence[ReadingTask], quality: QualitySettings
) -> Iterator[Result | Lost]:
    """Yield what `read` makes of each task, in order; what outlives its time or memory is lost, with the reason."""
    limits = Limits(2 * quality.seconds, MEMORY_BYTES)  # examined first, then read
    workers = min(cores(), len(tasks))
    return map_in_children(read, tasks, what="reading", workers=workers, limits=limits) if tasks else iter(())
