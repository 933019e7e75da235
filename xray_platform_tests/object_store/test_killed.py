"""Whoever is killed while a store is committed leaves the old store or the new one, and never a mixture."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from xray_platform.object_store.commit import KEY, key_of, read_commit
from xray_platform.object_store.objects import object_faults, sweep
from xray_platform.object_store.working_copy import WorkingCopy
from xray_platform_tests.cli.processes import environment
from xray_platform_tests.object_store.conftest import Machine
from xray_platform_tests.object_store.stores import contents, note, notes, write, write_raw

# The command's own process, killed by the kernel at its n-th word with the storage, before, during or after it.
COMMITS = """
import os, signal, sys, threading
from pathlib import Path
from xray_platform.object_store.bucket import Bucket
from xray_platform.object_store.working_copy import WorkingCopy

url, kind, number, moment = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
asked, guard, plain = [], threading.Lock(), getattr(Bucket, kind)
def counted(self, *words):
    with guard:
        asked.append(words)
        mine = len(asked) == number
    def die():
        os.kill(os.getpid(), signal.SIGKILL)
    if mine and moment == "before":
        die()
    if mine and moment == "during":
        threading.Timer(0.003, die).start()
    done = plain(self, *words)
    if mine and moment != "before":
        die()
    return done
setattr(Bucket, kind, counted)
copy = WorkingCopy.open(url)
copy.activity.begin()
copy.commit()
"""


def changed(copy: WorkingCopy) -> None:
    """Change a store as an intake does: raw bytes, journal, a table, a database; one file goes."""
    write_raw(copy, bytes(8_000_000))
    write(copy, "data/raw/journal.jsonl", "one\ntwo\n")
    write(copy, "data/tables/images/b2.parquet", "rows of the second")
    write(copy, "data/tables/labels/all.parquet", "labels of both")
    (copy.folder / "data/tables/old.parquet").unlink()
    note(copy, "second")


@pytest.mark.parametrize(
    ("kind", "number", "moment"),
    [
        ("put_new", 1, "before"),
        ("put_new", 1, "after"),
        ("put_new", 2, "during"),
        ("put_new", 3, "after"),
        ("put_new", 5, "before"),
        ("put_new", 5, "after"),
        ("replace", 1, "before"),
        ("replace", 1, "during"),
        ("replace", 1, "after"),
    ],
)
def test_a_commit_that_is_killed_leaves_the_old_store_or_the_new(
    machine: Machine, url: str, tmp_path: Path, kind: str, number: int, moment: str
) -> None:
    here = machine("here")
    here.bring_up(stay=True)
    write_raw(here, b"first")
    write(here, "data/raw/journal.jsonl", "one\n")
    write(here, "data/tables/old.parquet", "old")
    note(here, "first")
    here.commit()
    old, words = contents(here), ["first"]
    changed(here)
    here.activity.end()
    new = contents(here)
    cache = environment(XRAY_CACHE=str(tmp_path / "here"))
    ran = subprocess.run([sys.executable, "-c", COMMITS, url, kind, str(number), moment], env=cache, check=False)
    assert ran.returncode == -signal.SIGKILL
    there = machine("there")
    there.bring_up()
    there.bring_raw()
    commit, _ = read_commit(there.bucket)
    assert commit.number in (
        {1, 2} if (kind, moment) == ("replace", "during") else {2 if kind == "replace" and moment == "after" else 1}
    )
    assert contents(there) == (new if commit.number == 2 else old)
    assert notes(there) == (["first", "second"] if commit.number == 2 else words)
    assert object_faults(there.bucket, deep=True)[1] == []
    given_up = here.bring_up()
    here.bring_raw()
    assert contents(here) == contents(there)
    assert bool(given_up) == (commit.number == 1)


def test_what_killed_commits_left_in_the_bucket_is_swept_when_it_is_old(machine: Machine) -> None:
    from datetime import timedelta

    here = machine("here")
    here.bring_up(stay=True)
    write(here, "data/tables/a.parquet", "rows")
    here.commit()
    here.bucket.put_new(key_of("data/tables/b", "ab" * 32), b"an orphan")
    assert sweep(here.bucket) == (0, 0), "it may be of a commit under way"
    assert sweep(here.bucket, older_than=timedelta(0)) == (1, 9)
    assert object_faults(here.bucket, deep=True)[1] == []
    assert here.bucket.facts(KEY) is not None
