"""Result store: result objects kept in the raw zone, below the digest of the raw file that they are about."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset

from xray_platform.atomic import atomic_write
from xray_platform.errors import StoreError
from xray_platform.serving.pacs.results import KINDS
from xray_platform.tables.owner_only import FILE_MODE, make_folder
from xray_platform.tables.places import Places


def results_folder(places: Places, sha256: str, bundle: str) -> Path:
    """Return where the results of one bundle about one raw file lie."""
    return places.raw / "results" / sha256[:2] / sha256 / bundle[:16]


def has_results(places: Places, sha256: str, bundle: str) -> bool:
    """Say whether the results of one bundle about one raw file were made and kept."""
    folder = results_folder(places, sha256, bundle)
    return all((folder / f"{kind}.dcm").is_file() for kind in KINDS)


def keep_results(places: Places, sha256: str, bundle: str, made: Mapping[str, Dataset]) -> None:
    """Keep results, for their owner alone. Raises StoreError where the disk does not take them."""
    folder = results_folder(places, sha256, bundle)
    try:
        make_folder(folder, places.raw)
    except OSError as error:
        raise StoreError(f"cannot write {folder}: {error.strerror or error}") from error
    for kind in KINDS:
        buffer = BytesIO()
        made[kind].save_as(buffer, enforce_file_format=True)
        atomic_write(folder / f"{kind}.dcm", buffer.getvalue(), mode=FILE_MODE, durable=True)


def read_results(places: Places, sha256: str, bundle: str) -> list[Dataset]:
    """Return kept results. Raises StoreError where they are gone or damaged."""
    folder = results_folder(places, sha256, bundle)
    try:
        return [dcmread(folder / f"{kind}.dcm") for kind in KINDS]
    except Exception as error:
        raise StoreError(f"the results in {folder} cannot be read ({type(error).__name__}); remove them") from error
