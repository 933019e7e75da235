"""What a store published is taken in by another one without complaint."""

import shutil
from pathlib import Path

import pytest

from xray_platform.tables.all import IMAGES
from xray_platform.tables.places import Places
from xray_platform_tests.cli.conftest import command
from xray_platform_tests.defs.conftest import Story


def test_published_pictures_come_in_and_the_logs_beside_them_do_not_disturb(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XRAY_ROOT", str(story.places.root))  # the command names another; afterwards it is this again
    published = tmp_path / "published"
    shutil.copytree(story.places.rejected, published / "rejected")
    assert list((published / "rejected").glob("*.txt"))
    pictures = list(IMAGES.read(story.places)["file"])[:2]
    for name in pictures:
        (published / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(story.places.processed / name, published / name)
    (published / "rejected" / "notes.txt").write_text("what somebody left there")
    ran = command(tmp_path / "other", "ingest", published)
    assert ran.code == 0, ran.err
    assert "batch-0001: 2 accepted, 1 rejected, 3 stored" in ran.out, "the logs are no files; what else lies there is"
    assert "rejected/notes.txt" in ran.out
    assert "2 of them were de-identified by this platform before" in ran.err
    assert len(IMAGES.read(Places(tmp_path / "other"))) == 2
