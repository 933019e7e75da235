"""Store work: a piece of work on a store that its assets or sensors do, wherever the store lies."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from xray_platform.defs.instance import remembers_elsewhere
from xray_platform.object_store.at_work import PATIENCE_SECONDS, at_work
from xray_platform.object_store.cache import url_of

T = TypeVar("T")


def work_on(root: Path, work: Callable[[], T], *, patience: float = PATIENCE_SECONDS) -> T:
    """Work on a store as `at_work` does, beside others where neither Dagster's nor MLflow's memory lies in it.

    Of a store in a plain folder nothing is asked.
    """
    beside = url_of(root) is not None and remembers_elsewhere(root)
    return at_work(root, work, beside=beside, patience=patience)
