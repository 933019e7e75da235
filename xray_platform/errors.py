"""Errors: what can go wrong that a user can mend, as one small family.

XrayError
├── InputError      what was handed in is not usable (a folder, a labels file, a picture, an option)
├── DataError       the data do not allow what was asked (one class only, no normals, no such model)
├── StoreError      the store cannot be read or written (full disk, damaged file, foreign version)
└── MachineError    the machine does not allow it (a port in use, a missing program)

Each message says what was found and what is allowed. A bad picture is no error: it becomes a row with a reason.
"""

import re


class XrayError(Exception):
    """Something that the user can mend; the command prints its text without a traceback."""


class InputError(XrayError):
    """What was handed in is not usable."""


class DataError(XrayError):
    """The data in the store do not allow what was asked."""


class StoreError(XrayError):
    """The store cannot be read or written."""


class MachineError(XrayError):
    """The machine does not allow it."""


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says; databases and Dagster go on with what no user reads."""
    return str(error).strip().partition("\n")[0]


def without_password(text: str) -> str:
    """Return a text in which addresses have no user and no password any more.

    >>> without_password("cannot reach postgresql://me:secret@host/db")
    'cannot reach postgresql://host/db'
    """
    return re.sub(r"(://)[^/@\s]*@", r"\1", text)
