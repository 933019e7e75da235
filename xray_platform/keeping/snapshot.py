"""Snapshot: what a backup holds of a store at one time: each file by path, with the digest of its bytes.

A backup is a folder: `objects/ab/cd/<sha256>` are bytes, whatever file they are of, and `snapshots/<time>.json` says
which of them make a store. The same bytes lie there once, however many snapshots name them.
"""

import hashlib
import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xray_platform.atomic import atomic_write
from xray_platform.errors import InputError, StoreError
from xray_platform.tables.owner_only import FILE_MODE, make_folder

FORMAT = 1
FORGOTTEN = "forgotten.json"
OBJECTS, SNAPSHOTS = "objects", "snapshots"


class KeptFile(BaseModel):
    """A file of a store: digest and length of its bytes, its time of change, and what its owner and others may do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(ge=0)
    modified_ns: int
    mode: int


class Snapshot(BaseModel):
    """A store at one time; `key` is the id of the pseudonym key, which is not in the backup."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    made_at: str
    key: str
    with_derived: bool
    files: dict[str, KeptFile]


def object_path(backup: Path, sha256: str) -> Path:
    """Return where the bytes of this digest lie in a backup."""
    return backup / OBJECTS / sha256[:2] / sha256[2:4] / sha256


def snapshot_names(backup: Path) -> list[str]:
    """Return the names of the snapshots of a backup, the oldest first."""
    return sorted(path.stem for path in (backup / SNAPSHOTS).glob("[!.]*.json"))


def write_snapshot(backup: Path, snapshot: Snapshot) -> str:
    """Write a snapshot, durable and as a whole, and return its name. Raises StoreError."""
    name = snapshot.made_at.replace(":", "").replace("-", "").replace(".", "")
    text = snapshot.model_dump_json(indent=0)
    said = json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest(), "snapshot": text})
    make_folder(backup / SNAPSHOTS, backup)
    atomic_write(backup / SNAPSHOTS / f"{name}.json", said, mode=FILE_MODE, durable=True)
    return name


def read_snapshot(backup: Path, name: str | None = None) -> Snapshot:
    """Return a snapshot, the newest if none is named.

    Raises InputError where there is none, StoreError where it is damaged or of another version.
    """
    names = snapshot_names(backup)
    if not names or (name is not None and name not in names):
        known = ", ".join(names) or "none; a backup that was cut off has none yet, `xray backup` goes on with it"
        raise InputError(f"{backup} holds no snapshot {name or ''}; there are: {known}")
    path = backup / SNAPSHOTS / f"{name or names[-1]}.json"
    try:
        said = json.loads(path.read_bytes())
        text = str(said["snapshot"])
        if hashlib.sha256(text.encode()).hexdigest() == said["sha256"]:
            snapshot = Snapshot.model_validate_json(text)
            if snapshot.format == FORMAT and all(_is_below(file) for file in snapshot.files):
                return snapshot
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise StoreError(
            f"{path} is damaged or cannot be read; use an earlier snapshot ({', '.join(names)})"
        ) from error
    raise StoreError(f"{path} is damaged or of another version; use an earlier snapshot ({', '.join(names)})")


def _is_below(file: str) -> bool:
    """Say whether a path stays within the store that it is of."""
    return not Path(file).is_absolute() and ".." not in Path(file).parts and file != ""
