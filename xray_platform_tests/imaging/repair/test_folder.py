from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from xray_platform.errors import InputError, StoreError
from xray_platform.imaging.repair.before_after_sheet import before_after_sheet, folder_sheet
from xray_platform.imaging.repair.folder import restore_folder
from xray_platform.imaging.repair.picture_file import read_rgb, write_grey
from xray_platform_tests.imaging.repair.chest import chest, noisy, painted


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    cv2.imwrite(str(folder / "sound.png"), chest())
    cv2.imwrite(str(folder / "deep.png"), chest().astype(np.uint16) * 16)
    cv2.imwrite(str(folder / "painted.png"), noisy(painted(chest()), 20)[..., ::-1])
    (folder / "broken.jpg").write_bytes(b"\xff\xd8 no more of it")
    (folder / "empty.png").write_bytes(b"")
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden.png").write_bytes(b"x")
    return folder


def test_a_folder_gives_one_row_a_picture_and_a_bad_file_is_a_row_with_a_reason(inbox: Path, tmp_path: Path) -> None:
    told: list[tuple[object, ...]] = []
    rows = restore_folder(inbox, tmp_path / "out", progress=lambda *news: told.append(news[:2]))
    by_name = {row.file: row for row in rows}
    assert sorted(by_name) == ["broken.jpg", "deep.png", "empty.png", "painted.png", "sound.png"]
    assert "not a readable picture" in by_name["broken.jpg"].reason
    assert "0 bytes" in by_name["empty.png"].reason
    assert by_name["painted.png"].changed
    assert not by_name["sound.png"].changed
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["deep.png", "painted.png", "sound.png"]
    assert np.array_equal(read_rgb(tmp_path / "out" / "sound.png"), chest())
    assert np.array_equal(read_rgb(tmp_path / "out" / "deep.png"), chest().astype(np.uint16) * 16)
    assert told[-1] == (5, 5)
    sheet = folder_sheet(inbox, rows, side=48)
    assert sheet.shape[2] == 3
    assert sheet.shape[0] > 90


def test_two_files_of_one_stem_are_refused_before_anything_is_written(inbox: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(inbox / "sound.jpg"), chest())
    with pytest.raises(InputError, match=r"would both become sound\.png"):
        restore_folder(inbox, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder"):
        restore_folder(tmp_path / "nowhere", tmp_path / "out")
    (tmp_path / "void").mkdir()
    with pytest.raises(InputError, match="holds no picture"):
        restore_folder(tmp_path / "void", tmp_path / "out")


def test_a_picture_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_grey(tmp_path / "a.png", chest())
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]
    with pytest.raises(StoreError, match="cannot write"):
        write_grey(tmp_path / "a.png" / "b.png", chest())


def test_a_contact_sheet_takes_any_shape_and_depth() -> None:
    deep = chest().astype(np.uint16) * 16
    stacks: list[list[NDArray[Any]]] = [[chest(), deep], [painted(chest())[:80], chest()[:, :50]]] * 4
    sheet = before_after_sheet(stacks, side=40, across=3)
    assert sheet.dtype == np.uint8
    assert sheet.shape[1] == 3 * 46
    assert before_after_sheet([]).ndim == 3
