"""Scale store: a store of a million pictures as the platform leaves it, in minutes: tables, plans, journal and records.

Every part is written by the platform's own writers in batches of 1,000; what stands in the tables is made up, column by
column. Raw files hold a few bytes each, so that their SHA-256 is their own. Of pixels there are those that a page
shows: the standard images of the batches that a contact sheet draws from, all of them a few phantoms.
"""

import hashlib
import heapq
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import event
from sqlalchemy.engine import Engine

from xray_platform.bench.grown_store import LONG_AGO, OWN_TABLES, Remembered, any_value, record, record_run
from xray_platform.defs.data_report_results import SAMPLE
from xray_platform.defs.local_runner import LocalRunner
from xray_platform.defs.partitions import BATCHES
from xray_platform.dicom.deidentify.publish import PUBLISHED, publishing_part
from xray_platform.dicom.intake.batch_plan import PlannedFile, plan_files
from xray_platform.dicom.intake.index import open_index
from xray_platform.dicom.intake.journal import JournalEntry, append, journal_lock
from xray_platform.dicom.intake.plan_index import said_before
from xray_platform.dicom.intake.raw_store import raw_path
from xray_platform.dicom.quality.find_duplicates import INDEX
from xray_platform.dicom.standard.standard_shard import standard_shards
from xray_platform.dicom.standard.zarr_chunk import one_chunk
from xray_platform.imaging.store.tensors import rows_part
from xray_platform.phantoms.render import render
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom
from xray_platform.progress import Progress
from xray_platform.tables import all as tables
from xray_platform.tables.layouts import STANDARD_IMAGES_LAYOUT, standard_checksum, standard_folder, standard_manifest
from xray_platform.tables.manifest import Manifest, below, facts_of, keep, noted
from xray_platform.tables.owner_only import make_folder
from xray_platform.tables.places import Places
from xray_platform.tables.table import Table

A_BATCH = 1000
PLANNED_AT_ONCE = 10  # batches: whoever writes plans looks at the names of all of them once
WARNED = 0.05  # share of the pictures of which a rule speaks
ABNORMAL = 0.4
DEVICES, VIEWS, SEXES = ("Aster", "Borealis", "Corona", "Delta"), ("PA", "AP"), ("M", "F")
PHANTOMS, SIDE = 8, 64
"""How many different pictures the shown ones are, and their side in pixels."""
AXES = 32
"""Numbers of an embedding."""
RUN = "5ca1e" + "0" * 27
"""The MLflow run that the predictions are said to come from."""
Columns = Mapping[str, Any]


def grow_to(store: LocalRunner, pictures: int, recipes: Mapping[str, str], progress: Progress) -> None:
    """Fill a new store with so many pictures, a multiple of 1,000; `recipes` are the ids by asset of the tensors."""
    batches = pictures // A_BATCH
    with _unguarded():
        last, rng = Remembered(store.instance), np.random.default_rng(pictures)
        drawn = _Drawn()
        for first in range(0, batches, PLANNED_AT_ONCE):
            numbers = range(first, min(first + PLANNED_AT_ONCE, batches))
            files = [file for number in numbers for file in _files(number)]
            names = [plan.batch for plan in plan_files(store.places, store.places.inbox, "archive", files)]
            store.instance.add_dynamic_partitions(str(BATCHES.name), names)
            for place, batch in enumerate(names):
                columns = _taken_in(store.places, batch, files[place * A_BATCH : (place + 1) * A_BATCH])
                _written(store, last, batch, {**columns, **_seen(batch, rng)}, recipes)
                drawn.add(batch, columns["image"])
                progress(first + place + 1, batches, "batches grown")
        for batch, names in sorted(drawn.batches().items()):
            _standard_images(store.places, batch, names)
        _indexed(store.places)


