"""OpenVINO's core: one for the process, which all graphs are compiled by.

With each core of its own OpenVINO gives the thread another stack for signals, and takes it back when the last graph of
that core goes. Where two cores go in the order in which they came, the thread is left with a stack that was given back,
and the next signal (a child that ended, Ctrl-C) ends the process (seen with 2026.4.1).
"""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openvino import Core


@cache
def core() -> "Core":
    """Return the process's core; it stays as long as the process."""
    from openvino import Core  # a third of a second to import

    return Core()
