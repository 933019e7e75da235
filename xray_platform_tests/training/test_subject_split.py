"""Subject split: no subject is in both parts, and which part follows from the name alone."""

from pathlib import Path

import pandas as pd
import pytest

from xray_platform.errors import InputError
from xray_platform.training.subject_split import split_by_subject


def listed(folder: Path, column: str = "patient_id") -> None:
    (folder / "images").mkdir()
    rows = [(f"{number}.png", f"p{number // 3}") for number in range(60)]
    for file, _ in rows:
        (folder / "images" / file).touch()
    pd.DataFrame(rows, columns=["file", column]).to_csv(folder / "labels.csv", index=False)


def test_a_subject_is_on_one_side(tmp_path: Path) -> None:
    listed(tmp_path)
    both = split_by_subject(tmp_path)
    subjects = [{int(file.stem) // 3 for file in half} for half in (both.train, both.held_out)]
    assert not subjects[0] & subjects[1]
    assert len(both.train) + len(both.held_out) == 60
    assert min(len(both.train), len(both.held_out)) > 6
    assert both == split_by_subject(tmp_path)


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"neither manifest\.csv nor labels\.csv"):
        split_by_subject(tmp_path)
    listed(tmp_path, "who")
    with pytest.raises(InputError, match="one of subject, patient"):
        split_by_subject(tmp_path)
    pd.DataFrame([("x.png", 1)], columns=["file", "subject"]).to_csv(tmp_path / "labels.csv", index=False)
    with pytest.raises(InputError, match=r"x\.png, which is not there"):
        split_by_subject(tmp_path)
