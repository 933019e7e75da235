"""Damage: one fault of every kind planted in a store of 1,000 images; how many are noticed and mended, and what else.

What the platform made comes back by `xray run --deep`. What came from outside (a raw file, a line of the journal) is
put back from a copy before that, since nothing can make it anew.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.bench.planted_faults import MODEL, Planted, faults_to_plant
from xray_platform.bench.timing import timed
from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.errors import MachineError
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.progress import Progress
from xray_platform.tables.faults import manifest_names
from xray_platform.tables.manifest import read_manifest
from xray_platform.tables.places import Places

IMAGES = 1000
BATCHES = 5
SIDE = 256
SELECTED = f"group:archive,group:imaging,key:{MODEL},key:{MODEL}_scores,key:{MODEL}_report"
EARLIER = "of an earlier run"
ZONES = ("processed", "standard", "tensors", "tables", "models", "reports")


def measure(progress: Progress, _: Inputs) -> Figures:
    """Make a store, plant the faults, verify, run, verify again, and compare every file with what was there before."""
    with TemporaryDirectory(prefix="xray-damage-") as folder:
        places = Places(Path(folder) / "store")
        _make(Path(folder) / "archive", places)
        progress(1, 5, "store made")
        before, sound = _digests(places), _sound_files(places)
        whole = timed(lambda: _xray(places, "verify", "--deep"))[1]
        planted = list(faults_to_plant(places))
        copies = {each.path: each.path.read_bytes() for each in planted if each.outside}
        for each in planted:
            each.change(each.path)
        progress(2, 5, "faults planted")
        fast, seconds_fast = timed(lambda: _faults(places))
        deep, seconds_deep = timed(lambda: _faults(places, "--deep"))
        progress(3, 5, "verified")
        for path, data in copies.items():
            _put_back(path, data)
        seconds_run = timed(lambda: _xray(places, "run", "--deep", "--select", SELECTED))[1]
        progress(4, 5, "mended")
        left = _faults(places, "--deep")
        progress(5, 5, "verified again")
        figures = _compared(places, planted, sound, before, _digests(places))
    return {
        "note": f"{IMAGES} phantoms of {SIDE} px in {BATCHES} batches, seed 17; {MODEL} with scores and report",
        "faults planted": len(planted),
        "noticed by verify (presence, size, time)": _noticed(places, planted, fast),
        "noticed by verify --deep (every byte)": _noticed(places, planted, deep),
        "not noticed by verify --deep": ", ".join(_missed(places, planted, deep)) or "none",
        "faults told in sound batches": len(sound.intersection(deep)),
        "faults left after run --deep, of an earlier training": sum(
            "of an earlier run" in what for what in left.values()
        ),
        "other faults left after run --deep": sum("of an earlier run" not in what for what in left.values()),
        **figures,
        "verify --deep of the whole store, s": whole,
        "verify of the damaged store, s": seconds_fast,
        "verify --deep of the damaged store, s": seconds_deep,
        "run --deep that mends it, s": seconds_run,
    }


def _make(archive: Path, places: Places) -> None:
    write_archive(archive, ArchiveSettings(pictures=IMAGES, side=SIDE, seed=17, broken=False))
    plan_batches(places, archive, batch_size=IMAGES // BATCHES, origin="phantom")
    done = _xray(places, "run", "--select", SELECTED)
    if done.returncode:
        raise MachineError(f"the store could not be made: {done.stderr[-500:]}")


def _xray(places: Places, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "xray"), "--root", str(places.root), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _faults(places: Places, *words: str) -> dict[str, str]:
    """Return what `xray verify` tells of each place."""
    done = _xray(places, "verify", "--json", *words)
    if not done.stdout:
        raise MachineError(f"`xray verify` told nothing: {done.stderr[-500:]}")
    return {fault["where"]: fault["what"] for fault in json.loads(done.stdout)["faults"]}


def _noticed(places: Places, planted: list[Planted], faults: Mapping[str, str]) -> int:
    return len(planted) - len(list(_missed(places, planted, faults)))


def _missed(places: Places, planted: list[Planted], faults: Mapping[str, str]) -> Iterator[str]:
    """Yield the kinds of which no line speaks: neither of the file nor, where its record is broken, of its folder."""
    for each in planted:
        where = each.path.relative_to(places.data).as_posix()
        if not any(where == told or where.startswith(f"{told}/") for told in faults):
            yield each.kind


def _digests(places: Places) -> dict[str, tuple[str, int]]:
    """Return SHA-256 and time of change of every derived file, by its path."""
    files = (path for zone in ZONES for path in (places.data / zone).rglob("[!.]*") if path.is_file())
    return {
        path.relative_to(places.data).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
        )
        for path in files
    }


def _compared(
    places: Places,
    planted: list[Planted],
    sound: frozenset[str],
    before: Mapping[str, tuple[str, int]],
    after: Mapping[str, tuple[str, int]],
) -> dict[str, int]:
    """Count derived images, arrays and tables that came back byte for byte, and files of sound batches written anew."""
    made = [path for path in before if not path.startswith(("models", "reports"))]
    hit = {each.path.relative_to(places.data).as_posix() for each in planted}
    return {
        "images, arrays and tables": len(made),
        "of them damaged": len(hit.intersection(made)),
        "of them not byte for byte as before": sum(before[path][0] != after.get(path, ("", 0))[0] for path in made),
        "files of sound batches": len(sound),
        "of them written anew": sum(before.get(path) != after.get(path) for path in sound),
    }


def _sound_files(places: Places) -> frozenset[str]:
    """Return the published images, arrays and tables of the batches in which nothing was planted."""
    batches = [f"batch-{number:04d}" for number in range(3, BATCHES + 1)]
    records = (name for name in manifest_names(places) if any(batch in name for batch in batches))
    return frozenset(path for name in records for path in read_manifest(places, name).files)


def _put_back(path: Path, data: bytes) -> None:
    mode = path.stat().st_mode
    path.chmod(0o600)
    path.write_bytes(data)
    path.chmod(mode)


DAMAGE = Benchmark(
    "damage", "one fault of every kind in a store of 1,000: noticed, mended, nothing else touched", measure
)
