"""A store in object storage, by the commands of a user: the same as in a folder, from any machine."""

import os
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pytest

from xray_platform.object_store.commit import KEY as MANIFEST
from xray_platform.object_store.commit import key_of, read_commit
from xray_platform.object_store.working_copy import WorkingCopy
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.tables.all import CATALOGUE, IMAGES, LABELS, QUALITY, SCORES, SPLITS
from xray_platform.tables.places import Places
from xray_platform_tests.cli.processes import XRAY, environment
from xray_platform_tests.conftest import KEY
from xray_platform_tests.object_store.s3 import SECRET, Storage, storage

MODEL = "pca_residual"
WANTED = f"+key:{MODEL}_scores"


@dataclass(frozen=True)
class User:
    """Somebody at a machine, with a root and, for object storage, a cache of that machine's own."""

    root: str
    cache: Path
    storage: Storage

    def xray(self, *words: object, code: int = 0) -> str:
        """Run a command, hold its exit code, and return what it said."""
        ran = subprocess.run(
            [XRAY, "--root", self.root, *map(str, words)],
            env=self.variables, capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
        said = ran.stdout + ran.stderr
        assert ran.returncode == code, said[-3000:]
        assert "Traceback" not in said
        assert SECRET not in said
        return " ".join(said.split())

    @property
    def variables(self) -> dict[str, str]:
        return environment(XRAY_KEY=KEY, XRAY_CACHE=str(self.cache), **self.storage.variables)

    @property
    def copy(self) -> WorkingCopy:
        os.environ.update({"XRAY_CACHE": str(self.cache), **self.storage.variables})
        return WorkingCopy.open(self.root)

    @property
    def places(self) -> Places:
        return Places(self.copy.folder if "://" in self.root else Path(self.root))


@pytest.fixture(scope="module")
def s3() -> Iterator[Storage]:
    before = dict(os.environ)
    with storage() as running:
        yield running
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("delivery") / "archive"
    write_archive(folder, ArchiveSettings(pictures=24, side=160, seed=94, broken=False), workers=1)
    return folder


@pytest.fixture(scope="module")
def first(s3: Storage, archive: Path, tmp_path_factory: pytest.TempPathFactory) -> User:
    """Who made the store in the bucket."""
    user = User(s3.make_bucket("archive"), tmp_path_factory.mktemp("first"), s3)
    user.xray("ingest", archive, "--origin", "phantom")
    user.xray("run", "--select", WANTED)
    return user


@pytest.fixture(scope="module")
def second(first: User, tmp_path_factory: pytest.TempPathFactory) -> User:
    """Who sits at another machine."""
    return replace(first, cache=tmp_path_factory.mktemp("second"))


@pytest.fixture(scope="module")
def local(s3: Storage, archive: Path, tmp_path_factory: pytest.TempPathFactory) -> User:
    """Who did the same in a folder."""
    user = User(str(tmp_path_factory.mktemp("local") / "store"), tmp_path_factory.mktemp("nothing"), s3)
    user.xray("ingest", archive, "--origin", "phantom")
    user.xray("run", "--select", WANTED)
    return user


def data_versions(places: Places) -> dict[str, str]:
    """Return what Dagster remembers of the content of each asset."""
    from xray_platform.defs.instance import open_instance

    instance = open_instance(places)
    try:
        records = instance.get_asset_records()
        found = {record.asset_entry.asset_key: record.asset_entry.last_materialization for record in records}
        return {
            key.to_user_string(): str((made.tags or {})["dagster/data_version"]) for key, made in found.items() if made
        }
    finally:
        instance.dispose()


def test_the_tables_and_data_versions_are_those_of_a_folder(first: User, local: User) -> None:
    for table, part in ((QUALITY, None), (IMAGES, None), (LABELS, None), (SPLITS, None), (SCORES, MODEL)):
        there, here = (table.read(user.places, part) for user in (first, local))
        own = [name for name in here if name not in {"run", "ms_per_picture"}]
        pd.testing.assert_frame_equal(there[own], here[own], obj=table.name)
    versions = data_versions(local.places)
    assert len(versions) > 8
    of_models = {name for name in versions if name.startswith(MODEL)}  # they name their run
    assert {name: version for name, version in data_versions(first.places).items() if name not in of_models} == {
        name: version for name, version in versions.items() if name not in of_models
    }


def test_another_machine_has_nothing_to_do_and_fetches_no_raw_file(first: User, second: User, archive: Path) -> None:
    before, _ = read_commit(first.copy.bucket)
    assert "nothing to do" in second.xray("run", "--select", WANTED)
    assert f"store: {first.root}" in second.xray("status")
    assert not [path for path in second.places.raw.rglob("*") if len(path.name) == 64]
    assert stat.S_IMODE(second.copy.home.stat().st_mode) == 0o700
    assert read_commit(first.copy.bucket)[0].files == before.files
    assert "Nothing new" in second.xray("ingest", archive, "--origin", "phantom")


def test_nothing_in_the_bucket_but_below_raw_names_a_patient(first: User, archive: Path) -> None:
    names = {path.name.split("_")[0] for path in (archive / "EXPORT").iterdir()}
    assert len(names) > 5
    held = b"".join(b"".join(first.copy.bucket.parts(found.key)) for found in first.copy.bucket.list("objects/"))
    assert not [name for name in names if name.encode() in held]
    raw = b"".join(b"".join(first.copy.bucket.parts(found.key)) for found in first.copy.bucket.list("raw/"))
    assert all(name.encode() in raw for name in names), "the search would find them"


def test_a_second_intake_while_one_is_at_work_is_refused_by_name(
    first: User, second: User, archive: Path, tmp_path: Path
) -> None:
    more = tmp_path / "more"
    write_archive(more, ArchiveSettings(pictures=6, side=160, seed=95, broken=False), workers=1)
    with subprocess.Popen(
        [XRAY, "--root", first.root, "ingest", str(more), "--origin", "phantom"],
        env=first.variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        deadline = time.monotonic() + 300
        while first.copy.bucket.facts("lease.json") is None and time.monotonic() < deadline:
            time.sleep(0.1)
        said = second.xray("ingest", archive, code=1)
        assert f"another xray command is at work on {first.root} (process {process.pid} on " in said
        assert "Tables of" in second.xray("status"), "who only looks need not wait"
        assert process.wait(600) == 0
    assert len(CATALOGUE.read(first.places)) == 30
    assert "whole" in second.xray("verify"), "the journal goes on from one head"


def test_an_intake_that_is_killed_is_done_again(first: User, second: User, tmp_path: Path) -> None:
    more = tmp_path / "more"
    write_archive(more, ArchiveSettings(pictures=6, side=160, seed=96, broken=False), workers=1)
    before, _ = read_commit(first.copy.bucket)
    with subprocess.Popen(
        [XRAY, "--root", first.root, "ingest", str(more), "--origin", "phantom"],
        env=first.variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    ) as process:  # fmt: skip
        journal = first.places.raw / "journal.jsonl"
        size, deadline = journal.stat().st_size, time.monotonic() + 300
        while journal.stat().st_size == size and time.monotonic() < deadline:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
    assert read_commit(first.copy.bucket)[0].number in {before.number, before.number + 1}
    assert "stored" in first.xray("ingest", more, "--origin", "phantom")
    assert "whole" in second.xray("verify")


def test_verify_finds_objects_that_turned_or_went(first: User, second: User) -> None:
    bucket = first.copy.bucket
    commit, _ = read_commit(bucket)
    path, file = next((path, file) for path, file in commit.files.items() if path.startswith("data/standard/"))
    raw, raw_file = next((path, file) for path, file in commit.files.items() if len(path.split("/")[-1]) == 64)
    key, kept = key_of(path, file.sha256), bucket.get(key_of(path, file.sha256))
    raw_kept = bucket.get(key_of(raw, raw_file.sha256))
    assert kept is not None
    assert raw_kept is not None
    flipped = bytes([kept[0][0] ^ 1]) + kept[0][1:]
    bucket.put_again(key, flipped)
    bucket.delete([key_of(raw, raw_file.sha256)])
    said = second.xray("verify", code=1)
    assert f"missing: {raw.removeprefix('data/')}: its object is not in the bucket" in said
    said = second.xray("verify", "--deep", code=1)
    assert f"changed: {path.removeprefix('data/')}: the bytes of its object are not" in said
    bucket.put_again(key, kept[0])
    bucket.put_again(key_of(raw, raw_file.sha256), raw_kept[0])
    assert "whole" in second.xray("verify", "--deep")


def test_who_is_forgotten_is_in_no_object_and_in_no_copy(first: User, second: User, archive: Path) -> None:
    images = IMAGES.read(first.places)
    image = images.iloc[0]
    person = images[images["subject"] == image["subject"]]
    raws = [path for path in read_commit(first.copy.bucket)[0].files if path.split("/")[-1][:16] in {*person["image"]}]
    assert raws
    second.xray("verify", "--deep")
    assert all((second.copy.folder / path).exists() for path in raws), "the other machine holds them"
    assert "Nothing is left" in first.xray("forget", image["subject"], "--yes")
    keys = {found.key for found in first.copy.bucket.list("")}
    commit, _ = read_commit(first.copy.bucket)
    assert not [path for path in raws if path in commit.files or key_of(path, path[-64:]) in keys]
    assert keys == {key_of(path, file.sha256) for path, file in commit.files.items() if file.size} | {MANIFEST}
    second.xray("status")
    assert not [path for path in raws if (second.copy.folder / path).exists()]


def test_a_store_moves_into_object_storage_and_out_again_by_backup(first: User, local: User, tmp_path: Path) -> None:
    local.xray("backup", tmp_path / "backup")
    moved = replace(first, root="s3://archive/moved", cache=tmp_path / "cache")
    assert "The store is whole" in moved.xray("restore-store", tmp_path / "backup")
    pd.testing.assert_frame_equal(IMAGES.read(moved.places), IMAGES.read(local.places))
    other = replace(moved, cache=tmp_path / "other")
    other.xray("backup", tmp_path / "again")
    back = replace(local, root=str(tmp_path / "back"))
    assert "The store is whole" in back.xray("restore-store", tmp_path / "again")


@pytest.mark.parametrize("words", [("receive",), ("pull",), ("serve",), ("bench", "look")])
def test_what_needs_a_folder_says_so_in_one_line(first: User, words: tuple[str, ...]) -> None:
    assert "works on a store in a folder, and s3://archive/store is in object storage" in first.xray(*words, code=2)


def test_a_wrong_address_is_one_line(first: User) -> None:
    wrong = replace(first, root="s3://nobody-made-this/store")
    assert "there is no such bucket" in wrong.xray("status", code=1)
    assert "there is no such bucket" in wrong.xray(
        "ingest", first.cache, code=2 if not any(first.cache.iterdir()) else 1
    )
    assert "is no address of a store" in replace(first, root="ftp://host/store").xray("status", code=2)
    empty = replace(first, root="s3://archive/empty")
    said = empty.xray("status", code=2)
    assert "s3://archive/empty holds no store" in said
    assert f"its working copy on this machine is {empty.copy.folder}" in said
