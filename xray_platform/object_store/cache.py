"""Cache: where on this machine the working copies of stores in object storage lie, for their owner alone."""

import hashlib
import json
import os
import stat
from pathlib import Path

from xray_platform.errors import MachineError
from xray_platform.object_store.bucket import is_url

VARIABLE = "XRAY_CACHE"
ORIGIN, FOLDER = "origin.json", "store"


def cache_root() -> Path:
    """Return the folder of all working copies: $XRAY_CACHE, else the user's cache folder."""
    if given := os.environ.get(VARIABLE):
        return Path(given).expanduser().resolve()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").expanduser().resolve() / "xray-platform"


def home_of(url: str) -> Path:
    """Return the folder of the working copy of a store, made where there is none, for its owner alone.

    Raises MachineError where it cannot be made, or others than its owner may look into it.
    """
    home = cache_root() / hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:16]
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        home.mkdir(mode=0o700, exist_ok=True)
        (home / FOLDER).mkdir(mode=0o700, exist_ok=True)
        (home / ORIGIN).write_text(json.dumps({"url": url.rstrip("/")}), encoding="utf-8")
        status = home.stat()
    except OSError as error:
        raise MachineError(f"cannot write to {home}: {error.strerror}; give another folder with {VARIABLE}") from error
    if stat.S_IMODE(status.st_mode) & 0o077 or status.st_uid != os.geteuid():
        raise MachineError(
            f"others may look into {home}; it must be yours with mode 0700, or name another by {VARIABLE}"
        )
    return home


def url_of(root: Path) -> str | None:
    """Return the store that a folder is the working copy of; None of a store that is a folder itself."""
    origin = root.parent / ORIGIN
    if root.name != FOLDER or not origin.is_file():
        return None
    try:
        url = str(json.loads(origin.read_text(encoding="utf-8"))["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return url if is_url(url) else None


def shown(root: Path) -> str:
    """Return how people know a store: its URL, or its folder."""
    return url_of(root) or str(root)
