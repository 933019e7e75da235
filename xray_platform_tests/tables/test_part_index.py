"""Part index: it says what the parts say, as they are now, and reads only those that were written since."""

from pathlib import Path

import pandas as pd
import pytest

from xray_platform.errors import StoreError
from xray_platform.tables.all import LIKENESS
from xray_platform.tables.part_index import PartIndex
from xray_platform.tables.places import Places

INDEX = PartIndex(LIKENESS, ["image", "person", "order"], ["person"], lambda frame: bytes(len(frame)))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


def write(places: Places, part: str, *persons: str | None) -> None:
    rows = [
        {"sha256": f"{number:064x}", "image": f"{number:016x}", "batch": part, "order": int(part[-1]), "person": person}
        for number, person in enumerate(persons)
    ]
    LIKENESS.write(
        places, LIKENESS.frame([{**dict.fromkeys(c.name for c in LIKENESS.columns), **row} for row in rows]), part
    )


def found(places: Places, *persons: str) -> list[tuple[str, int]]:
    with INDEX.opened(places) as index:
        return sorted((part, place) for part, place, _ in index.matching("person", persons))


def test_rows_are_found_by_their_value_in_all_parts(places: Places) -> None:
    write(places, "batch-1", "a", None, "b")
    write(places, "batch-2", "b")
    assert found(places, "b", "c") == [("batch-1", 2), ("batch-2", 0)]
    with INDEX.opened(places) as index:
        assert index.row("batch-1", 1) == {"image": f"{1:016x}", "person": None, "order": 1}
        assert index.first_values("order") == {"batch-1": 1, "batch-2": 2}
        assert index.packed() == {"batch-1": bytes(3), "batch-2": bytes(1)}


def test_a_part_that_was_replaced_or_removed_is_followed(places: Places) -> None:
    write(places, "batch-1", "a")
    write(places, "batch-2", "a")
    assert len(found(places, "a")) == 2
    write(places, "batch-1", "c", "c")
    assert found(places, "a") == [("batch-2", 0)]
    LIKENESS.path(places, "batch-2").unlink()
    assert found(places, "a", "c") == [("batch-1", 0), ("batch-1", 1)]


def test_only_parts_that_were_written_since_are_read(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    for number in range(1, 4):
        write(places, f"batch-{number}", "a")
    before = type(LIKENESS).read

    def reads(self: object, places: Places, part: str) -> pd.DataFrame:
        read.append(part)
        return before(LIKENESS, places, part)

    monkeypatch.setattr(type(LIKENESS), "read", reads)
    assert len(found(places, "a")) == 3
    write(places, "batch-4", "a")
    assert len(found(places, "a")) == 4
    assert read == ["batch-1", "batch-2", "batch-3", "batch-4"]


def test_a_damaged_part_is_left_out_or_refused(places: Places) -> None:
    write(places, "batch-1", "a")
    LIKENESS.path(places, "batch-1").write_bytes(b"PAR1")
    assert found(places, "a") == []
    with pytest.raises(StoreError, match="not what was made"), INDEX.opened(places, must=lambda _: True):
        pass
    write(places, "batch-1", "a")
    assert found(places, "a") == [("batch-1", 0)]


@pytest.mark.parametrize("content", [b"no database", b""])
def test_a_damaged_index_is_made_anew(places: Places, content: bytes) -> None:
    write(places, "batch-1", "a")
    assert len(found(places, "a")) == 1
    (places.raw / ".index" / "likeness.sqlite").write_bytes(content)
    assert len(found(places, "a")) == 1


def test_an_index_of_other_columns_is_made_anew(places: Places) -> None:
    write(places, "batch-1", "a")
    assert len(found(places, "a")) == 1
    with PartIndex(LIKENESS, ["image"], ["image"]).opened(places) as other:
        assert len(list(other.matching("image", [f"{0:016x}"]))) == 1
    assert len(found(places, "a")) == 1
    assert (places.raw / ".index" / "likeness.sqlite").stat().st_mode & 0o077 == 0
