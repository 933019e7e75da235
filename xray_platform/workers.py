"""Workers: run a function over items in child processes that can be limited and killed."""

import multiprocessing
import os
import resource
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from xray_platform.progress import Progress, silent

GIB = 1024**3
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Limits:
    """What one child may use: wall-clock seconds an item, and bytes of address space (None: no limit)."""

    seconds: float = 120.0
    memory_bytes: int | None = 8 * GIB


@dataclass(frozen=True)
class Lost:
    """An item that produced no result, and why: `reason` is one of `timeout`, `killed`, `error`."""

    reason: str
    detail: str


def cores() -> int:
    """Return how many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map_in_children(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    what: str,
    workers: int | None = None,
    limits: Limits = Limits(),
    progress: Progress = silent,
) -> Iterator[Result | Lost]:
    """Yield `function(item)` for each item, in order, computed in single-threaded child processes.

    An item that runs too long, eats too much memory or kills its process yields a `Lost`; the others go on.
    `function` must be importable by name (no lambda) and `items` are pickled to the children.
    """
    todo = list(items)
    context = multiprocessing.get_context("forkserver")
    with ProcessPool(
        max_workers=min(workers or cores(), max(len(todo), 1)),
        max_tasks=500,
        initializer=_calm_down,
        initargs=(limits.memory_bytes,),
        context=context,
    ) as pool:
        futures = [pool.schedule(function, args=(item,), timeout=limits.seconds) for item in todo]
        for done, future in enumerate(futures, start=1):
            yield _result_or_loss(future)
            progress(done, len(todo), what)


def _result_or_loss(future: ProcessFuture[Any]) -> Any:
    try:
        return future.result()
    except FutureTimeout:
        return Lost("timeout", "took longer than its limit of seconds")
    except ProcessExpired as expired:
        return Lost("killed", f"its process died with exit code {expired.exitcode}")
    except MemoryError:
        return Lost("killed", "needed more memory than its limit")
    except Exception as error:  # noqa: BLE001 - a bad item must not stop the batch; its text may quote the input
        return Lost("error", type(error).__name__)


def _calm_down(memory_bytes: int | None) -> None:
    """Give the child one thread for each numerical library, and its memory limit."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    if memory_bytes is not None:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
