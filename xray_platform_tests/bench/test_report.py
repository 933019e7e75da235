"""The benchmark of the report: a report is made, and its times are there."""

from pathlib import Path

import pytest

from xray_platform.bench import report
from xray_platform.bench.contract import Inputs
from xray_platform.progress import silent


def test_the_times_of_a_small_report_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "SCORES", 600)
    monkeypatch.setattr(report, "RESAMPLES", 50)
    figures = report.measure_report(silent, Inputs(tmp_path))
    assert float(figures["report of 600 scores, s_of_processor"]) > 0
    parts = [float(value) for name, value in figures.items() if name.startswith("of it")]
    assert sum(parts) == pytest.approx(float(figures["report of 600 scores, s_of_processor"]), rel=1e-6)
    assert 0.1 < float(figures["page, mb"]) < 20
    assert [name for name in figures if name.startswith("50 resamples of 600 scores")]
