"""A store in object storage is worked on through a copy: what one machine commits, another has."""

import os
import stat
from pathlib import Path

import pytest

from xray_platform.errors import StoreError
from xray_platform.object_store.cache import shown, url_of
from xray_platform.object_store.commit import KEY, key_of, read_commit
from xray_platform.object_store.on_demand import bring_raw, kept_size
from xray_platform.object_store.working_copy import WorkingCopy
from xray_platform.tables.places import Places
from xray_platform_tests.object_store.conftest import Machine
from xray_platform_tests.object_store.stores import contents, note, notes, write, write_raw


def test_what_one_machine_commits_another_has_with_times_and_rights(machine: Machine) -> None:
    here = machine("here")
    here.bring_up(stay=True)
    table = write(here, "data/tables/images/batch.parquet", "rows")
    write(here, "data/models/pca/empty.txt", "")
    note(here, "first")
    table.chmod(0o640)
    made = here.commit()
    assert made is not None
    assert (made.number, made.files) == (1, 3)
    there = machine("there")
    there.bring_up()
    other = there.folder / "data/tables/images/batch.parquet"
    assert contents(there) == contents(here)
    assert (other.stat().st_mtime_ns, other.stat().st_mode) == (table.stat().st_mtime_ns, table.stat().st_mode)
    assert notes(there) == ["first"]


def test_nothing_new_is_no_commit_and_nothing_comes_down_twice(machine: Machine) -> None:
    here = machine("here")
    here.bring_up(stay=True)
    write(here, "data/tables/a.parquet", "rows")
    note(here, "first")
    here.commit()
    assert here.commit() is None
    here.activity.end()
    inode = (here.folder / "data/tables/a.parquet").stat().st_ino
    assert here.bring_up() == ()
    assert (here.folder / "data/tables/a.parquet").stat().st_ino == inode


def test_what_is_changed_and_removed_is_so_elsewhere_too(machine: Machine) -> None:
    here, there = machine("here"), machine("there")
    here.bring_up(stay=True)
    for name in ("kept", "changed", "removed/deep/down"):
        write(here, f"data/reports/{name}", name)
    note(here, "first")
    here.commit()
    there.bring_up()
    write(here, "data/reports/changed", "otherwise")
    (here.folder / "data/reports/removed/deep/down").unlink()
    note(here, "second")
    here.commit()
    there.bring_up()
    reports = {path: data for path, data in contents(there).items() if path.startswith("data/reports")}
    assert reports == {"data/reports/kept": b"kept", "data/reports/changed": b"otherwise"}
    assert not (there.folder / "data/reports/removed").exists(), "folders that are left empty go too"
    assert notes(there) == ["first", "second"]


def test_raw_files_come_only_when_they_are_read(machine: Machine) -> None:
    here, there = machine("here"), machine("there")
    here.bring_up(stay=True)
    raw = write_raw(here, b"Name^Patient" * 1000)
    other = write_raw(here, b"another")
    write(here, "data/raw/journal.jsonl", "line\n")
    here.commit()
    there.bring_up()
    places = Places(there.folder)
    assert set(contents(there)) == {"data/raw/journal.jsonl"}
    assert kept_size(places, there.folder / raw) == 12_000
    assert kept_size(places, there.folder / f"{raw[:-1]}x") is None
    bring_raw(places, [there.folder / raw])
    assert (there.folder / raw).read_bytes() == b"Name^Patient" * 1000
    assert stat.S_IMODE((there.folder / raw).stat().st_mode) == 0o400
    assert not (there.folder / other).exists()
    there.bring_up(stay=True)
    write(there, "data/tables/a.parquet", "rows")
    there.commit()
    assert {raw, other} < set(read_commit(there.bucket)[0].files), "what was not fetched is not lost"


def test_raw_files_go_only_where_that_is_said(machine: Machine) -> None:
    here = machine("here")
    here.bring_up(stay=True)
    raw = write_raw(here, b"to be forgotten")
    here.commit()
    (here.folder / raw).unlink()
    assert here.commit() is None
    here.bring_raw()
    assert (here.folder / raw).exists()
    (here.folder / raw).unlink()
    here.commit(raw_may_go=True)
    assert raw not in read_commit(here.bucket)[0].files


def test_identity_lies_below_one_prefix_and_the_copy_is_its_owners(machine: Machine) -> None:
    here = machine("here")
    here.bring_up(stay=True)
    raw = write_raw(here, b"Name^Patient")
    write(here, "data/raw/journal.jsonl", "Name^Patient lies in /home/doctor\n")
    write(here, "data/tables/a.parquet", "no names")
    here.commit()
    files = read_commit(here.bucket)[0].files
    keys = {path: key_of(path, file.sha256) for path, file in files.items()}
    assert {path for path, key in keys.items() if key.startswith("raw/")} == {raw, "data/raw/journal.jsonl"}
    public = [b"".join(here.bucket.parts(found.key)) for found in here.bucket.list("objects/")]
    assert public == [b"no names"]
    assert stat.S_IMODE(here.home.stat().st_mode) == 0o700
    there = machine("there")
    there.bring_up()
    assert stat.S_IMODE((there.folder / "data/raw").stat().st_mode) == 0o700


def test_a_folder_knows_of_which_store_it_is_the_copy(machine: Machine, url: str, tmp_path: Path) -> None:
    here = machine("here")
    assert url_of(here.folder) == url == shown(here.folder)
    assert url_of(tmp_path) is None
    assert WorkingCopy.of(tmp_path) is None
    found = WorkingCopy.of(here.folder)
    assert found is not None
    assert found.home == here.home


