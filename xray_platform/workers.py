"""Workers: run a function over items in child processes that can be limited and killed."""

import logging
import multiprocessing
import os
import resource
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from multiprocessing.context import ForkServerContext
from multiprocessing.forkserver import ensure_running
from multiprocessing.synchronize import Semaphore
from multiprocessing.util import Finalize
from typing import Generic, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from xray_platform.progress import Progress, silent

GIB = 1024**3
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# A child keeps the memory of one picture for the next: to fetch pages anew took a third of the time of large pictures.
KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * 1024**2),
    "MALLOC_TRIM_THRESHOLD_": str(256 * 1024**2),
    "MALLOC_TOP_PAD_": str(16 * 1024**2),
}
PRELOADED = ("__main__", "cv2", "numpy", "pandas", "pyarrow.parquet", "pydantic", "pydicom", "scipy.ndimage", "zarr")
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
    `function` must be importable by name (no lambda) and `items` are pickled to the children. Relative paths mean there
    what they mean here.
    """
    todo = list(items)
    if not todo:
        return
    pool, folder = _pool(workers or cores(), limits.memory_bytes), _current_folder()
    futures = [pool.schedule(_call, args=(folder, function, item), timeout=limits.seconds) for item in todo]
    try:
        for done, future in enumerate(futures, start=1):
            yield result_or_lost(future)
            progress(done, len(todo), what)
    finally:
        for future in futures:
            # what nobody waits for any more; done ones do not mind
            future.cancel()  # type: ignore[no-untyped-call]


def _current_folder() -> str | None:
    with suppress(FileNotFoundError):  # somebody has removed it
        return os.getcwd()  # noqa: PTH109 - as text, for chdir
    return None


def _call(folder: str | None, function: Callable[[Item], Result], item: Item) -> Result:
    """Do one item in the current folder of whoever asks; a child outlives many changes of it."""
    if folder is not None:
        os.chdir(folder)
    return function(item)


@dataclass(frozen=True)
class _WorkerPool:
    """A pool of children, and a semaphore that each of them raises once it works."""

    pool: ProcessPool
    started: Semaphore
    workers: int

    def stop(self) -> None:
        """End the children; one that is still starting would complain that its pool is gone, so wait for it."""
        for _ in range(self.workers if self.pool.active else 0):
            self.started.acquire(timeout=10)
        self.pool.stop()  # type: ignore[no-untyped-call]
        self.pool.join()


_POOLS: dict[tuple[int, int | None], _WorkerPool] = {}


def _pool(workers: int, memory_bytes: int | None) -> ProcessPool:
    """Return the children of this kind; they stay until the process ends: to start takes longer than most work."""
    kind = (workers, memory_bytes)
    if kind not in _POOLS or not _POOLS[kind].pool.active:
        context = _context()
        started = context.Semaphore(0)
        pool = ProcessPool(
            max_workers=workers,
            max_tasks=500,
            initializer=_prepare_child,
            initargs=(memory_bytes, started),
            context=context,
        )
        _POOLS[kind] = _WorkerPool(pool, started, workers)
        _at_exit()
    return _POOLS[kind].pool


@cache
def _at_exit() -> Finalize:
    """End all children when this process ends, be it the command itself or a child that a server made for a run.

    The functions of `atexit` are not called in processes that multiprocessing has made: such a one would wait for its
    pool for ever.
    """
    return Finalize(None, _stop_pools, exitpriority=100)


def _stop_pools() -> None:
    while _POOLS:
        _POOLS.popitem()[1].stop()


class Children(Generic[Item, Result]):
    """Children of one's own that stay and do one kind of work, for a server that is handed items one by one.

    Each calls `prepare` before its first item, so that none has to be waited for while it imports and opens what it
    needs; that is so for one that takes the place of a killed one, too. `memory_bytes` is a child's address space.
    """

    def __init__(
        self,
        function: Callable[[Item], Result],
        *,
        workers: int,
        limits: Limits,
        prepare: Callable[[], object] | None = None,
    ) -> None:
        context = _context()
        started = context.Semaphore(0)
        self._function, self._limits = function, limits
        pool = ProcessPool(
            max_workers=workers,
            initializer=_prepare_and_begin,
            initargs=(limits.memory_bytes, prepare, started),
            context=context,
        )
        self._pool = _WorkerPool(pool, started, workers)
        self._end = Finalize(self, self._pool.stop, exitpriority=100)

    def submit(self, item: Item) -> "ProcessFuture[Result]":
        """Hand over an item; `result_or_lost` says what became of it."""
        future: ProcessFuture[Result] = self._pool.pool.schedule(
            self._function, args=(item,), timeout=self._limits.seconds
        )
        return future

    def start(self, seconds: float = 120) -> bool:
        """Start all children and wait until they can work; say whether they can."""
        self._pool.pool.schedule(_nothing)  # the first item starts all of them
        ready = [self._pool.started.acquire(timeout=seconds) for _ in range(self._pool.workers)]
        for _ in filter(None, ready):
            self._pool.started.release()  # whoever stops the children waits for it again
        return all(ready)

    def stop(self) -> None:
        """End the children; items that they have not done are lost."""
        self._end()


def _nothing() -> None:
    """Do nothing, in a child that is to be started."""


def _prepare_and_begin(memory_bytes: int | None, prepare: Callable[[], object] | None, started: Semaphore) -> None:
    _limit_child(memory_bytes)
    if prepare is not None:
        prepare()
    started.release()


def start_ahead(modules: Sequence[str] = PRELOADED) -> None:
    """Start the process that children are forked from: it imports `modules` while this one does something else.

    Without effect where it was started already.
    """
    _context(tuple(modules))


@cache
def _context(modules: tuple[str, ...] = PRELOADED) -> ForkServerContext:
    """Return the way children are made: forked, in milliseconds, from one process that has imported the libraries.

    That process is started once, with one thread for each library, since a forked child must not inherit threads, and
    with the C library told to keep freed memory (glibc reads that when a process starts; others do not heed it).
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(modules))
    environment = dict.fromkeys(THREADS, "1") | KEEP_MEMORY
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        ensure_running()
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    return context


def result_or_lost(future: ProcessFuture[Result]) -> Result | Lost:
    """Wait for what became of an item that was handed to a child."""
    try:
        result: Result = future.result()
    except FutureTimeout:
        return Lost("timeout", "took longer than its limit of seconds")
    except ProcessExpired as expired:
        return Lost("killed", f"its process died with exit code {expired.exitcode}")
    except MemoryError:
        return Lost("killed", "needed more memory than its limit")
    except Exception as error:  # noqa: BLE001 - a bad item must not stop the batch; its text may quote the input
        return Lost("error", type(error).__name__)
    return result


def _prepare_child(memory_bytes: int | None, started: Semaphore) -> None:
    _limit_child(memory_bytes)
    started.release()


def _limit_child(memory_bytes: int | None) -> None:
    """Give the child one thread for each numerical library, and its memory limit, and let it say nothing.

    What libraries warn of quotes the file, and what a child writes may end in a log outside of the raw zone.
    """
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    # a lock that a library makes (numcodecs does) then leaves no name in the system behind when the child is ended
    multiprocessing.set_start_method("fork", force=True)
    os.environ.update(dict.fromkeys(THREADS, "1"))
    if memory_bytes is not None:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
