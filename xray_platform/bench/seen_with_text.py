"""Seen with text: which pictures of public sets bear writing of two signs and more, as somebody saw.

Only what a detector proposed was looked at; writing that none proposed is not listed.
"""

import csv
from hashlib import sha256
from pathlib import Path

LIST = Path(__file__).parent / "seen_with_text.csv"


def seen_with_text(folder: str) -> frozenset[str]:
    """Return digests of the pictures of a set, by the name of its folder, that bear writing; none of an unknown one."""
    with LIST.open(encoding="utf-8", newline="") as file:
        return frozenset(row["digest"] for row in csv.DictReader(file) if row["folder"] == folder)


def digest_of(data: bytes) -> str:
    """Return what the list knows a file by: the first 16 hexadecimal digits of its SHA-256."""
    return sha256(data).hexdigest()[:16]
