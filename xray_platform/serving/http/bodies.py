"""Bodies: the images of a request and what a form says of them, counted while they come, and held in memory alone."""

import asyncio
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from xray_platform.clinical_columns import COLUMNS
from xray_platform.dicom.parse.container import MEBI
from xray_platform.serving.http.admission import Held
from xray_platform.serving.http.memory_file import MemoryFile
from xray_platform.serving.http.settings import ServeSettings

OVERHEAD_BYTES = 64 * 1024  # of a multipart body, for names and boundaries of a file
LONGEST_VALUE = 32  # of a field


class BodyError(Exception):
    """A body that is not taken: the HTTP status, a code and words."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(words)
        self.status, self.code, self.words = status, code, words


@dataclass(frozen=True)
class Body:
    """What a request brought: images, and the values of a form's fields that are called like a clinical column."""

    files: list[MemoryFile] = field(default_factory=list)
    fields: dict[str, list[bytes]] = field(default_factory=dict)

    def close(self) -> None:
        """Let go of the images."""
        for file in self.files:
            file.close()


@dataclass
class _Parts:
    """The parts of a multipart body, as the parser tells them: header names and values come in pieces."""

    most_files: int
    most_bytes: int
    body: Body
    ended: bool = False
    _name: bytes = b""
    _value: bytes = b""
    _field: str = ""
    _is_file: bool = False

    def begin(self) -> None:
        self._is_file, self._field, self._name, self._value = False, "", b"", b""

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            options = parse_options_header(self._value)[1]
            self._is_file, self._field = b"filename" in options, options.get(b"name", b"").decode("latin-1")
        self._name, self._value = b"", b""

    def headers_finished(self) -> None:
        if self._is_file:
            if len(self.body.files) >= self.most_files:
                raise BodyError(413, "too_many", f"more than {self.most_files} images in one request")
            self.body.files.append(MemoryFile())
        elif self._field in COLUMNS:
            values = self.body.fields.setdefault(self._field, [])
            if len(values) >= self.most_files:
                raise BodyError(413, "too_many", f"{self._field} is said of more than {self.most_files} images")
            values.append(b"")

    def end(self) -> None:
        self.ended = True

    def data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            file = self.body.files[-1]
            if file.size + end - start > self.most_bytes:
                raise too_large(self.most_bytes)
            file.write(memoryview(data)[start:end])
        elif self._field in COLUMNS:
            values = self.body.fields[self._field]
            if len(values[-1]) + end - start > LONGEST_VALUE:
                raise BodyError(
                    413, "too_large", f"{self._field} is a word or a number, of {LONGEST_VALUE} signs at most"
                )
            values[-1] += data[start:end]


async def body_of(request: Request, held: Held, settings: ServeSettings) -> Body:
    """Return what a request brought: the files and fields of a form, or the body itself; whoever asks closes it.

    The size is held against the limit before the first byte is read, and again while they come. Raises BodyError, and
    BusyError where memory is short.
    """
    body = Body()
    try:
        async with asyncio.timeout(settings.upload_seconds):
            await _collect(request, held, settings, body)
    except BaseException as error:
        body.close()
        if isinstance(error, TimeoutError):
            said = f"the body was not there within {settings.upload_seconds:g} s"
            raise BodyError(408, "slow", said) from error
        if isinstance(error, ClientDisconnect):
            raise BodyError(499, "gone", "the client went away") from error
        raise
    return body


async def _collect(request: Request, held: Held, settings: ServeSettings, body: Body) -> None:
    most_bytes = settings.max_file_mib * MEBI
    kind, options = parse_options_header(request.headers.get("content-type"))
    form = kind == b"multipart/form-data"
    most_body = settings.max_images * (most_bytes + OVERHEAD_BYTES) if form else most_bytes
    _check_length(request.headers.get("content-length"), most_body, most_bytes)
    if form:
        await _form(request, held, _Parts(settings.max_images, most_bytes, body), options.get(b"boundary"), most_body)
    else:
        body.files.append(MemoryFile())
        await _raw(request, held, body.files[0], most_bytes)


def _check_length(said: str | None, most_body: int, most_bytes: int) -> None:
    if said is not None and said.isdecimal() and int(said) > most_body:
        raise too_large(most_bytes)


async def _raw(request: Request, held: Held, file: MemoryFile, most_bytes: int) -> None:
    async for chunk in request.stream():
        if file.size + len(chunk) > most_bytes:
            raise too_large(most_bytes)
        held.grow(len(chunk))
        file.write(chunk)


async def _form(request: Request, held: Held, parts: _Parts, boundary: bytes | None, most_body: int) -> None:
    try:
        parser = MultipartParser(
            boundary or b"",
            {
                "on_part_begin": parts.begin,
                "on_header_field": parts.header_field,
                "on_header_value": parts.header_value,
                "on_header_end": parts.header_end,
                "on_headers_finished": parts.headers_finished,
                "on_part_data": parts.data,
                "on_end": parts.end,
            },
        )
        came = 0
        async for chunk in request.stream():
            came += len(chunk)
            if came > most_body:
                raise too_large(parts.most_bytes)
            held.grow(len(chunk))
            parser.write(chunk)
        parser.finalize()
    except FormParserError as error:
        raise BodyError(400, "form", "the body is no well-formed multipart/form-data") from error
    if not parts.ended:  # the parser takes such a body for whole
        raise BodyError(400, "form", "the form ends before its last boundary")
    if not parts.body.files:
        raise BodyError(400, "form", "the form holds no file")


def too_large(most_bytes: int) -> BodyError:
    """Return the error of an image that is larger than allowed."""
    return BodyError(413, "too_large", f"an image is larger than {most_bytes // MEBI} MiB, which is the limit")
