"""`xray report`: files without any label have a report before there is a model."""

import json
from pathlib import Path

from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform_tests.cli.conftest import Xray


def test_an_archive_without_labels_has_a_report(xray: Xray, tmp_path: Path) -> None:
    archive, store = tmp_path / "archive", tmp_path / "store"
    write_archive(archive, ArchiveSettings(pictures=4, side=256, broken=False), workers=1)
    (archive / "labels.csv").unlink()
    assert xray("ingest", archive).code == 0
    ran = xray("report")
    page = store / "data" / "reports" / "data" / "report.html"
    assert ran.code == 0
    assert str(page) in ran.out
    said = json.loads((page.parent / "metrics" / "data.json").read_text(encoding="utf-8"))
    assert said["composition"]["pictures"] == [4]
    assert said["labels"] == {}
    assert "No picture has a label." in page.read_text(encoding="utf-8")
    assert not (store / "data" / "models").exists()
    assert "Everything is up to date" in xray("report").err + xray("report").out


def test_a_store_without_images_says_so(xray: Xray) -> None:
    assert xray("report").code == 2
