"""Planted faults: a file lost, cut off, with a flipped bit that leaves size and time alone, or edited by hand."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from xray_platform.tables.manifest import read_manifest
from xray_platform.tables.places import Places

MODEL = "pca_residual"
SHA256_DIGITS = 64
Change = Callable[[Path], None]


@dataclass(frozen=True)
class Planted:
    """One fault: the file that was changed, in which way, and whether `xray run` can make the file anew."""

    kind: str
    path: Path
    change: Change
    outside: bool = False


def lose(path: Path) -> None:
    """Remove a file."""
    path.unlink()


def cut_off(path: Path) -> None:
    """Take the last nine bytes away."""
    path.write_bytes(path.read_bytes()[:-9])


def flip_bit(path: Path) -> None:
    """Flip a bit in the middle as a failing disk does: neither size nor time tells."""
    status, data = path.stat(), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
    path.chmod(status.st_mode)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def edit_threshold(path: Path) -> None:
    """Move every number of a JSON file that is called a threshold."""

    def moved(value: object) -> object:
        if isinstance(value, dict):
            return {k: v * 1.5 if k == "threshold" and isinstance(v, float) else moved(v) for k, v in value.items()}
        return [moved(each) for each in value] if isinstance(value, list) else value

    text = json.dumps(moved(json.loads(path.read_text())))
    path.write_text(text)


def faults_to_plant(places: Places) -> Iterator[Planted]:
    """Yield faults of each kind in each zone: in the first batch, in the record of the second, and in the model."""
    first = "batch-0001"

    def one(pattern: str, number: int = 0) -> Path:
        return sorted(places.data.glob(pattern))[number]

    published = [places.data / name for name in sorted(read_manifest(places, f"processed/{first}").files)]
    published = [path for path in published if path.suffix == ".dcm"]
    yield Planted("published image lost", published[0], lose)
    yield Planted("published image cut off", published[1], cut_off)
    yield Planted("bit of a published image", published[2], flip_bit)
    yield Planted("bit of a shard of standard images", one(f"standard/{first}/*.zarr.zip"), flip_bit)
    yield Planted("settings of standard images lost", one(f"standard/{first}/settings.json"), lose)
    yield Planted("shard of tensors lost", one(f"tensors/*/{first}.zarr/c/*/0/0", 0), lose)
    yield Planted("bit of a shard of tensors", one(f"tensors/*/{first}.zarr/c/*/0/0", 1), flip_bit)
    yield Planted("shard of tensors cut off", one(f"tensors/*/{first}.zarr/c/*/0/0", 2), cut_off)
    yield Planted("bit of a table", one(f"tables/images/{first}.parquet"), flip_bit)
    yield Planted("table lost", one(f"tables/quality/{first}.parquet"), lose)
    yield Planted("bit of the splits", one("tables/splits/all.parquet"), flip_bit)
    yield Planted("table of the raw zone cut off", one(f"raw/tables/catalogue/{first}.parquet"), cut_off)
    yield Planted("bit of a record", one("manifests/standard/batch-0002.json"), flip_bit)
    yield Planted("bit of a model's arrays", one(f"models/{MODEL}/*/model/arrays.npz"), flip_bit)
    yield Planted("threshold of an evaluation edited", one(f"models/{MODEL}/*/evaluation.json"), edit_threshold)
    yield Planted("report cut off", one(f"reports/{MODEL}/*/report.html"), cut_off)
    yield Planted("image of a report lost", one(f"reports/{MODEL}/*/images/*.png"), lose)
    yield Planted("bit of a raw file", _raw_file(places), flip_bit, outside=True)
    yield Planted("line of the journal", one("raw/journal.jsonl"), flip_bit, outside=True)
    yield Planted("plan of a batch", one(f"raw/plans/{first}.json"), flip_bit, outside=True)


def _raw_file(places: Places) -> Path:
    """Return the first file of the raw archive; they are named by their SHA-256."""
    return next(path for path in sorted(places.data.glob("raw/*/*/*")) if len(path.name) == SHA256_DIGITS)
