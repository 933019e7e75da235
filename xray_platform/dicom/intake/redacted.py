"""Redacted: a line of the journal of which nothing is left but its hash, so that the chain and its length still hold.

What was said of a forgotten person's file is overwritten in place, by a line of the same length that holds the hash of
the one before, its own former hash and the tombstone that it belongs to, under a seal that only the store's key makes.
"""

import json
from hashlib import sha256

from xray_platform.dicom.intake.seal import Sealer
from xray_platform.errors import StoreError

_BEGINS = b'{"forgotten":'
_SERIES = ""  # a redacted line is true in every series: `xray verify --accept` begins a new one


def is_redacted(line: bytes) -> bool:
    """Say whether a line claims to stand for one that was forgotten; its seal says whether that is so."""
    return line.startswith(_BEGINS)


def line_hash(line: bytes) -> str:
    """Return the SHA-256 of a line without its end, of a redacted one that of the line which it stands for."""
    if is_redacted(line):
        try:
            return str(json.loads(line)["was"])
        except (ValueError, KeyError, TypeError):
            pass  # whoever wrote this had no key; its own hash breaks the chain
    return sha256(line.removesuffix(b"\n")).hexdigest()


def redacted(line: bytes, tombstone: str, sealer: Sealer) -> bytes:
    """Return what stands for a line of the journal from now on, as long as it was.

    Raises StoreError where the line is shorter than that.
    """
    said = {"forgotten": tombstone, "prev": json.loads(line)["prev"], "was": line_hash(line)}
    text = json.dumps(said, separators=(",", ":")).encode()
    made = Sealer(sealer.key, _SERIES).sealed("forgotten", text)
    if len(made) >= len(line):
        raise StoreError("a line of the journal is too short to be redacted; it is not one of this platform")
    return made.ljust(len(line) - 1) + b"\n"


def seal_fits(sealer: Sealer, line: bytes) -> bool:
    """Say whether a line of the journal, redacted or not, carries the seal that it must."""
    if is_redacted(line):
        return Sealer(sealer.key, _SERIES).fits("forgotten", line)
    return sealer.fits("journal", line)
