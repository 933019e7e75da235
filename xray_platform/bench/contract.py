"""Contract of a benchmark: a name, a sentence, and a function that measures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from xray_platform.progress import Progress

Figures = Mapping[str, float | int | str]
CELL = " | "
"""Between row and column in the name of a figure that is a cell of a table, e.g. `resnet at 224 px | auroc`."""


@dataclass(frozen=True)
class Inputs:
    """What is measured on: the store's root, folders of data where it asks for them, and which parts only."""

    root: Path
    data: tuple[Path, ...] = ()
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class Benchmark:
    """One line of the table of benchmarks. The names of figures end in their unit (`_per_s`, `_ratio`, `_mb`, …).

    `needs` says what the folders of data must hold; it is empty where none are needed. `parts` are
    the names of what can be measured alone.
    """

    name: str
    description: str
    measure: Callable[[Progress, Inputs], Figures]
    needs: str = ""
    parts: tuple[str, ...] = ()
