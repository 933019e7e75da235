"""App: the API's addresses, as a FastAPI application."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from xray_platform import __version__
from xray_platform.clinical_columns import ClinicalFacts
from xray_platform.serving.http.admission import BusyError
from xray_platform.serving.http.bodies import BodyError, body_of
from xray_platform.serving.http.engine import Engine, Judged, NoModelError
from xray_platform.serving.http.gate import problem
from xray_platform.serving.http.memory_file import MemoryFile
from xray_platform.serving.http.messages import (
    NOTICE,
    Models,
    Predictions,
    Problem,
    Refused,
    image_message,
    model_message,
    models_message,
    not_used,
)
from xray_platform.serving.http.said import FORM_FIELDS, SaidInAddress, said_of
from xray_platform.serving.model_input import Refusal

RETRY_SECONDS = "1"
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "One image as the body, or a form with one file field for each of several, "
        "and with age, sex and view where the images do not state them.",
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "images": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        **FORM_FIELDS,
                    },
                }
            },
            **dict.fromkeys(("application/dicom", "image/png", "image/jpeg", "application/octet-stream"), _BINARY),
        },
    }
}
_SAID = {
    400: "the body is no well-formed form",
    401: "no token, or another one",
    403: "a page of another origin asks",
    408: "the body came too slowly",
    413: "an image is too large, or there are too many",
    421: "the server is not called by that name",
    422: "the one image that was sent is refused, and `images` says why; or a value is not allowed, and `error` does",
    429: "all places are taken; come again after Retry-After seconds",
    503: "no model serves",
    504: "the answer took too long",
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Predictions | Problem if status == 422 else Problem, "description": said}
    for status, said in _SAID.items()
}


def make_app(engine: Engine, routers: Sequence[APIRouter] = ()) -> FastAPI:
    """Return the application of an engine, with further routers (the reading room's); it starts and ends the engine."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with engine.running():
            yield

    app = FastAPI(
        title="X-ray platform",
        version=__version__,
        description=f"Predictions for chest radiographs. {NOTICE}",
        lifespan=lifespan,
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
    )
    app.include_router(_api(engine))
    app.include_router(_watching(engine))
    for router in routers:
        app.include_router(router)
    for kind, answer in _answers().items():
        app.add_exception_handler(kind, answer)
    return app


def _api(engine: Engine) -> APIRouter:
    router = APIRouter(prefix="/v1", tags=["predictions"])

    @router.post("/predictions", response_model=Predictions, responses=_RESPONSES, openapi_extra=_BODY)
    async def predictions(
        request: Request,
        in_address: SaidInAddress,
        heatmap: Annotated[bool, Query(description="with a heat map of each image")] = False,
    ) -> Response:
        """Judge images: DICOM, JPEG or PNG; an image that is refused has its reasons instead of a prediction."""
        served = engine.model()
        with engine.admission.place() as held:
            body = await body_of(request, held, engine.settings)
            told = said_of(body, in_address)
            async with asyncio.timeout(engine.settings.answer_seconds):
                found = await judge_all(engine, body.files, told, heatmap=heatmap)
        said = tuple(map(image_message, found))
        message = Predictions(
            request=request.state.request, model=model_message(served), notes=not_used(told, served), images=said
        )
        status = 422 if len(said) == 1 and isinstance(said[0], Refused) else 200
        return Response(message.model_dump_json(), status, media_type="application/json")

    @router.get("/models")
    async def models() -> Models:
        """Say which model serves, and what is wrong with the one that should, if anything."""
        return models_message(engine.champion)

    return router


async def judge_all(
    engine: Engine, images: list[MemoryFile], told: list[ClinicalFacts], *, heatmap: bool
) -> list[Judged | Refusal]:
    """Judge the images of one request, all by the same model; they are let go of in any case."""
    served = engine.model()
    tasks = [
        asyncio.create_task(engine.judge(image, served, said, heatmap=heatmap))
        for image, said in zip(images, told, strict=True)
    ]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


def _watching(engine: Engine) -> APIRouter:
    router = APIRouter(tags=["watching"])

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Say that the process lives."""
        return {"status": "alive"}

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        """Say whether a model serves (200) or none does (503), and whether it is the one that should."""
        champion = engine.champion
        said = {"status": "ready" if champion.served else "no model", "problem": champion.problem}
        return JSONResponse(said, 200 if champion.served else 503)

    @router.get("/metrics")
    async def metrics() -> Response:
        """Count and measure, for Prometheus."""
        found, champion = engine.metrics, engine.champion
        found.places.set(engine.admission.taken)
        found.held_bytes.set(engine.admission.held_bytes)
        found.takeovers.set(champion.takeovers)
        found.problem.set(bool(champion.problem))
        found.model.clear()
        if champion.served:
            found.model.labels(champion.served.name, champion.served.location.version).set(1)
        return Response(found.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router


Answer = Callable[[Request, Exception], Awaitable[Response]]


def _answers() -> dict[type[Exception], Answer]:
    """Return what is said of each kind of error; never a text that could quote the request."""

    async def body(request: Request, error: Exception) -> Response:
        assert isinstance(error, BodyError)  # noqa: S101 - FastAPI asks by type
        return problem(request.state.request, error.status, error.code, error.words)

    async def busy(request: Request, _: Exception) -> Response:
        said = "all places are taken; come again"
        return problem(request.state.request, 429, "busy", said, {"retry-after": RETRY_SECONDS})

    async def no_model(request: Request, error: Exception) -> Response:
        return problem(request.state.request, 503, "model", str(error), {"retry-after": "5"})

    async def slow(request: Request, _: Exception) -> Response:
        return problem(request.state.request, 504, "slow", "the answer took too long")

    async def invalid(request: Request, _: Exception) -> Response:
        return problem(request.state.request, 422, "request", "a value of the request is missing or not allowed")

    async def other(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - FastAPI asks by type
        return problem(request.state.request, error.status_code, "request", str(error.detail))

    async def unknown(request: Request, error: Exception) -> Response:
        return problem(request.state.request, 500, "internal", f"an error of the server ({type(error).__name__})")

    return {
        BodyError: body, BusyError: busy, NoModelError: no_model, TimeoutError: slow, RequestValidationError: invalid,
        HTTPException: other, Exception: unknown,
    }  # fmt: skip