def test_what_is_of_this_machine_alone_stays_and_is_not_committed(machine: Machine) -> None:
    here = machine("here")
    here.bring_up(stay=True)
    own = ("data/inbox/delivered.dcm", "data/raw/.index/journal.sqlite", "data/raw/.locks/journal.lock",
           "data/models/cnn/checkpoints/last.ckpt", "data/.dagster/daemon.log", "mlruns/cache/x")  # fmt: skip
    for path in own:
        write(here, path, "here")
    assert here.commit() is None
    here.activity.end()
    here.bring_up()
    assert all((here.folder / path).exists() for path in own)


def test_bytes_that_turned_in_the_cache_are_fetched_anew(machine: Machine) -> None:
    here = machine("here")
    here.bring_up(stay=True)
    for name in ("cut", "touched", "gone"):
        write(here, f"data/tables/{name}", name)
    here.commit()
    here.activity.end()
    os.truncate(here.folder / "data/tables/cut", 1)
    (here.folder / "data/tables/touched").write_text("rotten!")
    (here.folder / "data/tables/gone").unlink()
    assert set(here.bring_up()) == {"data/tables/cut", "data/tables/touched"}
    assert contents(here) == {f"data/tables/{name}": name.encode() for name in ("cut", "touched", "gone")}
    assert read_commit(here.bucket)[0].number == 1, "what turned here did not become the store"


def test_an_object_that_turned_is_an_error_and_not_a_file(machine: Machine) -> None:
    here, there = machine("here"), machine("there")
    here.bring_up(stay=True)
    write(here, "data/tables/a.parquet", "rows")
    here.commit()
    file = read_commit(here.bucket)[0].files["data/tables/a.parquet"]
    here.bucket.put_again(key_of("data/tables/a.parquet", file.sha256), b"rowz")
    with pytest.raises(StoreError, match=r"object of data/tables/a.parquet is damaged"):
        there.bring_up()
    assert contents(there) == {}
    here.bucket.put_again(KEY, b"nonsense")
    with pytest.raises(StoreError, match=r"manifest .* is damaged"):
        there.bring_up()


def test_a_manifest_that_names_what_is_outside_is_refused(machine: Machine) -> None:
    here = machine("here")
    here.bring_up(stay=True)
    write(here, "data/tables/a.parquet", "rows")
    here.commit()
    commit, _ = read_commit(here.bucket)
    from xray_platform.object_store.commit import pack

    evil = commit.next({"data/../../../escaped": commit.files["data/tables/a.parquet"]})
    here.bucket.put_again(KEY, pack(evil))
    with pytest.raises(StoreError, match="not of a store"):
        machine("there").bring_up()


def test_settings_written_by_hand_are_kept_and_committed(machine: Machine) -> None:
    here, there = machine("here"), machine("there")
    here.bring_up(stay=True)
    write(here, "data/tables/a.parquet", "rows")
    here.commit()
    here.activity.end()
    write(here, "xray.yaml", "splits: {seed: 3}")
    assert here.bring_up(stay=True) == ()
    here.commit()
    there.bring_up()
    assert contents(there)["xray.yaml"] == b"splits: {seed: 3}"
    write(there, "xray.yaml", "splits: {seed: 4}")
    write(here, "xray.yaml", "splits: {seed: 5}")
    here.commit()
    with pytest.raises(StoreError, match=r"xray.yaml was changed by process \d+ on .* and here"):
        there.bring_up()


def test_two_that_change_different_files_both_stand(machine: Machine) -> None:
    here, there = machine("here"), machine("there")
    here.bring_up(stay=True)
    write(here, "data/tables/a", "a")
    here.commit()
    there.bring_up(stay=True)
    write(here, "data/tables/of_here", "here")
    write(there, "data/tables/of_there", "there")
    (there.folder / "data/tables/a").unlink()
    here.commit()
    there.commit()
    wanted = {"data/tables/of_here": b"here", "data/tables/of_there": b"there"}
    assert contents(there) == wanted, "what others committed comes down"
    here.activity.end()
    here.bring_up()
    assert contents(here) == wanted


def test_two_that_change_the_same_file_are_told_and_the_first_stands(machine: Machine) -> None:
    here, there = machine("here"), machine("there")
    here.bring_up(stay=True)
    there.bring_up(stay=True)
    write(here, "data/raw/journal.jsonl", "here\n")
    write(there, "data/raw/journal.jsonl", "there\n")
    here.commit()
    with pytest.raises(StoreError, match=r"journal.jsonl were changed by process \d+ on .* and by process \d+ on"):
        there.commit()
    there.activity.end()
    assert there.bring_up() == ("data/raw/journal.jsonl",), "it is said what is given up"
    assert contents(there) == {"data/raw/journal.jsonl": b"here\n"}


def test_a_reader_leaves_alone_what_another_process_here_is_writing(machine: Machine) -> None:
    writer, reader = machine("here"), machine("here")
    writer.bring_up(stay=True)
    write(writer, "data/tables/a.parquet", "not committed yet")
    assert reader.bring_up() == ()
    assert contents(reader) == {"data/tables/a.parquet": b"not committed yet"}
    assert writer.commit() is not None


def test_an_index_of_a_journal_that_others_wrote_goes(machine: Machine) -> None:
    here, there = machine("here"), machine("there")
    here.bring_up(stay=True)
    write(here, "data/raw/journal.jsonl", "one\n")
    here.commit()
    there.bring_up(stay=True)
    index = write(here, "data/raw/.index/journal.sqlite", "of one line")
    here.activity.end()
    here.bring_up()
    assert index.exists(), "it still holds"
    write(there, "data/raw/journal.jsonl", "one\ntwo\n")
    there.commit()
    here.bring_up()
    assert not index.exists()
