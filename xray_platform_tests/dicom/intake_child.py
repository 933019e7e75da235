"""An intake in a process of its own, which can be told to kill itself at the n-th of its dangerous moments.

Run as `python -m xray_platform_tests.dicom.intake_child ROOT SOURCE [MOMENT]`.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xray_platform.dicom.intake import hash_copy, journal, raw_store
from xray_platform.dicom.intake.batch_plan import batch_names, plan_batches, read_plan
from xray_platform.tables.all import CATALOGUE
from xray_platform.tables.places import Places

raw_store.GROUP_FILES = 4


def main(root: Path, source: Path, moment: int) -> None:
    places = Places(root)
    if moment:
        _arm(moment)
    plan_batches(places, source, batch_size=12)
    for batch in batch_names(places):
        CATALOGUE.write(places, raw_store.take_in(places, read_plan(places, batch)), batch)
    sys.stdout.write(str(_count))


_count = 0


def _arm(moment: int) -> None:
    """Kill this process before, and after, the n-th write, rename, sync or line of the journal."""

    def deadly(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            _tick(moment)
            result = function(*args, **kwargs)
            _tick(moment)
            return result

        return call

    hash_copy._write = deadly(hash_copy._write)
    raw_store._make_durable = deadly(raw_store._make_durable)
    journal._mend_tail = deadly(journal._mend_tail)
    os.pwrite = deadly(os.pwrite)
    Path.replace = deadly(Path.replace)  # type: ignore[method-assign]
    Path.mkdir = deadly(Path.mkdir)  # type: ignore[method-assign]


def _tick(moment: int) -> None:
    global _count  # noqa: PLW0603
    _count += 1
    if _count == moment:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0)
