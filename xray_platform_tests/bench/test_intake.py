"""Intake: the platform's own, of files that are all published."""

from pathlib import Path

from xray_platform.bench.intake import take_archive_in
from xray_platform.bench.intake_files import write_archive
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.tables.all import IMAGES, QUALITY
from xray_platform.tables.places import Places


def test_every_file_is_another_one_and_gets_published(tmp_path: Path) -> None:
    assert write_archive(tmp_path / "files", 6, 160) > 6 * 160 * 160 * 2
    stages = take_archive_in(Places(tmp_path / "store"), tmp_path / "files", QualitySettings())
    assert set(stages) == {"stored", "examined", "published"}
    assert all(seconds > 0 for seconds in stages.values())
    assert len(IMAGES.read(Places(tmp_path / "store"))) == 6


def test_without_pixels_the_header_rules_speak_alone(tmp_path: Path) -> None:
    write_archive(tmp_path / "files", 2, 100)
    take_archive_in(Places(tmp_path / "store"), tmp_path / "files", QualitySettings(pixels=False))
    assert not set(QUALITY.read(Places(tmp_path / "store"))["rule"]) & {"Q063", "Q049", "Q066", "Q067"}