@contextmanager
def _unguarded() -> Iterator[None]:
    """Let Dagster's SQLite not wait for the disk meanwhile: a store that is half grown is grown anew."""

    def connected(connection: Any, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous = OFF")

    event.listen(Engine, "connect", connected)
    try:
        yield
    finally:
        event.remove(Engine, "connect", connected)


def _files(number: int) -> list[PlannedFile]:
    """Return the files of a delivery with their labels, two of each patient."""
    made = []
    for place in range(A_BATCH):
        subject = number * A_BATCH + place // 2
        abnormal = hashlib.sha256(f"truth {subject}".encode()).digest()[0] < ABNORMAL * 256
        relative = f"{number:04d}/{place:04d}.dcm"
        made.append(
            PlannedFile(
                path=f"/archive/{relative}",
                relative=relative,
                size_bytes=len(_bytes(relative)),
                modified_ns=LONG_AGO * 10**9,
                subject_id=f"patient {subject}",
                label="pneumonia" if abnormal else "normal",
                abnormal=abnormal,
            )
        )
    return made


def _bytes(relative: str) -> bytes:
    return f"raw bytes of {relative}".encode()


def _taken_in(places: Places, batch: str, files: Sequence[PlannedFile]) -> Columns:
    """Put files into the raw store and write them down, as an intake does; return the columns that follow from it."""
    entries = []
    for file in files:
        content = _bytes(file.relative)
        digest = hashlib.sha256(content).hexdigest()
        path = raw_path(places, digest)
        try:
            path.write_bytes(content)
        except FileNotFoundError:
            make_folder(path.parent, path.parents[2])
            path.write_bytes(content)
        entries.append(
            JournalEntry(batch, file.source, file.relative, digest, file.size_bytes, file.modified_ns, "stored")
        )
    with journal_lock(places), open_index(places) as index:
        index.catch_up()
        index.note(entries, append(places, entries))
    digests = [str(entry.sha256) for entry in entries]
    subjects = [hashlib.sha256(str(file.subject_id).encode()).hexdigest() for file in files]
    return {
        **{name: [getattr(entry, name) for entry in entries] for name in vars(entries[0])},
        "sha256": digests,
        "image": [digest[:16] for digest in digests],
        "subject": [f"sub-{subject[:16]}" for subject in subjects],
        "study": [f"stu-{digest[:16]}" for digest in digests],
        "person": subjects,
        **{
            name: [hashlib.sha256(f"{name} {digest}".encode()).hexdigest() for digest in digests]
            for name in ("instance", "pixel_sha256", "file_sha256")
        },
    }


def _seen(batch: str, rng: np.random.Generator) -> Columns:
    """Return what would be known of the pictures of a batch by looking at them."""
    return {
        "looks": [rng.bytes(32).hex() for _ in range(A_BATCH)],
        "order": [int(batch[6:])] * A_BATCH,
        "rule": ["Q000"] * A_BATCH,
        "severity": ["pass"] * A_BATCH,
        "rows": rng.integers(1800, 2500, A_BATCH),
        "columns": rng.integers(1800, 2500, A_BATCH),
        "bits_stored": [12] * A_BATCH,
        "manufacturer": rng.choice(DEVICES, A_BATCH),
        "view_position": rng.choice(VIEWS, A_BATCH),
        "sex": rng.choice(SEXES, A_BATCH),
        "age_years": rng.integers(18, 91, A_BATCH).astype(float),
        "spacing_mm": [0.143] * A_BATCH,
        "origin": ["archive"] * A_BATCH,
        "window_low": [0.0] * A_BATCH,
        "window_high": [4095.0] * A_BATCH,
        **{name: rng.beta(8, 8, A_BATCH) for name in ("grey_mean", "grey_deviation", "frame_mean", "sharpness")},
        "row": list(range(A_BATCH)),
        "side": [32] * A_BATCH,
        "done": [["decoded", "turned upright"]] * A_BATCH,
        "model": ["attention_cnn"] * A_BATCH,
        "run": [RUN] * A_BATCH,
        "score": rng.normal(size=A_BATCH),
        "probability": rng.random(A_BATCH),
        "verdict": rng.choice(["normal", "abnormal"], A_BATCH),
        "distance": rng.random(A_BATCH),
        "embedding": list(rng.normal(size=(A_BATCH, AXES)).astype(np.float32)),
    }


def _written(store: LocalRunner, last: Remembered, batch: str, columns: Columns, recipes: Mapping[str, str]) -> None:
    """Write the parts of a batch and let Dagster remember that every asset of it was made and passed its checks."""
    places = store.places
    tables.LIKENESS.write(places, _frame(tables.LIKENESS, columns), batch)
    for key in (key for key in store.graph.specs if store.graph.partitioned(key)):
        name = key.to_user_string()
        with noted() as kept:
            if name in OWN_TABLES:
                OWN_TABLES[name].write(places, _frame(OWN_TABLES[name], columns), batch)
                if name == "quality":
                    _warnings(places, batch, columns)
                if name == "predictions":
                    tables.EMBEDDINGS.write(places, _frame(tables.EMBEDDINGS, columns), batch)
            else:
                rows = _frame(tables.TENSORS, {**columns, "recipe": [recipes[name]] * A_BATCH})
                tables.TENSORS.write(places, rows, rows_part(batch, recipes[name]))
        record(store, last, key, batch, kept)
    record_run(store.instance, batch)


def _frame(table: Table, columns: Columns) -> pd.DataFrame:
    """Return a part: what is known of its columns, and something of the right kind for the rest."""
    return pd.DataFrame(
        {column.name: columns.get(column.name, [any_value(column)] * A_BATCH) for column in table.columns}
    )


def _warnings(places: Places, batch: str, columns: Columns) -> None:
    """Add the rows of quality that publishing adds: here warnings of a twentieth of the pictures."""
    some = _frame(tables.QUALITY, {**columns, "rule": ["Q031"] * A_BATCH, "severity": ["warn"] * A_BATCH})
    tables.QUALITY.write(places, some.iloc[:: round(1 / WARNED)], publishing_part(batch))


class _Drawn:
    """The pictures that the page about the data draws from all: those whose names have the smallest digests."""

    def __init__(self) -> None:
        self._least: list[tuple[bytes, str]] = []
        self._images: dict[str, list[str]] = {}

    def add(self, batch: str, images: list[str]) -> None:
        """Look at the pictures of a batch; only the batches of the smallest digests are remembered."""
        self._images[batch] = images
        found = [*self._least, *((hashlib.sha256(image.encode()).digest(), batch) for image in images)]
        self._least = heapq.nsmallest(SAMPLE, found)
        wanted = {name for _, name in self._least}
        self._images = {name: held for name, held in self._images.items() if name in wanted}

    def batches(self) -> Mapping[str, list[str]]:
        """Return the pictures of each batch that one is drawn from."""
        return self._images


def _standard_images(places: Places, batch: str, images: Sequence[str]) -> None:
    """Write the standard images of a batch, a few phantoms by turns."""
    packer, rng = one_chunk("uint16", dict(STANDARD_IMAGES_LAYOUT.codec)), np.random.default_rng(0)
    drawn = [render(sample_phantom(rng, PhantomSettings(side=SIDE))).pixels for _ in range(PHANTOMS)]
    packed = [packer.pack(pixels.astype("<u2")) for pixels in drawn]
    with standard_shards(standard_folder(places, batch), {}) as shards:
        for place, image in enumerate(images):
            shards.add(image, *packed[place % PHANTOMS])
    files = {below(places, path): facts_of(path, sha256=False) for path in shards.shards}
    rows = (standard_checksum(image, *packed[place % PHANTOMS]) for place, image in enumerate(images))
    keep(places, Manifest(standard_manifest(batch), files, tuple(rows)))


def _indexed(places: Places) -> None:
    """Bring the indexes up to date, as every intake leaves them."""
    said_before(places, ())
    for index in (INDEX, PUBLISHED):
        with index.opened(places):
            pass
