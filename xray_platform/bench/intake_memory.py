"""Intake memory: the most memory that a process takes for archives of 1,000 and of 20,000 files.

Run as `python -m xray_platform.bench.intake_memory STORE SOURCE` it takes an archive in and prints the most MiB that
it had, itself and the largest of its children.
"""

import resource
import subprocess
import sys
from pathlib import Path

from xray_platform.bench.intake import take_archive_in
from xray_platform.bench.intake_files import made_files
from xray_platform.dicom.quality.examine import QualitySettings
from xray_platform.tables.places import Places

FEW, MANY, SIDE = 1000, 20_000, 128


def memory(folder: Path) -> dict[str, float | int | str]:
    """Return the most memory, in MiB, for few and for many files of 33 kB."""
    source, most = folder / "files", {}
    source.mkdir()
    data = list(made_files(FEW, SIDE))
    for number in range(MANY):
        # another name in the same length of bytes makes another file
        (source / f"{number:06d}.dcm").write_bytes(data[number % FEW] + f"{number:08d}".encode())
        if number + 1 in (FEW, MANY):
            most[number + 1] = _most(folder / f"store-{number}", source)
    figures: dict[str, float | int | str] = {f"memory, {count} files, mb": most[count] for count in (FEW, MANY)}
    return figures | {"memory, 20,000 files against 1,000, ratio": most[MANY] / most[FEW]}


def _most(store: Path, source: Path) -> float:
    command = [sys.executable, "-m", "xray_platform.bench.intake_memory", str(store), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def main(store: Path, source: Path) -> None:
    """Take an archive in with every rule and say how much memory that took."""
    take_archive_in(Places(store), source, QualitySettings())
    both = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    sys.stdout.write(f"{max(both) / 1024:.0f}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
