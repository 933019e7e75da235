"""Champion: the model that serves; a new one takes over between two requests, a broken one leaves the old in place."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from xray_platform.errors import XrayError
from xray_platform.serving.predict import Predictor


@dataclass(frozen=True)
class ModelLocation:
    """Where a registered bundle lies, the digest that the registry holds of it, and its version there."""

    folder: Path
    bundle: str
    version: str = ""


@dataclass(frozen=True)
class Served:
    """A loaded model, and what it is called."""

    predictor: Predictor
    location: ModelLocation

    @property
    def name(self) -> str:
        return self.predictor.facts.model


Find = Callable[[], ModelLocation | None]
"""Asks the registry which bundle serves; None where there is none. May raise XrayError."""


class Champion:
    """The model in use, and what is wrong with the one that should be, if anything.

    A request takes `served` once and keeps it to its end, so a takeover loses and mixes nothing.
    """

    def __init__(self, find: Find, *, threads: int = 0) -> None:
        self._find, self._threads = find, threads
        self.served: Served | None = None
        self.problem = ""
        self.takeovers, self.failures = 0, 0
        self._failed: ModelLocation | None = None

    def refresh(self) -> None:
        """Ask the registry; load what is new there. What cannot be loaded is told in `problem`, once tried is enough.

        It blocks while a model is loaded.
        """
        try:
            location = self._find()
        except (XrayError, OSError) as error:
            self._fail(None, f"the registry cannot be asked: {error}")
            return
        if location is None:
            there = "the registry has no champion any more" if self.served else "there is no champion yet (xray run)"
            self._fail(None, there)
        elif self.served is not None and location == self.served.location:
            self.problem, self._failed = "", None
        elif location != self._failed:
            self._load(location)

    def _load(self, location: ModelLocation) -> None:
        try:
            predictor = Predictor.load(location.folder, expected=location.bundle, threads=self._threads)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a new model, the old one serves on
            said = str(error) if isinstance(error, XrayError) else type(error).__name__
            self._fail(location, f"version {location.version or '?'} of the champion cannot be loaded: {said}")
            return
        self.served, self.problem, self._failed = Served(predictor, location), "", None
        self.takeovers += 1

    def _fail(self, location: ModelLocation | None, problem: str) -> None:
        if problem != self.problem:
            self.failures += 1
        self.problem, self._failed = problem, location

    async def watch(self, seconds: float) -> None:
        """Ask every so many seconds, for ever; in a thread, so that serving goes on."""
        while True:
            await asyncio.sleep(seconds)
            await asyncio.to_thread(self.refresh)
