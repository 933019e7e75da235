"""A piece of work, such as one asset: what it made is the store's when it is done, and nothing when it failed."""

import json
from pathlib import Path

import pytest

from xray_platform.errors import MachineError
from xray_platform.object_store.at_work import LED, at_work, is_apart, is_led
from xray_platform.object_store.commit import key_of, pack, read_commit, unpack
from xray_platform.object_store.lease import KEY, take_lease
from xray_platform.object_store.objects import object_faults, sweep
from xray_platform.object_store.working_copy import WorkingCopy
from xray_platform_tests.object_store.conftest import Machine
from xray_platform_tests.object_store.stores import contents, write


def test_work_without_a_command_begins_with_the_newest_store_and_ends_in_a_commit(machine: Machine) -> None:
    here, there = machine("here"), machine("there")

    def of_here() -> None:
        assert here.bucket.get(KEY) is not None, "others wait meanwhile"
        write(here, "data/tables/a", "of here")

    def of_there() -> str:
        assert contents(there) == {"data/tables/a": b"of here"}
        write(there, "data/tables/b", "of there")
        return "what the work gave"

    at_work(here.folder, of_here)
    assert at_work(there.folder, of_there) == "what the work gave"
    assert set(read_commit(here.bucket)[0].files) == {"data/tables/a", "data/tables/b"}
    assert here.bucket.get(KEY) is None


