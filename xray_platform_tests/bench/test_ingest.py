"""The ingest benchmark: rates of the same files, decoders that agree, memory of a process of its own."""

import sys
from pathlib import Path

import numpy as np
import pytest

from xray_platform.bench import decoding, ingest, intake_memory, intake_processes
from xray_platform.bench.intake_files import made_files, write_archive
from xray_platform.errors import MachineError
from xray_platform.tables.all import IMAGES
from xray_platform.tables.places import Places


def test_floor_and_intake_are_rates_of_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "ROUNDS", 1)
    rates = ingest._rates(tmp_path, "files", 4, write_archive(tmp_path / "files", 4, 140))
    assert all(rate > 0 for rate in rates.values())
    ratio = rates["whole intake, every rule, against the floor, ratio"]
    floor, whole = (
        rates[f"{name}, files_per_s"] for name in ("floor, sha256 + copy + rename", "whole intake, every rule")
    )
    assert ratio == pytest.approx(whole / floor)


def test_both_decoders_read_what_was_written() -> None:
    data = next(made_files(1, 64))
    assert np.array_equal(decoding.ours(data), decoding.by_pydicom(data))


def test_memory_is_that_of_a_process_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_memory, "FEW", 2)
    monkeypatch.setattr(intake_memory, "MANY", 5)
    figures = intake_memory.memory(tmp_path)
    assert 50 < float(figures["memory, 5 files, mb"]) < 4000
    assert len(IMAGES.read(Places(tmp_path / "store-4"))) == 5


def test_each_number_of_processes_takes_all_files_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_processes, "PROCESSES", (1, 2))
    monkeypatch.setattr(intake_processes, "ARCHIVES", {"tiny": (6, 2, 140)})
    figures = intake_processes.processes(tmp_path)
    assert figures["tiny: processes of one core: 2, files_per_s"] > 0
    for many in (1, 2):
        places = Places(tmp_path / f"store tiny {many}")
        assert len(IMAGES.read(places)) == 6 + 2 * many, "each process has a batch to begin with"


def test_a_process_of_the_intake_that_ends_is_no_rate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_processes, "PROCESSES", (1,))
    monkeypatch.setattr(intake_processes, "ARCHIVES", {"tiny": (2, 1, 140)})
    monkeypatch.setattr(sys, "executable", "/bin/true")
    with pytest.raises(MachineError, match="ended"):
        intake_processes.processes(tmp_path)
