"""Kept: the few images that are open in the reading room, in memory, under names by chance, and not for long."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from xray_platform.serving.http.engine import Judged


@dataclass
class OpenImage:
    """An image that somebody looks at. `image` is its name in the store, None for one that was dropped.

    While it is `blind` nothing of the model's is told.
    """

    judged: Judged
    blind: bool
    image: str | None = None
    sha256: str | None = None


class Kept:
    """The open images, the last ones; the oldest goes where there are too many, each after a while."""

    def __init__(self, most: int, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._most, self._seconds, self._now = most, seconds, now
        self._images: OrderedDict[str, tuple[float, OpenImage]] = OrderedDict()

    def add(self, image: OpenImage) -> str:
        """Keep an image, and return the name under which it is asked for."""
        name = secrets.token_urlsafe(16)
        self._images[name] = (self._now(), image)
        while len(self._images) > self._most:
            self._images.popitem(last=False)
        return name

    def get(self, name: str) -> OpenImage | None:
        """Return an image; None where it is not kept any more."""
        self.forget_old()
        found = self._images.get(name)
        return found[1] if found else None

    def forget_old(self) -> None:
        """Let go of what was kept long enough."""
        while self._images and self._now() - next(iter(self._images.values()))[0] > self._seconds:
            self._images.popitem(last=False)

    def __len__(self) -> int:
        return len(self._images)
