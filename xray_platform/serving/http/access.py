"""Access: who may ask at all: by host, origin and token; known before a byte of a body is read."""

import hmac
import secrets
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

LOCAL = ("localhost", "127.0.0.1", "[::1]")
COOKIE = "xray_session"
OPEN = frozenset(("/healthz", "/readyz"))  # for whoever watches over the server; they tell nothing of images
OPEN_TO_PEOPLE = ("/room/static/", "/v1/session")
PAGE = "/"
SESSIONS = 1000


@dataclass
class Access:
    """Names under which the server may be called, and the token that must be shown; None: whoever reaches it may ask.

    `secure`: browsers come by HTTPS, so that the cookie of a session never goes in the clear.
    """

    hosts: tuple[str, ...] = LOCAL
    token: str | None = None
    secure: bool = False
    _sessions: list[str] = field(default_factory=list)

    def refused(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, str, str] | None:
        """Return status, code and words of why a request is not heard; None where it is."""
        if _name(headers.get("host", "")) not in self.hosts:
            return 421, "host", "this server is not called by that name"
        origin = headers.get("origin")
        if origin is not None and _name(urlsplit(origin).netloc) not in self.hosts:
            return 403, "origin", "pages of that origin may not ask here"
        if method not in {"GET", "HEAD", "OPTIONS"} and headers.get("sec-fetch-site") == "cross-site":
            return 403, "origin", "pages of other sites may not ask here"
        if not self._needs_token(path) or self._knows(headers):
            return None
        return 401, "token", "a token is needed: Authorization: Bearer TOKEN"

    def session(self, token: str) -> str | None:
        """Return a new session's cookie for whoever shows the token; None where it is another."""
        if self.token is None or not hmac.compare_digest(token.encode(), self.token.encode()):
            return None
        made = secrets.token_urlsafe(32)
        self._sessions = [*self._sessions[-SESSIONS:], made]
        return made

    def _needs_token(self, path: str) -> bool:
        return self.token is not None and path not in OPEN and path != PAGE and not path.startswith(OPEN_TO_PEOPLE)

    def _knows(self, headers: dict[str, str]) -> bool:
        kind, _, shown = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), (self.token or "").encode()):
            return True
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return cookie is not None and any(hmac.compare_digest(cookie.value, known) for known in self._sessions)


def _name(host: str) -> str:
    """Return a host without its port, in small letters."""
    host = host.strip().lower()
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
