"""Published weights: checkpoints of torchvision's networks, fetched once, held to their digest, and kept.

They lie where torch keeps what it fetches (`$TORCH_HOME/hub/checkpoints`), under torchvision's names, which end in the
first digits of the file's SHA-256. Behind a proxy or offline the file is put there by hand.
"""

import hashlib
import os
import re
import urllib.request
from http.client import HTTPException
from pathlib import Path

import torch

from xray_platform.atomic import atomic_path
from xray_platform.errors import InputError

BASE_VARIABLE = "XRAY_WEIGHTS_URL"
"""Environment variable that names another place to fetch from, such as a mirror in a hospital's network."""
BASE = "https://download.pytorch.org/models"
PATIENCE = 30  # seconds without a byte
LARGEST = 2 * 2**30  # bytes
AT_ONCE = 2**20
NAME = re.compile(r"[\w.-]+-(?P<digest>[0-9a-f]{8,64})\.pth")


def published_weights(name: str) -> Path:
    """Return the file of a checkpoint that is published under this name, such as `resnet18-f37072fd.pth`.

    Raises InputError where it is neither there nor can be fetched, or is not what its name says.
    """
    found = NAME.fullmatch(name)
    if found is None:
        raise InputError(f"{name!r} is no name of published weights: NAME-DIGEST.pth")
    file = Path(torch.hub.get_dir()) / "checkpoints" / name
    if not file.is_file():
        _fetch(f"{os.environ.get(BASE_VARIABLE) or BASE}/{name}", file, found["digest"])
    if not _digest(file).startswith(found["digest"]):
        raise InputError(f"{file} is not what its name says: its SHA-256 begins otherwise; remove it")
    return file


def _fetch(url: str, file: Path, digest: str) -> None:
    if not url.startswith(("https://", "http://")):
        raise InputError(f"{BASE_VARIABLE} must begin with https:// or http://; it gives {url}")
    by_hand = f"put a copy of it there by hand as {file}, or name a mirror in {BASE_VARIABLE}"
    with atomic_path(file) as temporary:
        try:
            found = _downloaded(url, temporary)
        except (OSError, HTTPException) as error:
            raise InputError(f"published weights cannot be fetched from {url}: {error}; {by_hand}") from error
        if not found.startswith(digest):
            raise InputError(f"{url} gave other bytes than its name says; {by_hand}")


def _downloaded(url: str, target: Path) -> str:
    """Write what an address gives into a file, and return its SHA-256."""
    found = hashlib.sha256()
    with urllib.request.urlopen(url, timeout=PATIENCE) as source, target.open("wb") as stream:  # noqa: S310 - see the caller
        while part := source.read(AT_ONCE):
            found.update(part)
            stream.write(part)
            if stream.tell() > LARGEST:
                raise OSError(f"it is larger than {LARGEST // 2**30} GB")
    return found.hexdigest()


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
