"""A store anywhere has the same Dagster instance as a checkout."""

from pathlib import Path

from xray_platform.defs.home import dagster_home
from xray_platform.tables.places import Places

ROOT = Path(__file__).resolve().parents[2]


def test_both_files_are_one_but_for_where_they_point(tmp_path: Path) -> None:
    ours = (ROOT / "dagster.yaml").read_text(encoding="utf-8")
    home = dagster_home(Places(tmp_path))
    assert home == tmp_path / "data" / ".dagster"
    assert (home / "dagster.yaml").read_text(encoding="utf-8") == ours.replace("data/.dagster", str(home))
    assert "enabled: true" in ours.split("freshness:")[1]


def test_a_file_in_the_root_is_the_one_that_holds(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    assert dagster_home(Places(tmp_path)) == tmp_path
