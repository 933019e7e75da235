"""Faults are planted as they happen, so that noticing them means something."""

import json
from pathlib import Path

from xray_platform.bench.planted_faults import edit_threshold, flip_bit


def test_a_flipped_bit_changes_one_byte_and_neither_size_nor_time_tells(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(100)))
    path.chmod(0o400)
    before = path.stat()
    flip_bit(path)
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_mode) == (before.st_size, before.st_mtime_ns, before.st_mode)
    assert [old for old, new in zip(bytes(range(100)), path.read_bytes(), strict=True) if old != new] == [50]


def test_an_edited_threshold_is_another_and_all_else_is_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.json"
    path.write_text(json.dumps({"threshold": 2.0, "parts": [{"auroc": 0.9, "threshold": 4.0}]}))
    edit_threshold(path)
    assert json.loads(path.read_text()) == {"threshold": 3.0, "parts": [{"auroc": 0.9, "threshold": 6.0}]}
