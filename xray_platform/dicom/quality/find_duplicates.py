"""Find duplicates: compare the files of a batch with one another and with all that was examined before it.

Exact ones are looked up in an index of the table LIKENESS, those that look alike are found by one matrix product with
the hashes of all earlier pictures: no earlier part of the table is read.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock

from xray_platform.dicom.quality.duplicates import (
    KnownFile,
    SeenFiles,
    differs,
    exact_duplicates,
    near_duplicate,
    near_duplicates,
    seen_files,
)
from xray_platform.dicom.quality.perceptual_hash import BYTES, alike_bits, as_bytes
from xray_platform.dicom.quality.rule import QualityFinding
from xray_platform.tables.all import LIKENESS
from xray_platform.tables.owner_only import FILE_MODE
from xray_platform.tables.part_index import OpenIndex, PartIndex
from xray_platform.tables.places import Places

NAMES = tuple(KnownFile.__dataclass_fields__)
KEYS = ("instance", "pixel_sha256", "person")
ORDER = "order"
PACKED = np.dtype([("place", "<u4"), ("hash", "u1", BYTES)])
Found = list[list[QualityFinding]]


def _packed(frame: pd.DataFrame) -> bytes:
    """Return the place and the perceptual hash of each row that has one, to be compared with all others."""
    hashed = frame["looks"].notna().to_numpy().nonzero()[0]
    packed = np.empty(len(hashed), PACKED)
    packed["place"] = hashed
    packed["hash"] = as_bytes([str(looks) for looks in frame["looks"].iloc[hashed]])
    return packed.tobytes()


INDEX = PartIndex(LIKENESS, (*NAMES, ORDER), KEYS, _packed)


def find_duplicates(places: Places, batch: str, hashes: Sequence[str], files: Sequence[KnownFile]) -> Found:
    """Return what each file is a duplicate of, and write the batch's part of the table LIKENESS.

    Raises StoreError where an earlier part is damaged; a later one may be, and waits for its turn to be made anew.
    """
    found: Found = [[] for _ in files]
    with FileLock(places.raw / ".locks" / "likeness.lock", mode=FILE_MODE):
        with INDEX.opened(places, must=lambda part: part < batch) as index:
            order, earlier = _order(index.first_values(ORDER), batch)
            _exact(index, earlier, files, found)
            _near(index, earlier, files, found)
        seen = SeenFiles()
        for place, file in enumerate(files):
            found[place] += exact_duplicates(file, seen)
            seen.add(file)
        for place, near in near_duplicates(files, files):
            found[place].append(near)
        rows = [
            {**vars(file), "sha256": sha256, "batch": batch, ORDER: order}
            for sha256, file in zip(hashes, files, strict=True)
        ]
        LIKENESS.write(places, LIKENESS.frame(rows), batch)
    return found


def _order(orders: Mapping[str, int | None], batch: str) -> tuple[int, frozenset[str]]:
    """Return the batch's place in the order of examination, and the parts that were examined before it.

    It is the place that it had, or the first that nobody has; so a batch whose part of the table was lost finds its
    place again.
    """
    taken = set(orders.values())
    order = orders.get(batch) or next(place for place in count(1) if place not in taken)
    earlier = (part for part, place in orders.items() if part != batch and place is not None and place < order)
    return order, frozenset(earlier)


def _exact(index: OpenIndex, earlier: frozenset[str], files: Sequence[KnownFile], found: Found) -> None:
    """Look up whoever shares a key with a file; of those in one part that share it the first is named."""
    same: defaultdict[str, dict[int, KnownFile]] = defaultdict(dict)
    for key in KEYS:
        wanted = {value for file in files if (value := getattr(file, key))}
        for part, place, row in index.matching(key, wanted):
            if part in earlier:
                same[part][place] = _as_known(row)
    for part in sorted(same):
        seen = seen_files(file for _, file in sorted(same[part].items()))
        for place, file in enumerate(files):
            found[place] += exact_duplicates(file, seen)


def _near(index: OpenIndex, earlier: frozenset[str], files: Sequence[KnownFile], found: Found) -> None:
    """Find who looks nearly like a file; of those in one part that do the first is named."""
    hashed = [place for place, file in enumerate(files) if file.looks]
    parts = [(part, np.frombuffer(packed, PACKED)) for part, packed in index.packed().items() if part in earlier]
    if not hashed or not parts:
        return
    numbers = np.repeat(np.arange(len(parts)), [len(rows) for _, rows in parts])
    together = np.concatenate([rows for _, rows in parts])
    told = set[tuple[int, str]]()
    for one, other in alike_bits(as_bytes([str(files[place].looks) for place in hashed]), together["hash"]):
        place, part = hashed[one], parts[int(numbers[other])][0]
        if (place, part) in told:
            continue
        before = _as_known(index.row(part, int(together["place"][other])))
        if differs(files[place], before):
            told.add((place, part))
            found[place].append(near_duplicate(before.image))


def _as_known(row: Mapping[str, Any]) -> KnownFile:
    return KnownFile(**{name: row[name] for name in NAMES})