@pytest.mark.parametrize("beside", [False, True])
def test_work_that_fails_is_not_committed_and_frees_the_lease(machine: Machine, beside: bool) -> None:
    here = machine("here")

    def fails() -> None:
        write(here, "data/tables/a", "half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        at_work(here.folder, fails, beside=beside)
    assert read_commit(here.bucket)[1] is None
    at_work(here.folder, lambda: None)
    assert contents(here) == {}, "what it left is given up"


def test_work_under_a_command_goes_on_with_what_that_brought_and_commits_alone(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = machine("here")
    assert is_apart(here.folder)
    lease = take_lease(here.bucket, here.home)
    here.bring_up(stay=True)
    monkeypatch.setenv(LED, str(here.folder))
    assert is_led(here.folder)
    assert not is_apart(here.folder)
    write(here, "data/tables/of_the_command", "not committed yet")
    at_work(here.folder, lambda: write(here, "data/tables/of_the_asset", "made"))
    assert set(read_commit(here.bucket)[0].files) == {"data/tables/of_the_command", "data/tables/of_the_asset"}
    assert here.bucket.get(KEY) is not None, "the command goes on"
    lease.release()


def test_a_store_in_a_folder_is_left_as_it_is(tmp_path: Path) -> None:
    assert at_work(tmp_path, lambda: "done") == "done"
    assert not is_apart(tmp_path)
    assert not list(tmp_path.iterdir())


def test_two_machines_work_beside_each_other_and_both_stand(machine: Machine) -> None:
    here, there = machine("here"), machine("there")
    done = []

    def of_here() -> None:
        assert here.bucket.get(KEY) is None, "nobody waits meanwhile"
        done.append("here")
        at_work(there.folder, lambda: write(there, "data/tables/there", "of there"), beside=True)
        write(here, "data/tables/here", "of here")

    at_work(here.folder, of_here, beside=True)
    assert done == ["here"], "once"
    wanted = {"data/tables/here": b"of here", "data/tables/there": b"of there"}
    assert contents(here) == wanted
    there.bring_up()
    assert contents(there) == wanted


def test_work_on_what_another_changed_meanwhile_is_done_once_more_with_that(machine: Machine) -> None:
    """The attack: both add a line to the same file. Merged blindly, or the last one wins, one line would be lost."""
    here, there = machine("here"), machine("there")
    at_work(here.folder, lambda: write(here, "data/raw/journal.jsonl", "first\n"), beside=True)
    seen = []

    def adds(copy: WorkingCopy, line: str) -> None:
        file = copy.folder / "data/raw/journal.jsonl"
        seen.append(file.read_text())
        if len(seen) == 1:
            at_work(there.folder, lambda: adds(there, "of there\n"), beside=True)
        write(copy, "data/raw/journal.jsonl", file.read_text() + line)

    at_work(here.folder, lambda: adds(here, "of here\n"), beside=True)
    assert seen == ["first\n", "first\n", "first\nof there\n"]
    assert contents(here)["data/raw/journal.jsonl"] == b"first\nof there\nof here\n"


def test_work_beside_a_command_such_as_forget_is_done_once_more_without_what_that_forgot(machine: Machine) -> None:
    """The attack: something is made of a picture while that is forgotten. Nobody changed what the other did."""
    here, there = machine("here"), machine("there")
    at_work(here.folder, lambda: write(here, "data/processed/picture", "of somebody"), beside=True)
    made = []

    def makes() -> None:
        found = [path.read_text() for path in (here.folder / "data/processed").glob("*")]
        made.append(found)
        if len(made) == 1:
            lease = take_lease(there.bucket, there.home)
            there.bring_up(stay=True)
            (there.folder / "data/processed/picture").unlink()
            there.commit()
            there.activity.end()
            lease.release()
        write(here, "data/tensors/batch", "".join(found))

    at_work(here.folder, makes, beside=True)
    assert made == [["of somebody"], []]
    assert contents(here) == {"data/tensors/batch": b""}
    there.bring_up()
    assert contents(there) == {"data/tensors/batch": b""}


def test_a_commit_waits_for_a_command_on_another_machine(machine: Machine) -> None:
    here, there = machine("here"), machine("there")
    lease = take_lease(there.bucket, there.home)
    with pytest.raises(MachineError, match="another xray command is at work"):
        at_work(here.folder, lambda: write(here, "data/tables/a", "made"), beside=True, patience=0)
    assert read_commit(here.bucket)[1] is None
    lease.release()
    at_work(here.folder, lambda: write(here, "data/tables/a", "made"), beside=True, patience=0)
    assert set(read_commit(here.bucket)[0].files) == {"data/tables/a"}


def test_one_at_a_time_works_in_a_copy_so_that_none_commits_what_another_has_half_made(machine: Machine) -> None:
    here, other = machine("here"), machine("here")

    def work() -> None:
        write(here, "data/tables/a", "half")
        with pytest.raises(MachineError, match="on this machine"):
            at_work(other.folder, lambda: None, beside=True, patience=0)
        with pytest.raises(MachineError, match="on this machine"):
            take_lease(other.bucket, other.home)
        assert read_commit(here.bucket)[1] is None

    at_work(here.folder, work, beside=True)


def test_bytes_that_others_swept_meanwhile_are_brought_again(machine: Machine) -> None:
    """The attack: the same bytes under another name, whose object another removed with the file that had them."""
    from datetime import timedelta

    here, there = machine("here"), machine("there")
    at_work(here.folder, lambda: write(here, "data/tables/old", "bytes"), beside=True)

    def renames() -> None:
        at_work(there.folder, (there.folder / "data/tables/old").unlink, beside=True)
        assert sweep(there.bucket, older_than=timedelta(0)) == (1, 5)
        write(here, "data/tables/new", "bytes")

    at_work(here.folder, renames, beside=True)
    assert contents(here) == {"data/tables/new": b"bytes"}
    assert object_faults(here.bucket, deep=True)[1] == []


def test_a_manifest_of_an_earlier_version_is_read(machine: Machine) -> None:
    import gzip

    here = machine("here")
    at_work(here.folder, lambda: write(here, "data/tables/a", "rows"))
    commit, _ = read_commit(here.bucket)
    said = json.loads(gzip.decompress(pack(commit)))
    del said["alone"]
    earlier = unpack(gzip.compress(json.dumps(said).encode()), "earlier")
    assert (earlier.files, earlier.alone) == (commit.files, 0)
    assert here.bucket.facts(key_of("data/tables/a", commit.files["data/tables/a"].sha256)) is not None


def test_a_copy_keeps_up_with_the_store_and_asks_for_no_more_than_its_tag(machine: Machine) -> None:
    here, there = machine("here"), machine("there")
    at_work(here.folder, lambda: write(here, "data/tables/a", "rows"), beside=True)
    there.keep_up()
    assert contents(there) == {"data/tables/a": b"rows"}
    (there.folder / "data/tables/a").unlink()
    there.keep_up()
    assert contents(there) == {}, "the store has not moved on, so nothing was looked at"
    at_work(here.folder, lambda: write(here, "data/tables/b", "more"), beside=True)
    there.keep_up()
    assert contents(there) == {"data/tables/a": b"rows", "data/tables/b": b"more"}
