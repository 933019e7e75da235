"""Lots: hand files to killable children in lots, and a lot whose child was lost once more, file by file."""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from xray_platform.progress import Progress, silent
from xray_platform.workers import Limits, Lost, map_in_children

Item = TypeVar("Item")
Result = TypeVar("Result")
LOT_ITEMS = 32
LOT_BYTES = 2 * 1024**2


class _EachOf(Generic[Item, Result]):
    """A function over a lot of items, which can be handed to a child by name."""

    def __init__(self, function: Callable[[Item], Result]) -> None:
        self.function = function

    def __call__(self, lot: Sequence[Item]) -> list[Result]:
        return [self.function(item) for item in lot]


def map_in_lots(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    sizes: Sequence[int],
    *,
    what: str,
    limits: Limits,
    progress: Progress = silent,
) -> Iterator[Result | Lost]:
    """Yield `function(item)` for each item, in order, computed in killable children.

    `sizes` are the items' sizes in bytes: small ones travel together, for the way to a child costs more than they do;
    large ones travel alone. The items of a lot that was lost are tried once more each on its own, so that one bad
    file costs nobody else. The limits hold for a lot as for a file.
    """
    lots = list(_lots(items, sizes))
    results = map_in_children(_EachOf(function), lots, what=what, limits=limits)
    done = 0
    for lot, result in zip(lots, results, strict=True):
        if not isinstance(result, Lost):
            yield from result
        elif len(lot) == 1:
            yield result
        else:
            yield from map_in_children(function, lot, what=what, limits=limits)
        done += len(lot)
        progress(done, len(items), what)


def _lots(items: Sequence[Item], sizes: Sequence[int]) -> Iterator[list[Item]]:
    lot: list[Item] = []
    size = 0
    for item, item_size in zip(items, sizes, strict=True):
        if lot and (len(lot) == LOT_ITEMS or size + item_size > LOT_BYTES):
            yield lot
            lot, size = [], 0
        lot.append(item)
        size += item_size
    if lot:
        yield lot
