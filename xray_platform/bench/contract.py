"""Contract of a benchmark: a name, a sentence, and a function that measures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xray_platform.progress import Progress

Figures = Mapping[str, float | int | str]


@dataclass(frozen=True)
class Benchmark:
    """One line of the table of benchmarks. The names of figures end in their unit (`_per_s`, `_ratio`, `_mb`, …)."""

    name: str
    description: str
    measure: Callable[[Progress], Figures]
