"""Ingest: the whole intake against hashing, copying and renaming the same files, and decoding against plain pydicom.

Besides, how the intake grows with processes, and its memory with files.
"""

import hashlib
import shutil
import tempfile
from pathlib import Path

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.bench.decoding import decoding
from xray_platform.bench.intake import take_archive_in
from xray_platform.bench.intake_files import write_archive
from xray_platform.bench.intake_memory import memory
from xray_platform.bench.intake_processes import processes
from xray_platform.bench.timing import timed
from xray_platform.dicom.quality.examine import QualitySettings
from xray_platform.progress import Progress
from xray_platform.tables.places import Places
from xray_platform.workers import cores

ARCHIVES = {"8 MB": (60, 2048), "64 kB": (2000, 180)}  # files, and pixels a side
ROUNDS = 3
FLOOR = "floor, sha256 + copy + rename"


def measure(progress: Progress, _: Inputs) -> Figures:
    """Take in phantoms by turns with the floor, three rounds, the best of each; then decode, then watch the memory."""
    figures: dict[str, float | int | str] = {"processor cores": cores()}
    with tempfile.TemporaryDirectory(prefix="xray-bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        for done, (size, (count, side)) in enumerate(ARCHIVES.items()):
            total = write_archive(folder / size, count, side)
            figures |= {f"{size}: {key}": value for key, value in _rates(folder, size, count, total).items()}
            progress(done + 1, len(ARCHIVES) + 3, "intake")
        figures |= processes(folder)
        progress(len(ARCHIVES) + 1, len(ARCHIVES) + 3, "processes")
        figures |= decoding()
        progress(len(ARCHIVES) + 2, len(ARCHIVES) + 3, "decoding")
        figures |= memory(folder)
        progress(len(ARCHIVES) + 3, len(ARCHIVES) + 3, "memory")
    return figures


def _rates(folder: Path, size: str, count: int, total: int) -> dict[str, float]:
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for stage, seconds in _round(folder, folder / size).items():
            best[stage] = min(best.get(stage, seconds), seconds)
    rates = {f"{stage}, files_per_s": count / seconds for stage, seconds in best.items()}
    whole, headers = best["whole intake, every rule"], best["whole intake, header rules"]
    return rates | {
        "floor, mb_per_s": total / best[FLOOR] / 1e6,
        "whole intake, header rules, files_per_s_and_core": count / headers / cores(),
        "whole intake, header rules, against the floor, ratio": best[FLOOR] / headers,
        "whole intake, every rule, against the floor, ratio": best[FLOOR] / whole,
    }


def _round(folder: Path, source: Path) -> dict[str, float]:
    """Return the seconds of each stage, every one of which works on a fresh store."""
    _, floor = timed(_hash_copy_rename, source, folder / "floor")
    seconds = {FLOOR: floor}
    for rules, settings in (("header rules", QualitySettings(pixels=False)), ("every rule", QualitySettings())):
        stages = take_archive_in(Places(folder / "store"), source, settings)
        seconds[f"whole intake, {rules}"] = sum(stages.values())
        seconds |= {
            "stored": stages["stored"],
            "published": stages["published"],
            f"examined, {rules}": stages["examined"],
        }
        shutil.rmtree(folder / "store")
    shutil.rmtree(folder / "floor")
    return seconds


def _hash_copy_rename(source: Path, target: Path) -> None:
    target.mkdir()
    for number, file in enumerate(sorted(source.iterdir())):
        data = file.read_bytes()
        waiting = target / str(number)
        waiting.write_bytes(data)
        waiting.rename(target / hashlib.sha256(data).hexdigest())


INGEST = Benchmark(
    "ingest",
    "taking files in against hashing and copying them, decoding against pydicom, memory against number",
    measure,
)
