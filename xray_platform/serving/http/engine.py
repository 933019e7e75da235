"""Engine: from the bytes of an image to a prediction with its heat map; what API and reading room both stand on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from xray_platform.clinical_columns import ClinicalFacts
from xray_platform.dicom.parse.container import MEBI
from xray_platform.errors import MachineError
from xray_platform.serving.heatmap_picture import HeatmapPicture
from xray_platform.serving.http.admission import Admission
from xray_platform.serving.http.batches import Batches
from xray_platform.serving.http.champion import Champion, Find, Served
from xray_platform.serving.http.memory_file import MemoryFile
from xray_platform.serving.http.metrics import Metrics
from xray_platform.serving.http.reader import Reader, ShownImage
from xray_platform.serving.http.settings import ServeSettings
from xray_platform.serving.model_input import ModelInput, Refusal
from xray_platform.serving.prediction import Prediction


class NoModelError(Exception):
    """No model serves; the text says why."""


@dataclass(frozen=True)
class Judged:
    """An image with what the model says of it, and what is shown of it, where that was asked for."""

    prediction: Prediction
    served: Served
    made: ModelInput
    heatmap: HeatmapPicture | None = None
    shown: ShownImage | None = None


class Engine:
    """A model, readers, and a bounded way through both."""

    def __init__(self, find: Find, settings: ServeSettings = ServeSettings()) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.champion = Champion(find, threads=settings.threads)
        self.admission = Admission(settings.places, settings.max_memory_mib * MEBI)
        self.reader = Reader(settings)
        self.batches = Batches(settings.batch, self.metrics.batch.observe)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Warm up, and serve until the end of the block. Raises MachineError where no reader can be started."""
        if not await asyncio.to_thread(self.reader.start):
            raise MachineError("the processes that read images did not start within two minutes")
        await asyncio.to_thread(self.champion.refresh)
        tasks = [
            asyncio.create_task(self.batches.run()),
            asyncio.create_task(self.champion.watch(self.settings.takeover_seconds)),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await asyncio.to_thread(self.reader.stop)

    def model(self) -> Served:
        """Return the model that serves now; NoModelError where there is none."""
        if self.champion.served is None:
            raise NoModelError(self.champion.problem or "no model is loaded yet")
        return self.champion.served

    async def judge(
        self,
        data: MemoryFile,
        served: Served,
        said: ClinicalFacts = ClinicalFacts(),
        *,
        heatmap: bool = False,
        show: bool = False,
    ) -> Judged | Refusal:
        """Return what a model says of an image, or why it is refused. `said`: see `prepare`.

        With `show` the standard image comes too, and the heat map lies over that one and not over the image as it came.
        """
        found = await self.reader.read(data, served.predictor.preparation, said, show=show)
        if isinstance(found, Refusal):
            self.metrics.images.labels("refused").inc()
            return found
        prediction = await self.batches.score(served, found.made, heatmap=heatmap)
        if prediction.unfamiliar and self.settings.unfamiliar == "refuse":
            self.metrics.images.labels("refused").inc()
            return Refusal(prediction.unfamiliar)
        picture = await asyncio.to_thread(self._laid, served, prediction, found.made, upright=show) if heatmap else None
        self.metrics.images.labels(prediction.verdict).inc()
        return Judged(prediction, served, found.made, picture, found.shown)

    def _laid(
        self, served: Served, prediction: Prediction, made: ModelInput, *, upright: bool
    ) -> HeatmapPicture | None:
        if prediction.heatmap is None:
            return None
        return served.predictor.heatmap_picture(prediction.heatmap, made, self.settings.heatmap_pixels, upright=upright)
