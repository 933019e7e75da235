"""Room: the reading room of a store: which images are open, and what may be told of each."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from xray_platform.clinical_columns import ClinicalFacts
from xray_platform.dicom.intake.readings import Reading, append_line
from xray_platform.errors import XrayError
from xray_platform.serving.http.admission import Held
from xray_platform.serving.http.bodies import BodyError
from xray_platform.serving.http.engine import Engine, Judged
from xray_platform.serving.http.memory_file import MemoryFile
from xray_platform.serving.http.messages import Prediction, image_message, model_message, not_used
from xray_platform.serving.model_input import Refusal
from xray_platform.serving.room.kept import Kept, OpenImage
from xray_platform.serving.room.worklist import PublishedImage, published_image
from xray_platform.tables.places import Places


class Said(BaseModel):
    """What a reader says of an open image."""

    model_config = ConfigDict(extra="forbid")

    reader: str = Field("", max_length=64)
    label: str = Field(pattern="^(normal|abnormal)$")
    agree: bool = False
    boxes: list[tuple[float, float, float, float]] = Field(default=[], max_length=100)


class Room:
    """The reading room of a store: what is open, and what it may tell."""

    def __init__(self, engine: Engine, places: Places) -> None:
        self.engine, self.places = engine, places
        self.kept = Kept(engine.settings.kept_images, engine.settings.kept_seconds)
        self._lock = asyncio.Lock()

    async def open(
        self,
        data: MemoryFile,
        said: ClinicalFacts,
        *,
        blind: bool,
        image: str | None = None,
        sha256: str | None = None,
    ) -> Any:
        """Judge an image, keep it, and say what may be told of it now.

        `said` is what its row states, or what the reader said who dropped it and is told what of that goes unused.
        """
        served = self.engine.model()
        async with asyncio.timeout(self.engine.settings.answer_seconds):
            found = await self.engine.judge(data, served, said, heatmap=True, show=True)
        if isinstance(found, Refusal):
            return image_message(found).model_dump()
        name = self.kept.add(opened := OpenImage(found, blind, image, sha256))
        return {"id": name, **told(opened, () if image else not_used([said], served))}

    def image(self, name: str) -> OpenImage:
        """Return an open image; BodyError (404) where it is not open any more."""
        found = self.kept.get(name)
        if found is None:
            raise BodyError(404, "image", "the image is not open any more; open it again")
        return found

    async def in_store(self, work: Callable[..., Any], *given: Any) -> Any:
        """Do something in the store, one thing at a time, in a thread; what is wrong there is told in its words."""
        try:
            async with self._lock:
                return await asyncio.to_thread(work, self.places, *given)
        except XrayError as error:
            raise BodyError(409, "store", str(error)) from error

    async def stored_image(self, image: str, held: Held) -> tuple[MemoryFile, PublishedImage]:
        """Return the published file of an image of the store in memory, which `held` counts, and what it is."""
        found: PublishedImage = await self.in_store(published_image, image)
        held.grow(len(found.data))
        file = MemoryFile()
        file.write(found.data)
        return file, found

    async def keep_reading(self, opened: OpenImage, said: Said) -> bool:
        """Write down what a reader says of an image of the store; say whether it is of the store."""
        if opened.image is None or opened.sha256 is None:
            return False
        if not said.reader.strip():
            raise BodyError(422, "reader", "say who reads")
        prediction, location = opened.judged.prediction, opened.judged.served.location
        reading = Reading(
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            reader=said.reader.strip(),
            image=opened.image,
            sha256=opened.sha256,
            abnormal=said.label == "abnormal",
            agreed=said.label == prediction.verdict,
            blind=opened.blind,
            boxes=tuple(said.boxes),
            model=opened.judged.served.name,
            version=location.version,
            probability=prediction.probability,
        )
        await self.in_store(append_line, reading)
        return True


def told(opened: OpenImage, notes: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what the page is told of an open image; while it is blind, nothing of the model's opinion.

    `notes` are told beside those of the model.
    """
    judged = opened.judged
    shown = judged.shown
    assert shown is not None, "what is open was asked for to be shown"  # noqa: S101 - a slip of the program
    message, model = prediction_message(judged), model_message(judged.served)
    return {
        "image": opened.image,
        "blind": opened.blind,
        "rows": shown.rows,
        "columns": shown.columns,
        "window": shown.window,
        "bits": shown.bits,
        "done": shown.done,
        "quality": message.quality,
        "warnings": [one.model_dump() for one in message.warnings],
        "model": {**model.model_dump(), "notes": (*model.notes, *notes)},
        "prediction": None if opened.blind else message.model_dump(),
    }


def prediction_message(judged: Judged) -> Prediction:
    """Say what the model says of an image that it judged."""
    message = image_message(judged)
    assert isinstance(message, Prediction)  # noqa: S101 - it was judged
    return message
