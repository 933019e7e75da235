"""Other routes: the reading room's addresses of images that are looked at beside the open one."""

import asyncio
from dataclasses import asdict, replace
from typing import Any

from fastapi import APIRouter, Response

from xray_platform.serving.http.bodies import BodyError
from xray_platform.serving.model_input import Refusal
from xray_platform.serving.room.others import laid_over, other_images
from xray_platform.serving.room.room import Room


def add_other_routes(router: APIRouter, room: Room) -> None:
    """Add them to the reading room's addresses."""

    @router.get("/room/images/{name}/others")
    async def others(name: str) -> Any:
        """Say which images may be looked at beside an open one; of the model's opinion nothing while it is blind."""
        opened = room.image(name)
        found = await room.in_store(other_images, opened.image) if opened.image else []
        if opened.blind:
            found = [replace(one, probability=None, verdict=None) for one in found]
            return {"subject": [asdict(one) for one in found], "similar": []}
        placed = opened.judged.prediction.placed
        similar = [one for one in placed.similar_normals if one.image != opened.image] if placed else []
        return {"subject": [asdict(one) for one in found], "similar": [asdict(one) for one in similar]}

    @router.get("/room/images/{name}/beside/{image}")
    async def beside(name: str, image: str) -> Response:
        """Give another image of the store laid over the open one: 16 bits a pixel, in the size and window of that."""
        judged = room.image(name).judged
        shown, preparation = judged.shown, judged.served.predictor.preparation
        assert shown is not None, "what is open was asked for to be shown"  # noqa: S101 - a slip of the program
        with room.engine.admission.place() as held:
            file, _ = await room.stored_image(image, held)
            read = await room.engine.reader.read(file, preparation, show=True)
            if isinstance(read, Refusal) or read.shown is None:
                raise BodyError(409, "image", read.reason if isinstance(read, Refusal) else "it cannot be shown")
            laid = await asyncio.to_thread(laid_over, read.shown, shown)
        said = {"x-registered": str(laid.registered).lower(), "x-correlation": f"{laid.correlation:.3f}"}
        return Response(laid.pixels, media_type="application/octet-stream", headers=said)
