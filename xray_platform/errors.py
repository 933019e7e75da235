"""Errors: what can go wrong that a user can mend, as one small family.

XrayError
├── InputError      what was handed in is not usable (a folder, a labels file, a picture, an option)
├── DataError       the data do not allow what was asked (one class only, no normals, no such model)
├── StoreError      the store cannot be read or written (full disk, damaged file, foreign version)
└── MachineError    the machine does not allow it (a port in use, a missing program)

Each message says what was found and what is allowed. A bad picture is no error: it becomes a row with a reason.
"""


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
