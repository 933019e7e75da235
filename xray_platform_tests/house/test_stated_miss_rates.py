"""What the guide promises of burned-in text is what the newest record says."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_ROW = re.compile(r"^\| ([^|]+) \| ([\d,]+) \| ([\d.]+) % \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def guide() -> str:
    return (ROOT / "docs/guides/hospital_rules.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def figures() -> dict[str, float | int | str]:
    newest: dict[str, float | int | str] = json.loads((ROOT / "docs/results/text.json").read_text())[0]["figures"]
    return newest


def test_each_stated_share_is_the_recorded_one(guide: str, figures: dict[str, float | int | str]) -> None:
    rows = _ROW.findall(guide)
    assert len(rows) >= 6
    for name, count, share in rows:
        assert int(count.replace(",", "")) == figures[f"{name}: lines"], name
        assert share == f"{100 * float(figures[f'{name}: hidden or held back, share']):.1f}", name
