"""Routes: the reading room's addresses, for its own page."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from xray_platform.dicom.deidentify.reader_labels import hand_over
from xray_platform.dicom.intake.readings import Reading, append_line, read_lines, waiting
from xray_platform.errors import XrayError
from xray_platform.serving.http.access import COOKIE, Access
from xray_platform.serving.http.bodies import BodyError, images_of
from xray_platform.serving.http.engine import Engine, Judged
from xray_platform.serving.http.memory_file import MemoryFile
from xray_platform.serving.http.messages import Prediction, image_message, model_message
from xray_platform.serving.model_input import Refusal
from xray_platform.serving.room.kept import Kept, OpenImage
from xray_platform.serving.room.page import page_files
from xray_platform.serving.room.words import Words
from xray_platform.serving.room.worklist import Sort, published_file, worklist
from xray_platform.tables.places import Places

LONGEST_TOKEN = 1024
Blind = Annotated[bool, Query()]


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

    async def open(self, data: MemoryFile, *, blind: bool, image: str | None = None, sha256: str | None = None) -> Any:
        """Judge an image, keep it, and say what may be told of it now."""
        served = self.engine.model()
        async with asyncio.timeout(self.engine.settings.answer_seconds):
            found = await self.engine.judge(data, served, heatmap=True, show=True)
        if isinstance(found, Refusal):
            return image_message(found).model_dump()
        name = self.kept.add(opened := OpenImage(found, blind, image, sha256))
        return {"id": name, **told(opened)}

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


def told(opened: OpenImage) -> dict[str, Any]:
    """Return what the page is told of an open image; while it is blind, nothing of the model's opinion."""
    judged = opened.judged
    shown = judged.shown
    assert shown is not None, "what is open was asked for to be shown"  # noqa: S101 - a slip of the program
    message = _prediction(judged)
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
        "model": model_message(judged.served).model_dump(),
        "prediction": None if opened.blind else message.model_dump(),
    }


def _prediction(judged: Judged) -> Prediction:
    message = image_message(judged)
    assert isinstance(message, Prediction)  # noqa: S101 - it was judged
    return message


def room_router(engine: Engine, access: Access, places: Places, words: Words) -> APIRouter:
    """Return the reading room's addresses."""
    router, room = APIRouter(include_in_schema=False), Room(engine, places)
    _page(router, access, words)
    _images(router, room)
    _reading(router, room)
    return router


def _page(router: APIRouter, access: Access, words: Words) -> None:
    sent = page_files(words)

    @router.get("/")
    async def page() -> HTMLResponse:
        return HTMLResponse(sent.page)

    @router.get("/room/static/{name}")
    async def static(name: str) -> Response:
        if name not in sent.loaded:
            raise BodyError(404, "request", "there is no such file")
        content, kind = sent.loaded[name]
        return Response(content, media_type=kind)

    @router.post("/v1/session")
    async def session(request: Request) -> Response:
        shown = b""
        async for chunk in request.stream():
            shown += chunk
            if len(shown) > LONGEST_TOKEN:
                raise BodyError(413, "too_large", "a token is shorter")
        cookie = access.session(shown.decode("utf-8", "replace"))
        if cookie is None:
            raise BodyError(401, "token", "that is not the token")
        answer = JSONResponse({"status": "known"})
        answer.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", secure=access.secure)
        return answer


def _images(router: APIRouter, room: Room) -> None:
    @router.post("/room/images")
    async def opened(request: Request, blind: Blind = False) -> Any:
        with room.engine.admission.place() as held:
            images = await images_of(request, held, room.engine.settings)
            for more in images[1:]:
                more.close()
            return await room.open(images[0], blind=blind)

    @router.post("/room/worklist/{image}")
    async def listed(image: str, blind: Blind = False) -> Any:
        with room.engine.admission.place() as held:
            data, sha256 = await room.in_store(published_file, image)
            held.grow(len(data))
            file = MemoryFile()
            file.write(data)
            return await room.open(file, blind=blind, image=image, sha256=sha256)

    @router.get("/room/images/{name}/pixels")
    async def pixels(name: str) -> Response:
        shown = room.image(name).judged.shown
        return Response(shown.pixels if shown else b"", media_type="application/octet-stream")


def _reading(router: APIRouter, room: Room) -> None:
    @router.get("/room/worklist")
    async def images(
        sort: Sort = "uncertainty",
        unread: bool = False,
        most: Annotated[int, Query(ge=1, le=10_000)] = 100,
        blind: Blind = False,
    ) -> Any:
        served = room.engine.model()
        facts = served.predictor.facts
        limit = float(served.predictor.probability(_one(facts.threshold.value))[0])
        lines = await room.in_store(lambda places: list(read_lines(places)))
        read = {line.image for line in lines if isinstance(line, Reading)}
        found = await room.in_store(worklist, limit, read, sort)
        found = [one for one in found if not (unread and one.read)]
        hidden = {"probability", "verdict", "uncertainty"} if blind else set()
        rows = [{key: value for key, value in vars(one).items() if key not in hidden} for one in found[:most]]
        return {"images": rows, "total": len(found), "waiting": len(waiting(lines))}

    @router.post("/room/images/{name}/answer")
    async def answer(name: str, said: Said) -> Any:
        opened = room.image(name)
        kept = await room.keep_reading(opened, said)
        opened.blind = False
        return {"kept": kept, "prediction": _prediction(opened.judged).model_dump()}

    @router.post("/room/hand-over")
    async def over() -> Any:
        return {"batches": await room.in_store(hand_over)}


def _one(value: float) -> "np.ndarray[Any, np.dtype[np.float64]]":
    return np.array([value])
