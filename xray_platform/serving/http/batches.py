"""Batches: images that wait at the same time are scored together; one that comes alone does not wait for company."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from xray_platform.serving.http.champion import Served
from xray_platform.serving.model_input import ModelInput
from xray_platform.serving.prediction import Prediction


@dataclass(frozen=True)
class _Waiting:
    """An image that waits to be scored by a model."""

    served: Served
    made: ModelInput
    heatmap: bool
    done: "asyncio.Future[Prediction]" = field(compare=False)


class Batches:
    """One thread that scores what waits, at most `most` together. `run` it as a task."""

    def __init__(self, most: int, heard: Callable[[int], object] = lambda _: None) -> None:
        self._most, self._heard = most, heard
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="scoring")

    async def score(self, served: Served, made: ModelInput, *, heatmap: bool) -> Prediction:
        """Return the model's prediction for an image, once its turn has come."""
        done: asyncio.Future[Prediction] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Waiting(served, made, heatmap, done))
        return await done

    async def run(self) -> None:
        """Score what comes, for ever."""
        while True:
            waiting = [await self._queue.get()]
            while len(waiting) < self._most and not self._queue.empty():
                waiting.append(self._queue.get_nowait())
            for batch in _alike([one for one in waiting if not one.done.cancelled()]):
                await self._score(batch)

    async def _score(self, batch: list[_Waiting]) -> None:
        self._heard(len(batch))
        first, inputs = batch[0], [one.made for one in batch]
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(
                self._thread, lambda: first.served.predictor.predict_inputs(inputs, heatmap=first.heatmap)
            )
        except Exception as error:  # noqa: BLE001 - whatever a model raises belongs to who asked; the server goes on
            for one in batch:
                if not one.done.done():
                    one.done.set_exception(error)
            return
        for one, prediction in zip(batch, found, strict=True):
            if not one.done.done():
                one.done.set_result(prediction)


def _alike(waiting: list[_Waiting]) -> list[list[_Waiting]]:
    """Put together what the same model scores in the same way."""
    groups: dict[tuple[int, bool], list[_Waiting]] = {}
    for one in waiting:
        groups.setdefault((id(one.served), one.heatmap), []).append(one)
    return list(groups.values())
