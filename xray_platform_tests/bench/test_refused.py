"""What is refused of sound images is counted by image and by rule."""

from pathlib import Path

from xray_platform.bench.contract import Inputs
from xray_platform.bench.intake_files import write_archive
from xray_platform.bench.refused import measure
from xray_platform.progress import silent


def test_each_image_is_published_or_refused_by_a_rule(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    write_archive(folder, 4, 140)
    (folder / "note.txt").write_text("no image")
    name = f"{tmp_path.name}/archive"
    figures = measure(silent, Inputs(tmp_path, (folder,)))
    assert figures[f"{name}: published"] == 4
    assert figures[f"{name}: refused"] == 1
    assert figures[f"{name}: refused, share"] == 0.2
    assert {key: value for key, value in figures.items() if "refused by" in key} == {f"{name}: refused by Q002": 1}
