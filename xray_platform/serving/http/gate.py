"""Gate: what every request passes: an id, access, headers that keep a page to itself, a log line without names."""

import json
import secrets
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xray_platform.serving.http.access import Access
from xray_platform.serving.http.messages import Problem, Remark
from xray_platform.serving.http.metrics import Metrics

HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
GONE = 499  # what is logged where the client went away before its answer
Log = Callable[[str], object]


def to_stderr(line: str) -> None:
    """Write a line of the log."""
    sys.stderr.write(line + "\n")


class Gate:
    """Wraps an application. A line of the log has the request's id, time, method, route, status and milliseconds.

    The route is the pattern of an address and not the address, for that is the client's to choose; nothing that the
    client said is in the log.
    """

    def __init__(self, app: ASGIApp, access: Access, metrics: Metrics, log: Log = to_stderr) -> None:
        self._app, self._access, self._metrics, self._log = app, access, metrics, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request, began, seen = secrets.token_hex(8), time.perf_counter(), {"status": GONE}
        scope.setdefault("state", {})["request"] = request

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                ours = {**HEADERS, "x-request-id": request}
                named = {name for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((name.encode(), value.encode()) for name, value in ours.items() if name.encode() not in named),
                ]
            await send(message)

        try:
            await self._inside(scope, receive, answer, request)
        finally:
            self._tell(scope, request, seen["status"], time.perf_counter() - began)

    async def _inside(self, scope: Scope, receive: Receive, answer: Send, request: str) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        refused = self._access.refused(scope["method"], scope["path"], headers)
        if refused is None:
            await self._app(scope, receive, answer)
            return
        status, code, words = refused
        await problem(request, status, code, words)(scope, receive, answer)

    def _tell(self, scope: Scope, request: str, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or "none"
        self._metrics.requests.labels(route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        line: dict[str, Any] = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "request": request,
            "method": scope["method"] if scope["method"] in {"GET", "POST", "HEAD", "OPTIONS"} else "other",
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
        self._log(json.dumps(line))


def problem(request: str, status: int, code: str, words: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return the answer that says why a request was not answered."""
    said = Problem(request=request, error=Remark(code=code, words=words))
    more = {"www-authenticate": "Bearer"} if status == 401 else {}
    return JSONResponse(said.model_dump(), status, {**more, **(headers or {})})
