"""Routes: the reading room's addresses, for its own page."""

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from xray_platform.dicom.deidentify.reader_labels import hand_over
from xray_platform.dicom.intake.readings import Reading, read_lines, waiting
from xray_platform.serving.http.access import COOKIE, Access
from xray_platform.serving.http.bodies import BodyError, body_of
from xray_platform.serving.http.engine import Engine
from xray_platform.serving.http.said import SaidInAddress, said_of
from xray_platform.serving.room.other_routes import add_other_routes
from xray_platform.serving.room.page import page_files
from xray_platform.serving.room.room import Room, Said, prediction_message
from xray_platform.serving.room.words import Words
from xray_platform.serving.room.worklist import Sort, worklist
from xray_platform.tables.places import Places

LONGEST_TOKEN = 1024
Blind = Annotated[bool, Query()]


def room_router(engine: Engine, access: Access, places: Places, words: Words) -> APIRouter:
    """Return the reading room's addresses."""
    router, room = APIRouter(include_in_schema=False), Room(engine, places)
    _page(router, access, words)
    _images(router, room)
    _reading(router, room)
    add_other_routes(router, room)
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
    async def opened(request: Request, in_address: SaidInAddress, blind: Blind = False) -> Any:
        with room.engine.admission.place() as held:
            body = await body_of(request, held, room.engine.settings)
            (said, *_), (image, *others) = said_of(body, in_address), body.files
            for more in others:
                more.close()
            return await room.open(image, said, blind=blind)

    @router.post("/room/worklist/{image}")
    async def listed(image: str, blind: Blind = False) -> Any:
        with room.engine.admission.place() as held:
            file, found = await room.stored_image(image, held)
            return await room.open(file, found.stated, blind=blind, image=image, sha256=found.sha256)

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
        hidden = {"probability", "verdict", "uncertainty", "distance"} if blind else set()
        rows = [{key: value for key, value in vars(one).items() if key not in hidden} for one in found[:most]]
        return {"images": rows, "total": len(found), "waiting": len(waiting(lines))}

    @router.post("/room/images/{name}/answer")
    async def answer(name: str, said: Said) -> Any:
        opened = room.image(name)
        kept = await room.keep_reading(opened, said)
        opened.blind = False
        return {"kept": kept, "prediction": prediction_message(opened.judged).model_dump()}

    @router.post("/room/hand-over")
    async def over() -> Any:
        return {"batches": await room.in_store(hand_over)}


def _one(value: float) -> "np.ndarray[Any, np.dtype[np.float64]]":
    return np.array([value])
