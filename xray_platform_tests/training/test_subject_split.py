"""Halves: no subject is on both sides, and which side follows from the name alone."""

from pathlib import Path

import pandas as pd
import pytest

from xray_platform.errors import InputError
from xray_platform.training.subject_split import halves


def listed(folder: Path, column: str = "patient_id") -> None:
    (folder / "images").mkdir()
    rows = [(f"{number}.png", f"p{number // 3}") for number in range(60)]
    for file, _ in rows:
        (folder / "images" / file).touch()
    pd.DataFrame(rows, columns=["file", column]).to_csv(folder / "labels.csv", index=False)


def test_a_subject_is_on_one_side(tmp_path: Path) -> None:
    listed(tmp_path)
    both = halves(tmp_path)
    subjects = [{int(file.stem) // 3 for file in half} for half in (both.learn, both.judge)]
    assert not subjects[0] & subjects[1]
    assert len(both.learn) + len(both.judge) == 60
    assert min(len(both.learn), len(both.judge)) > 6
    assert both == halves(tmp_path)


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"neither manifest\.csv nor labels\.csv"):
        halves(tmp_path)
    listed(tmp_path, "who")
    with pytest.raises(InputError, match="one of subject, patient"):
        halves(tmp_path)
    pd.DataFrame([("x.png", 1)], columns=["file", "subject"]).to_csv(tmp_path / "labels.csv", index=False)
    with pytest.raises(InputError, match=r"x\.png, which is not there"):
        halves(tmp_path)
