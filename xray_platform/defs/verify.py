"""Verify: hold every zone of a store against what is recorded of it: raw bytes, published pictures, arrays, models."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from xray_platform.defs.integrity import manifests_of
from xray_platform.defs.local_runner import LocalRunner
from xray_platform.defs.materializations import LastMaterializations
from xray_platform.dicom.intake.history import RecordedHead
from xray_platform.dicom.intake.raw_store import lost_raw, raw_path
from xray_platform.dicom.intake.verify import history_differences
from xray_platform.dicom.intake.verify import verify as raw_differences
from xray_platform.object_store.objects import object_faults
from xray_platform.object_store.working_copy import WorkingCopy
from xray_platform.progress import Progress, silent
from xray_platform.tables.all import CATALOGUE
from xray_platform.tables.faults import ZONES, Fault, faults_of, files_of, is_gone, manifest_names, unknown_files
from xray_platform.tables.places import Places
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.registry import bundle_faults

RAW, RAW_TABLES, BUNDLES, OBJECTS = "raw", "raw tables", "bundles", "objects"
SUPERSEDED = "; it is of an earlier run, and nothing makes it anew: remove all of it, or keep it"


@dataclass(frozen=True)
class Zone:
    """What was found in one zone: how many files are recorded, their bytes, and what is wrong."""

    name: str
    files: int
    size_bytes: int
    faults: tuple[Fault, ...]


def verify_store(
    store: LocalRunner, *, deep: bool = False, recorded: Sequence[RecordedHead] = (), progress: Progress = silent
) -> list[Zone]:
    """Return what was found, zone by zone. Nothing is changed.

    Every recorded file must be there with its size; files that were written to since are read, and with `deep` every
    byte of all, the catalogue too. Records are held against those that Dagster knows, journal and plans against their
    signatures and the heads that were `recorded` elsewhere, bundles against MLflow's database.
    """
    places, noted = store.places, dict(_noted(store))
    names = [*dict.fromkeys([*manifest_names(places), *noted])]
    found: dict[str, list[Fault]] = defaultdict(list)
    for done, name in enumerate(names):
        found[_zone(name)] += _faults(places, name, noted.get(name), deep)
        progress(done + 1, len(names), "records compared")
    for fault in unknown_files(places):
        found[_zone(fault.where)].append(fault)
    found[RAW] += list(_raw(places, deep, recorded, progress))
    found[BUNDLES] += list(_bundles(places))
    return [
        _raw_zone(places, found[RAW]),
        *(_counted(places, zone, names, found[zone]) for zone in (RAW_TABLES, *ZONES)),
        Zone(BUNDLES, *_registered(places), tuple(found[BUNDLES])),
    ]


def verify_objects(places: Places, *, deep: bool = False, progress: Progress = silent) -> list[Zone]:
    """Return what was found of the objects of a store in object storage, as one zone; none of a store in a folder.

    With `deep` every object is read, and the raw files whose objects are sound are fetched, to be verified here.
    """
    copy = WorkingCopy.of(places.root)
    if copy is None:
        return []
    commit, faults = object_faults(copy.bucket, deep=deep, progress=progress)
    if deep:
        damaged = {f"data/{fault.where}" for fault in faults}
        copy.bring_raw([path for path in commit.files if path not in damaged], progress)
    return [Zone(OBJECTS, len(commit.files), sum(file.size for file in commit.files.values()), tuple(faults))]


def _noted(store: LocalRunner) -> Iterator[tuple[str, str]]:
    """Yield the manifests that the last materialisation of each asset kept, with their SHA-256."""
    batches, remembered = store.batches(), LastMaterializations(store.instance, together=True)
    for key in store.graph.specs:
        for partition in batches if store.graph.partitioned(key) else [None]:
            last = remembered.of(key, partition)
            noted: Mapping[str, str] = (manifests_of(last) if last is not None else None) or {}
            yield from noted.items()


def _faults(places: Places, name: str, digest: str | None, deep: bool) -> list[Fault]:
    if digest is None and is_gone(places, name):
        return []  # of an earlier run, and removed
    faults = faults_of(places, name, digest, deep=deep)
    return faults if digest else [Fault(fault.kind, fault.where, fault.what + SUPERSEDED) for fault in faults]


def _raw(places: Places, deep: bool, recorded: Sequence[RecordedHead], progress: Progress) -> Iterator[Fault]:
    if not deep:
        for sha256, reason in lost_raw(places).items():
            yield Fault("missing", raw_path(places, sha256).relative_to(places.data).as_posix(), reason)
    differences = raw_differences(places, progress, recorded) if deep else history_differences(places, recorded)
    for difference in differences:
        yield Fault(difference.kind, f"raw/{difference.where}", difference.what)


def _bundles(places: Places) -> Iterator[Fault]:
    """Yield the registered bundles that are not what MLflow's database vouches for."""
    if (places.mlruns / "mlflow.db").exists():
        for where, what in bundle_faults(open_tracking(places)):
            yield Fault("bundle", where, what)


def _registered(places: Places) -> tuple[int, int]:
    """Return how many files the bundles in MLflow's artifacts have, and their bytes."""
    files = [path for path in places.mlruns.glob("artifacts/models/**/*") if path.is_file()]
    return len(files), sum(path.stat().st_size for path in files)


def _raw_zone(places: Places, faults: list[Fault]) -> Zone:
    rows = [CATALOGUE.earlier(places, batch) for batch in CATALOGUE.parts(places)]
    stored = [frame[frame["intake"] == "stored"] for frame in rows]
    return Zone(RAW, sum(map(len, stored)), sum(int(frame["size_bytes"].sum()) for frame in stored), tuple(faults))


def _counted(places: Places, zone: str, names: list[str], faults: list[Fault]) -> Zone:
    files = {path: facts for name in names if _zone(name) == zone for path, facts in files_of(places, name).items()}
    return Zone(zone, len(files), sum(facts.size for facts in files.values()), tuple(faults))


def _zone(path: str) -> str:
    first = path.split("/", 1)[0]
    return RAW_TABLES if first == RAW else first
