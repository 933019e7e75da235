"""A piece of work, such as one asset: what it made is the store's when it is done, and nothing when it failed."""

from pathlib import Path

import pytest

from xray_platform.object_store.at_work import LED, at_work, is_led
from xray_platform.object_store.commit import read_commit
from xray_platform.object_store.lease import KEY, take_lease
from xray_platform_tests.object_store.conftest import Machine
from xray_platform_tests.object_store.stores import contents, write


def test_work_without_a_command_begins_with_the_newest_store_and_ends_in_a_commit(machine: Machine) -> None:
    here, there = machine("here"), machine("there")
    with at_work(here.folder):
        assert here.bucket.get(KEY) is not None, "others wait meanwhile"
        write(here, "data/tables/a", "of here")
    with at_work(there.folder):
        assert contents(there) == {"data/tables/a": b"of here"}
        write(there, "data/tables/b", "of there")
    assert set(read_commit(here.bucket)[0].files) == {"data/tables/a", "data/tables/b"}
    assert here.bucket.get(KEY) is None


def test_work_that_fails_is_not_committed_and_frees_the_lease(machine: Machine) -> None:
    here = machine("here")

    def fails() -> None:
        with at_work(here.folder):
            write(here, "data/tables/a", "half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert read_commit(here.bucket)[1] is None
    with at_work(here.folder):
        assert contents(here) == {}, "what it left is given up"


def test_work_under_a_command_goes_on_with_what_that_brought_and_commits_alone(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = machine("here")
    assert not is_led(here.folder)
    lease = take_lease(here.bucket, here.home)
    here.bring_up(stay=True)
    monkeypatch.setenv(LED, str(here.folder))
    write(here, "data/tables/of_the_command", "not committed yet")
    with at_work(here.folder):
        write(here, "data/tables/of_the_asset", "made")
    assert set(read_commit(here.bucket)[0].files) == {"data/tables/of_the_command", "data/tables/of_the_asset"}
    assert here.bucket.get(KEY) is not None, "the command goes on"
    lease.release()


def test_a_store_in_a_folder_is_left_as_it_is(tmp_path: Path) -> None:
    with at_work(tmp_path):
        assert is_led(tmp_path)
    assert not list(tmp_path.iterdir())
