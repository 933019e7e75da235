"""What docs/library.md and the guide to a detector show runs as it stands."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xray_platform_tests.detectors.chests import chests, with_blob
from xray_platform_tests.house.reference import ROOT


def run(page: str) -> dict[str, Any]:
    """Run the Python blocks of a page as one script, and return its names."""
    names: dict[str, Any] = {"__name__": "shown"}
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    for found in re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        above = text[: found.start(1)].count("\n")
        exec(compile("\n" * above + found[1], page, "exec"), names)  # noqa: S102 - our own page
    return names


def test_the_rooms_work_without_dagster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = run("library.md")
    assert names["examined"].decision == "accept"
    assert names["published"].data[128:132] == b"DICM"
    assert names["images"].shape == (24, 64, 64)
    assert 0 < names["abnormal"].sum() < 24
    assert np.array_equal(names["again"].score(names["images"]), names["scores"])
    assert names["prediction"].score == pytest.approx(names["scores"][0], rel=1e-3)
    assert names["restored"].changed


def test_the_detector_of_the_guide_keeps_the_contract(tmp_path: Path) -> None:
    kind = run("guides/own_detector.md")["kind"]
    normal = chests(20, seed=1)
    detector = kind.fit(normal, kind.settings())
    detector.save(tmp_path)
    again = kind.load(tmp_path)
    scores = again.score(np.concatenate([normal, with_blob(normal)]))
    assert np.array_equal(scores[:20], detector.score(normal))
    assert scores[20:].mean() > scores[:20].mean()
    assert again.describe()[0].startswith("mean_distance: ")
