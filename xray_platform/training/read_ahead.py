"""Read ahead: what is wanted next is read and decoded on threads of its own while the present one is worked on."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import TypeVar

DEFAULT_NUM_WORKERS = 1
THREAD_NAMES = "read-ahead"
Wanted = TypeVar("Wanted")
Read = TypeVar("Read")


def read_ahead(
    read: Callable[[Wanted], Read],
    wanted: Iterable[Wanted],
    num_workers: int = DEFAULT_NUM_WORKERS,
    waited: Callable[[float], object] = lambda _: None,
) -> Iterator[Read]:
    """Yield `read(each)` of what is wanted, in its order, with as many of the next ones in hand as there are threads.

    With 0 `num_workers` each is read when its turn comes, in the thread that asks. `waited` is told the seconds for
    which each had to be waited for.
    """
    if num_workers == 0:
        for each in wanted:
            yield _timed(partial(read, each), waited)
        return
    todo = iter(wanted)
    with ThreadPoolExecutor(num_workers, thread_name_prefix=THREAD_NAMES) as pool:
        coming: deque[Future[Read]] = deque(pool.submit(read, each) for each in islice(todo, num_workers))
        while coming:
            found = _timed(coming.popleft().result, waited)
            coming.extend(pool.submit(read, each) for each in islice(todo, 1))
            yield found


def _timed(work: Callable[[], Read], waited: Callable[[float], object]) -> Read:
    began = time.monotonic()
    found = work()
    waited(time.monotonic() - began)
    return found
