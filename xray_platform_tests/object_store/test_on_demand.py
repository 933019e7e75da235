"""Where a machine works beside others, pictures and arrays come when they are read, and are not lost by not coming."""

from pathlib import Path

import pytest

from xray_platform.errors import StoreError
from xray_platform.object_store.at_work import LED, at_work
from xray_platform.object_store.commit import key_of, on_demand, read_commit
from xray_platform.object_store.on_demand import bring, drop
from xray_platform.object_store.working_copy import WorkingCopy
from xray_platform.tables.places import Places
from xray_platform_tests.object_store.conftest import Machine
from xray_platform_tests.object_store.stores import contents, write

ARRAY = "data/tensors/recipe/batch-0001.zarr"
SHARDS = "data/standard/batch-0001"
PICTURE = "data/processed/subject/study/image.dcm"
STORE = {
    f"{ARRAY}/zarr.json": "about", f"{ARRAY}/c/0/0/0": "first", f"{ARRAY}/c/1/0/0": "second",
    f"{SHARDS}/0000.zarr.zip": "first", f"{SHARDS}/0001.zarr.zip": "second", f"{SHARDS}/settings.json": "how",
    PICTURE: "pixels", "data/processed/rejected/image.txt": "why",
    "data/tensors/recipe/recipe.json": "steps", "data/tables/images/batch-0001.parquet": "rows",
}  # fmt: skip
AT_ONCE = {
    f"{SHARDS}/settings.json", "data/processed/rejected/image.txt", "data/tensors/recipe/recipe.json",
    "data/tables/images/batch-0001.parquet",
}  # fmt: skip


@pytest.fixture
def there(machine: Machine) -> WorkingCopy:
    """A machine that has nothing yet of a store that another made."""
    here = machine("here")
    at_work(here.folder, lambda: [write(here, path, text) for path, text in STORE.items()], beside=True)
    return machine("there")


def work(copy: WorkingCopy) -> None:
    at_work(copy.folder, lambda: None, beside=True)


def stored(copy: WorkingCopy) -> set[str]:
    return set(read_commit(copy.bucket)[0].files)


def test_what_is_not_read_does_not_come_and_is_not_lost(there: WorkingCopy) -> None:
    at_work(there.folder, lambda: write(there, "data/tables/scores", "made"), beside=True)
    assert set(contents(there)) == {*AT_ONCE, "data/tables/scores"}
    assert stored(there) == {*STORE, "data/tables/scores"}


def test_what_is_read_comes_with_its_batch_and_stays(there: WorkingCopy) -> None:
    places = Places(there.folder)

    def reads() -> None:
        bring(places, [there.folder / ARRAY])
        assert set(contents(there)) == {*AT_ONCE, *(path for path in STORE if path.startswith(ARRAY))}
        bring(places, [there.folder / PICTURE, there.folder / "data/processed/nobody"])

    at_work(there.folder, reads, beside=True)
    inode = (there.folder / PICTURE).stat().st_ino
    work(there)
    assert (there.folder / PICTURE).stat().st_ino == inode
    assert set(contents(there)) == {path for path in STORE if not on_demand(path).startswith("data/standard")}


def test_an_object_that_turned_is_an_error_when_it_is_read(there: WorkingCopy) -> None:
    work(there)
    file = read_commit(there.bucket)[0].files[PICTURE]
    there.bucket.put_again(key_of(PICTURE, file.sha256), b"pixelz")
    with pytest.raises(StoreError, match=r"object of data/processed/.* is damaged"):
        bring(Places(there.folder), [there.folder / PICTURE])
    assert not (there.folder / PICTURE).exists()


def test_an_array_that_is_made_anew_keeps_nothing_of_the_old_one(there: WorkingCopy) -> None:
    """The attack: the new one has fewer shards; the old shard was never here, so nobody removes it."""

    def makes() -> None:
        write(there, f"{ARRAY}/zarr.json", "about")
        write(there, f"{ARRAY}/c/0/0/0", "first")
        bring(Places(there.folder), [there.folder / ARRAY])
        assert not (there.folder / f"{ARRAY}/c/1/0/0").exists(), "it is not of the new one"
        write(there, f"{SHARDS}/settings.json", "otherwise")

    at_work(there.folder, makes, beside=True)
    assert stored(there) == {path for path in STORE if path != f"{ARRAY}/c/1/0/0" and not path.endswith(".zip")}


@pytest.mark.parametrize("is_here", [True, False])
def test_a_picture_that_is_withdrawn_leaves_the_store_whether_or_not_it_was_here(
    there: WorkingCopy, is_here: bool
) -> None:
    places = Places(there.folder)

    def withdraws() -> None:
        if is_here:
            bring(places, [there.folder / PICTURE])
        drop(places, there.folder / PICTURE)
        assert not (there.folder / PICTURE).exists()

    at_work(there.folder, withdraws, beside=True)
    assert stored(there) == set(STORE) - {PICTURE}


def test_a_withdrawal_that_failed_withdraws_nothing_later(there: WorkingCopy) -> None:
    def fails() -> None:
        drop(Places(there.folder), there.folder / PICTURE)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        at_work(there.folder, fails, beside=True)
    at_work(there.folder, lambda: write(there, "data/tables/other", "made"), beside=True)
    assert stored(there) == {*STORE, "data/tables/other"}


def test_what_another_made_anew_replaces_what_had_come_and_no_more_comes(there: WorkingCopy, machine: Machine) -> None:
    at_work(there.folder, lambda: bring(Places(there.folder), [there.folder / ARRAY]), beside=True)
    here = machine("here")
    at_work(here.folder, lambda: write(here, f"{ARRAY}/c/1/0/0", "anew"), beside=True)
    at_work(here.folder, lambda: write(here, "data/processed/subject/study/other.dcm", "new"), beside=True)
    work(there)
    assert contents(there)[f"{ARRAY}/c/1/0/0"] == b"anew"
    assert "data/processed/subject/study/other.dcm" not in contents(there)


def test_a_command_has_the_whole_store_also_while_another_works_in_the_copy(
    there: WorkingCopy, machine: Machine
) -> None:
    reader = machine("there")

    def works() -> None:
        assert set(contents(reader)) == AT_ONCE
        reader.bring_up()
        assert set(contents(reader)) == set(STORE)

    at_work(there.folder, works, beside=True)
    assert stored(there) == set(STORE)


def test_under_a_command_what_was_removed_stays_removed_and_goes_from_the_store(
    there: WorkingCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attack: somebody is forgotten, and whoever reads next fetches the removed shard from the bucket again."""
    there.bring_up(stay=True)
    monkeypatch.setenv(LED, str(there.folder))
    (there.folder / f"{ARRAY}/c/1/0/0").unlink()
    bring(Places(there.folder), [there.folder / ARRAY])
    assert not (there.folder / f"{ARRAY}/c/1/0/0").exists()
    there.commit()
    there.activity.end()
    assert stored(there) == set(STORE) - {f"{ARRAY}/c/1/0/0"}


def test_a_store_in_a_folder_needs_nothing_fetched(tmp_path: Path) -> None:
    file = tmp_path / PICTURE
    file.parent.mkdir(parents=True)
    file.write_text("pixels")
    bring(Places(tmp_path), [file])
    assert file.exists()
    drop(Places(tmp_path), file)
    assert not file.exists()
