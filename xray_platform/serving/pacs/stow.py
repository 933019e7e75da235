"""STOW-RS: objects by HTTP, each part of the body straight to disk, and into the inbox whole or not at all."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import open_container
from xray_platform.serving.http.admission import BusyError
from xray_platform.serving.http.bodies import BodyError
from xray_platform.serving.pacs.received_files import IncomingFile, Instance, KeptFile, ReceivedFiles
from xray_platform.serving.pacs.settings import PacsSettings
from xray_platform.serving.pacs.storing import CANNOT_UNDERSTAND, OUT_OF_RESOURCES

HEAD_BYTES = 64 * 1024  # class and UIDs stand at the beginning
MOST_PARTS = 1000
MEBI = 1024**2
ANSWER = "application/dicom+json"


@dataclass
class _Part:
    """A part of a body on its way to disk; `reason` is why it goes no further, 0 where it does."""

    file: IncomingFile | None = None
    head: bytearray = field(default_factory=bytearray)
    reason: int = 0

    def fail(self, reason: int) -> None:
        """Let go of what came."""
        self.reason = reason
        if self.file is not None:
            self.file.discard()


@dataclass
class _Body:
    """The parts of a body, as the parser tells them."""

    files: ReceivedFiles
    most_bytes: int
    parts: list[_Part] = field(default_factory=list)
    ended: bool = False

    def begin(self) -> None:
        if len(self.parts) >= MOST_PARTS:
            raise BodyError(413, "too_many", f"more than {MOST_PARTS} objects in one request")
        part = _Part()
        self.parts.append(part)
        try:
            part.file = self.files.begin()
        except OSError:
            part.fail(OUT_OF_RESOURCES)

    def data(self, data: bytes, start: int, end: int) -> None:
        part = self.parts[-1]
        if part.reason or part.file is None:
            return
        if part.file.size + end - start > self.most_bytes:
            part.fail(CANNOT_UNDERSTAND)
            return
        piece = memoryview(data)[start:end]
        part.head += piece[: max(HEAD_BYTES - len(part.head), 0)]
        try:
            part.file.write(piece)
        except OSError:
            part.fail(OUT_OF_RESOURCES)

    def end(self) -> None:
        self.ended = True

    def discard(self) -> None:
        """Let go of all that was not kept."""
        for part in self.parts:
            part.fail(part.reason)


@dataclass(frozen=True)
class _Ended:
    """How a part ended."""

    instance: Instance | None
    kept: KeptFile | None
    reason: int = 0


def stow_router(files: ReceivedFiles, settings: PacsSettings) -> APIRouter:
    """Return the addresses of STOW-RS: objects of any study, or of one."""
    router = APIRouter(tags=["dicomweb"])
    places = asyncio.Semaphore(settings.associations)

    @router.post("/dicom-web/studies")
    @router.post("/dicom-web/studies/{study}")
    async def store(request: Request) -> Response:
        """Take DICOM objects (multipart/related) into the inbox; an object that is listed as stored is durable."""
        if places.locked():
            raise BusyError
        async with places:
            ended = await _received(request, files, settings)
        return _answer(ended)

    return router


async def _received(request: Request, files: ReceivedFiles, settings: PacsSettings) -> list[_Ended]:
    boundary = _boundary(request)
    body = _Body(files, settings.max_object_mib * MEBI)
    parser = MultipartParser(boundary, {"on_part_begin": body.begin, "on_part_data": body.data, "on_end": body.end})
    try:
        async for chunk in _patiently(request, settings.network_seconds):
            await asyncio.to_thread(parser.write, chunk)
        parser.finalize()
        if not body.ended:
            raise BodyError(400, "form", "the body breaks off before its last boundary")
        return [await asyncio.to_thread(_kept, part) for part in body.parts]
    except FormParserError as error:
        raise BodyError(400, "form", "the body is no well-formed multipart/related") from error
    except TimeoutError as error:
        raise BodyError(408, "slow", f"nothing came for {settings.network_seconds:g} s") from error
    except ClientDisconnect as error:
        raise BodyError(499, "gone", "the client went away") from error
    finally:
        body.discard()


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type"))
    inner = options.get(b"type", b"application/dicom")
    if kind != b"multipart/related" or inner != b"application/dicom" or not options.get(b"boundary"):
        raise BodyError(415, "type", 'multipart/related; type="application/dicom" with a boundary is taken')
    return options[b"boundary"]


async def _patiently(request: Request, seconds: float) -> AsyncIterator[bytes]:
    stream = request.stream().__aiter__()
    while True:
        try:
            async with asyncio.timeout(seconds):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        yield chunk


def _kept(part: _Part) -> _Ended:
    """Keep a whole part, durable, under the UIDs that it says."""
    found = open_container(bytes(part.head)) if part.head else None
    uids = (found.text(tags.SOP_CLASS_UID), found.text(tags.SOP_INSTANCE_UID)) if found is not None else ("", "")
    instance = Instance(*uids) if found is not None and found.part10 and all(uids) else None
    if part.reason or part.file is None:
        return _Ended(instance, None, part.reason)
    if instance is None:
        return _Ended(None, None, CANNOT_UNDERSTAND)
    try:
        return _Ended(instance, part.file.keep(instance))
    except OSError:
        return _Ended(instance, None, OUT_OF_RESOURCES)


def _answer(ended: Sequence[_Ended]) -> Response:
    """Say what was stored and what was not: 200 for all, 202 for some, 409 for none."""
    stored = [_named(one.instance) for one in ended if one.kept is not None]
    failed = [
        {**_named(one.instance), "00081197": {"vr": "US", "Value": [one.reason]}} for one in ended if one.kept is None
    ]
    said: dict[str, object] = {}
    if stored:
        said["00081199"] = {"vr": "SQ", "Value": stored}
    if failed:
        said["00081198"] = {"vr": "SQ", "Value": failed}
    status = 409 if not stored else 202 if failed else 200
    return Response(json.dumps(said), status, media_type=ANSWER)


def _named(instance: Instance | None) -> dict[str, object]:
    if instance is None:
        return {}
    return {
        "00081150": {"vr": "UI", "Value": [instance.sop_class]},
        "00081155": {"vr": "UI", "Value": [instance.uid]},
    }
