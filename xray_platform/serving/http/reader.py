"""Reader: images read in warm child processes that can be killed, so that no file takes the server down."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from xray_platform.clinical_columns import ClinicalFacts
from xray_platform.dicom.parse.container import MEBI
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.errors import InputError
from xray_platform.imaging.recipe import default_recipe
from xray_platform.serving.heatmap_picture import Placement
from xray_platform.serving.http.memory_file import MemoryFile
from xray_platform.serving.http.settings import ServeSettings
from xray_platform.serving.model_input import ModelInput, Preparation, Refusal, prepare
from xray_platform.serving.reading import MEMORY_BYTES, ReadingTask
from xray_platform.workers import Children, Limits, Lost, cores, result_or_lost

LOST = {
    "timeout": "reading took longer than allowed, and was given up",
    "killed": "reading took more memory than allowed, or ended its process",
    "error": "reading failed",
}


@dataclass(frozen=True)
class _Task:
    """An image to read, and where the standard image is to be written, if anybody wants to see it."""

    reading: ReadingTask
    shown: Path | None = None


@dataclass(frozen=True)
class ShownImage:
    """A standard image to be shown: `pixels` (rows, columns) uint16, little-endian, by row; its window's limits."""

    rows: int
    columns: int
    window: tuple[float, float]
    bits: int
    done: tuple[str, ...]
    pixels: bytes = b""


@dataclass(frozen=True)
class ReadImage:
    """What a reader made of an image: what the model takes, and what is shown, where that was asked for."""

    made: ModelInput
    shown: ShownImage | None = None


class Reader:
    """The readers of a server. `start` them before the first image; `stop` them at the end."""

    def __init__(self, settings: ServeSettings, quality: QualitySettings = QualitySettings()) -> None:
        self.quality = quality.model_copy(update={"max_file_mib": min(quality.max_file_mib, settings.max_file_mib)})
        workers = settings.readers or cores()
        limits = Limits(settings.read_seconds, MEMORY_BYTES)
        self._tasks: set[asyncio.Task[ReadImage | Refusal]] = set()
        self._children = Children(_read, workers=workers, limits=limits, prepare=_warm_up)

    def start(self) -> bool:
        """Start the readers and wait until they are warm; say whether they are."""
        return self._children.start()

    def stop(self) -> None:
        """End the readers."""
        self._children.stop()

    async def read(
        self,
        data: MemoryFile,
        preparation: Preparation,
        said: ClinicalFacts = ClinicalFacts(),
        *,
        show: bool = False,
    ) -> ReadImage | Refusal:
        """Read an image, and let go of it; with `show`, keep its standard image, too. `said`: see `prepare`.

        The quality rules are those of this server. A lost reader is a refusal, and says why. Where the client goes away
        the child goes on: to kill it would cost the next one a cold start, and what it reads must stay open, for its
        number may else be another's the next time.
        """
        reading = ReadingTask(data.path, replace(preparation, quality=self.quality), said)
        task = asyncio.create_task(self._read(data, reading, show))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _read(self, data: MemoryFile, reading: ReadingTask, show: bool) -> ReadImage | Refusal:
        with data, MemoryFile() as shown:
            future = self._children.submit(_Task(reading, shown.path if show else None))
            wrapped = asyncio.wrap_future(future)
            await asyncio.wait([wrapped])
            wrapped.exception()  # told below; asyncio wants it to be asked for
            found = result_or_lost(future)
            if isinstance(found, Lost):
                return Refusal(f"{found.reason}: {LOST[found.reason]}")
            if isinstance(found, Refusal) or found.shown is None:
                return found
            return ReadImage(found.made, ShownImage(**{**vars(found.shown), "pixels": shown.read()}))


def _read(task: _Task) -> ReadImage | Refusal:
    """Do one task, in a child."""
    cv2.setNumThreads(1)
    reading = task.reading
    try:
        size, most = reading.path.stat().st_size, reading.preparation.quality.max_file_mib
        if size > most * MEBI:
            return Refusal(f"Q010: the file has {size} bytes; {most} MiB are allowed")
        made, picture = prepare(reading.path.read_bytes(), reading.preparation, reading.said)
    except InputError as error:
        return Refusal(str(error))
    except OSError as error:
        return Refusal(f"error: cannot be read: {error.strerror or type(error).__name__}")
    if task.shown is None:
        return ReadImage(made)
    with task.shown.open("r+b") as file:
        file.write(np.ascontiguousarray(picture.pixels, dtype="<u2").data)
    window = (picture.window_low, picture.window_high)
    rows, columns = picture.pixels.shape
    return ReadImage(made, ShownImage(rows, columns, window, picture.bits_stored, picture.done))


def _warm_up() -> None:
    """Read a made-up image, so that the first true one does not wait for graphs and tables to be opened."""
    cv2.setNumThreads(1)
    place = np.hypot(*np.mgrid[-1:1:600j, -1:1:600j])
    grey = 200 * np.exp(-place) + np.random.default_rng(0).integers(0, 30, place.shape)
    png = cv2.imencode(".png", grey.astype(np.uint8))[1].tobytes()
    made, _ = prepare(png, Preparation((default_recipe(),)))
    assert isinstance(made.placement, Placement), "the made-up image can be read"  # noqa: S101 - a slip of the program
