"""A table: what is read is what was written, by this version or an older one, whoever else writes at the time."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from xray_platform.errors import StoreError
from xray_platform.tables import table as table_module
from xray_platform.tables.column import Column
from xray_platform.tables.manifest import Manifest, below, facts_of, keep
from xray_platform.tables.places import Places
from xray_platform.tables.table import Table

IMAGE, SIZE = Column("image", "text", "an image"), Column("size", "integer", "its size", nullable=True)
LABEL = Column("label", "text", "a label", nullable=True)
OLD = Table("made_up", "a table for this test", (IMAGE, SIZE), ("image",))
NEW = replace(OLD, columns=(IMAGE, LABEL, SIZE))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


def rows(count: int, size: int = 1) -> list[dict[str, object]]:
    return [{"image": f"image-{number}", "size": size} for number in range(count)]


def written(places: Places, part: str = "batch-0001") -> Path:
    return OLD.write(places, OLD.frame(rows(3)), part)


def test_what_was_written_is_read_with_its_types(places: Places) -> None:
    frame = OLD.frame([{"image": "a", "size": 2**53 + 1}, {"image": "b", "size": None}])
    OLD.write(places, frame, "batch-0001")
    read = OLD.read(places, "batch-0001")
    pd.testing.assert_frame_equal(read, frame)
    assert read["size"][0] == 2**53 + 1, "a whole number beside a null stays whole"


def test_parts_are_read_together_in_the_order_of_their_names(places: Places) -> None:
    OLD.write(places, OLD.frame([{"image": "second"}]), "batch-0002")
    OLD.write(places, OLD.frame([{"image": "first"}]), "batch-0001")
    assert OLD.parts(places) == ["batch-0001", "batch-0002"]
    assert list(OLD.read(places)["image"]) == ["first", "second"]
    assert list(NEW.read(Places(places.root / "elsewhere")).columns) == ["image", "label", "size"]


def test_some_columns_of_all_parts_are_read_alone(places: Places) -> None:
    NEW.write(places, NEW.frame([{"image": "a", "label": "normal", "size": 1}]), "batch-0001")
    NEW.write(places, NEW.frame([{"image": "b", "size": 2}]), "batch-0002")
    pd.testing.assert_frame_equal(NEW.read(places, columns=("size", "image")), NEW.read(places)[["size", "image"]])
    assert list(NEW.read(Places(places.root / "elsewhere"), columns=("size",)).columns) == ["size"]
    OLD.write(places, OLD.frame(rows(1)), "batch-0003")
    assert NEW.read(places, columns=("label",))["label"].isna().tolist() == [False, True, True]


def test_a_frame_gets_the_types_of_its_rows() -> None:
    frame = pd.DataFrame({"more": [0, 0], "size": [1, None], "image": ["a", "b"]})
    pd.testing.assert_frame_equal(OLD.typed(frame), OLD.frame([{"image": "a", "size": 1}, {"image": "b"}]))
    for wrong in (
        frame.assign(image=pd.Series([None, "b"], dtype="string")),
        frame.assign(size=["one", "two"]),
        frame[["size"]],
    ):
        with pytest.raises(StoreError, match="does not fit the table made_up"):
            OLD.typed(wrong)


def test_an_old_part_has_nulls_in_a_column_that_is_new(places: Places) -> None:
    written(places)
    NEW.write(places, NEW.frame([{"image": "new", "label": "normal", "size": 9}]), "batch-0002")
    both = NEW.read(places)
    assert list(both.columns) == ["image", "label", "size"]
    assert list(both["label"].isna()) == [True, True, True, False]
    assert list(both["size"]) == [1, 1, 1, 9]


def test_a_column_that_is_gone_is_left_out(places: Places) -> None:
    NEW.write(places, NEW.frame([{"image": "a", "label": "normal", "size": 1}]), "batch-0001")
    assert list(OLD.read(places).columns) == ["image", "size"]


def test_an_old_part_without_a_column_that_must_have_values_is_of_another_version(places: Places) -> None:
    written(places)
    needed = replace(NEW, columns=(IMAGE, replace(LABEL, nullable=False), SIZE))
    with pytest.raises(StoreError, match="no table made_up of this version"):
        needed.read(places)
    assert len(needed.earlier(places, "batch-0001")) == 3, "what it said before counts while it is made anew"


def test_a_part_whose_column_has_another_type_is_of_another_version(places: Places) -> None:
    written(places)
    other = replace(OLD, columns=(replace(IMAGE, kind="number"), SIZE))
    with pytest.raises(StoreError, match="no table made_up of this version"):
        other.read(places)


@pytest.mark.parametrize("damage", ["cut", "one bit", "another's", "emptied", "lost", "lost with its record"])
def test_a_damaged_part_is_an_error_and_never_fewer_rows(places: Places, damage: str) -> None:
    path = written(places)
    other = OLD.write(places, OLD.frame(rows(5)), "batch-0002").read_bytes()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    if damage.startswith("lost"):
        path.unlink()
        if damage.endswith("record"):
            (places.manifests / "tables" / "made_up" / "batch-0001.json").unlink()
            assert OLD.parts(places) == ["batch-0002"], "nothing is left that could say that it was there"
            return
    else:
        damaged = {"cut": path.read_bytes()[:-9], "one bit": bytes(data), "another's": other, "emptied": b""}
        path.write_bytes(damaged[damage])
    with pytest.raises(StoreError, match=r"batch-0001\.parquet"):
        OLD.read(places)
    with pytest.raises(StoreError, match=r"batch-0001\.parquet"):
        OLD.read(places, "batch-0001")
    assert OLD.earlier(places, "batch-0001").empty
    assert len(OLD.read(places, "batch-0002")) == 5, "the other part is as it was"


def test_bytes_that_are_recorded_and_no_table_are_of_another_version(places: Places) -> None:
    path = written(places)
    path.write_bytes(b"no Parquet")
    keep(places, Manifest("tables/made_up/batch-0001", {below(places, path): facts_of(path)}))
    with pytest.raises(StoreError, match="no table made_up of this version"):
        OLD.read(places)


def test_a_frame_that_does_not_fit_is_refused_and_the_old_part_stays(places: Places) -> None:
    path = written(places)
    for unfit in (pd.DataFrame({"image": ["a"]}), pd.DataFrame({"image": ["a"], "size": ["many"]})):
        with pytest.raises(StoreError, match="does not fit the table made_up"):
            OLD.write(places, unfit, "batch-0001")
    assert len(OLD.read(places)) == 3
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_rows_that_do_not_fit_name_the_columns_and_no_value() -> None:
    with pytest.raises(StoreError, match=r"rows do not fit the table made_up: image, size$"):
        OLD.frame([{"image": None, "size": "Mustermann"}])


def test_two_writers_at_once_leave_one_of_their_parts_with_its_own_record(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[float] = []

    def slow_first(places: Places, manifest: Manifest) -> None:
        begun.append(time.monotonic())
        if len(begun) == 1:  # time enough for the other to write file and record in between
            time.sleep(0.5)
        keep(places, manifest)

    monkeypatch.setattr(table_module, "keep", slow_first)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda size: OLD.write(places, OLD.frame(rows(3, size)), "batch-0001"), (1, 2)))
    assert len(begun) == 2
    assert set(OLD.read(places)["size"]) in ({1}, {2})


def test_readers_beside_writers_see_whole_parts_alone(places: Places) -> None:
    def write(size: int) -> None:
        OLD.write(places, OLD.frame(rows(50, size)), "batch-0001")

    write(0)
    with ThreadPoolExecutor(2) as pool:
        writing = [pool.submit(write, size) for size in range(1, 17)]
        reads = 0
        while not all(each.done() for each in writing):
            sizes = list(OLD.read(places)["size"])
            assert sizes == [sizes[0]] * 50
            reads += 1
    assert reads
    assert all(each.exception() is None for each in writing)
    assert len(set(OLD.read(places)["size"])) == 1
