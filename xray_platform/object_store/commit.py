"""Commit: which files make a store in object storage: each by path, with the digest of its bytes.

One object, `manifest.json.gz`, is the store as it is now. Bytes are objects named by their SHA-256; those of the raw
zone lie below `raw/`, all others below `objects/`, so that a bucket's own rules can say who may read identity.
"""

import gzip
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import NamedTuple

from xray_platform.errors import StoreError
from xray_platform.object_store.bucket import Bucket
from xray_platform.tables.layouts import STANDARD_SHARD

FORMAT = 1
KEY = "manifest.json.gz"
RAW_ZONE = "data/raw/"
PREFIXES = ("objects/", "raw/")


class StoredFile(NamedTuple):
    """A file of a store: SHA-256 and length of its bytes, its mode, and its time of change in ns since 1970."""

    sha256: str
    size: int
    mode: int
    modified_ns: int


@dataclass(frozen=True)
class Commit:
    """A store at one time, and who made it so; `number` counts the commits.

    `alone` counts those of commands, which nobody may have worked beside: forgetting somebody is one.
    """

    files: Mapping[str, StoredFile] = field(default_factory=dict)
    number: int = 0
    by: str = ""
    at: str = ""
    alone: int = 0

    def next(self, files: Mapping[str, StoredFile], *, alone: bool = False) -> "Commit":
        """Return the commit after this one, made by this process, now."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        return Commit(files, self.number + 1, writer(), at, self.alone + alone)


def writer() -> str:
    """Name this process for people who wonder who else is at work."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def key_of(path: str, sha256: str) -> str:
    """Return under which key the bytes of a file lie."""
    return f"{PREFIXES[path.startswith(RAW_ZONE)]}{sha256[:2]}/{sha256}"


def is_raw_bytes(path: str) -> bool:
    """Say whether a path is of a raw file, `data/raw/ab/cd/<sha256>`, which never changes."""
    parts = path.split("/")
    return len(parts) == 5 and path.startswith(RAW_ZONE) and len(parts[4]) == 64 and parts[4][:2] == parts[2]


def on_demand(path: str) -> str:
    """Return with what a file comes to a machine that does not need the whole store: itself, or its batch's folder.

    Empty: it comes at once. On demand come the many bytes: pictures, and arrays of them.
    """
    zone, *below = path.removeprefix("data/").split("/")
    if zone == "processed" and len(below) == 3:  # subject, study, picture
        return path
    if zone == "standard" and len(below) == 2 and below[1].endswith(STANDARD_SHARD):
        return f"data/standard/{below[0]}"
    return f"data/tensors/{below[0]}/{below[1]}" if zone == "tensors" and len(below) > 2 else ""


def pack(commit: Commit) -> bytes:
    """Return a commit as it is stored."""
    said = {"format": FORMAT, "number": commit.number, "by": commit.by, "at": commit.at, "alone": commit.alone}
    files = {path: list(file) for path, file in sorted(commit.files.items())}
    return gzip.compress(json.dumps({**said, "files": files}, separators=(",", ":")).encode(), 1, mtime=0)


def unpack(data: bytes, where: str) -> Commit:
    """Return a stored commit. Raises StoreError where it is damaged, of another version, or names what is outside."""
    try:
        said = json.loads(gzip.decompress(data))
        if said["format"] == FORMAT:
            files = {str(path): StoredFile(*file) for path, file in said["files"].items()}
            if all(_is_below(path) for path in files):
                alone = int(said.get("alone", 0))  # earlier versions did not count
                return Commit(files, int(said["number"]), str(said["by"]), str(said["at"]), alone)
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{where}: the manifest {KEY} is damaged; bring back an earlier version of it") from error
    raise StoreError(f"{where}: the manifest {KEY} is of another version of xray-platform, or not of a store")


def read_commit(bucket: Bucket) -> tuple[Commit, str | None]:
    """Return the store as it is now and the tag of its manifest; an empty one and None before the first commit."""
    found = bucket.get(KEY)
    return (unpack(found[0], bucket.url), found[1]) if found else (Commit(), None)


def write_commit(bucket: Bucket, commit: Commit, tag: str | None) -> str | None:
    """Make a commit the store as it is, in place of the one with this tag; None where another was faster."""
    return bucket.replace(KEY, pack(commit), tag)


def _is_below(path: str) -> bool:
    """Say whether a path stays within the store that it is of."""
    return bool(path) and not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts
