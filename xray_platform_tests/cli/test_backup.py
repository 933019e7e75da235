"""`xray backup` and `xray restore-store`: a store comes back whole, what is damaged is noticed, the key stays apart."""

import json
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.dicom.intake.raw_store import raw_path
from xray_platform.keeping import backup as keeping
from xray_platform.keeping.snapshot import OBJECTS, object_path, read_snapshot, snapshot_names, write_snapshot
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.tables.all import IMAGES
from xray_platform.tables.places import Places
from xray_platform_tests.cli.conftest import command
from xray_platform_tests.conftest import KEY

MADE = "key:pca_residual,key:pca_residual_scores,key:pca_residual_report"
ALL = f"group:archive,group:imaging,{MADE}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store with a model, and a backup of it."""
    home = tmp_path_factory.mktemp("backup")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XRAY_KEY", KEY)
        patch.delenv("XRAY_ROOT", raising=False)
        write_archive(home / "archive", ArchiveSettings(pictures=8, side=256, seed=95, broken=False), workers=1)
        plan_batches(Places(home / "store"), home / "archive", origin="phantom")
        ran = command(home / "store", "run", "--select", ALL)
        assert ran.code == 0, ran.out + ran.err
        ran = command(home / "store", "backup", home / "backup")
        assert ran.code == 0, ran.out + ran.err
        yield home


@pytest.fixture
def backup(home: Path, tmp_path: Path) -> Path:
    """A copy of the backup, to be changed."""
    shutil.copytree(home / "backup", tmp_path / "backup")
    return tmp_path / "backup"


def contents(root: Path) -> dict[str, bytes]:
    """Bytes of all that a backup holds of a store, but for the databases."""
    kept = ("raw", "processed", "tables", "models", "reports", "manifests")
    files = [path for zone in kept for path in (root / "data" / zone).rglob("*") if path.is_file()]
    kept_files = [path for path in files if not path.name.endswith((".lock", ".sqlite"))]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in kept_files}


def test_a_store_comes_back_whole_and_says_the_same(home: Path, tmp_path: Path) -> None:
    ran = command(tmp_path / "new", "restore-store", home / "backup")
    assert ran.code == 0, ran.out + ran.err
    assert "The store is whole." in ran.err
    assert contents(tmp_path / "new") == contents(home / "store")
    picture = next((home / "archive").rglob("*.dcm"))
    said = [
        command(root, "predict", picture, "--model", "pca_residual", "--json")
        for root in (home / "store", tmp_path / "new")
    ]
    assert [ran.code for ran in said] == [0, 0], said[1].err
    assert said[0].out == said[1].out
    ran = command(tmp_path / "new", "run", "--select", ALL)
    assert ran.code == 0, ran.out + ran.err
    assert "pca_residual_report" not in ran.err  # arrays come out as they were, so nothing else is out of date
    assert command(tmp_path / "new", "verify", "--deep").code == 0
    assert stat.S_IMODE((tmp_path / "new" / "data" / "raw").stat().st_mode) == 0o700


def test_the_key_is_in_no_backup_and_goes_elsewhere(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = bytes.fromhex(KEY)
    for path in (path for path in (home / "backup").rglob("*") if path.is_file()):
        data = path.read_bytes()
        assert KEY.encode() not in data
        assert secret not in data
    ran = command(home / "store", "backup", home / "backup", "--key-to", home / "backup" / "key")
    assert ran.code == 2
    assert "must not take the key along" in ran.err
    ran = command(home / "store", "backup", home / "backup", "--key-to", tmp_path / "key")
    assert ran.code == 0, ran.err
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert command(home / "store", "backup", home / "backup", "--key-to", tmp_path / "key").code == 2
    monkeypatch.setenv("XRAY_KEY", KEY[2:] + "aa")
    monkeypatch.setenv("XRAY_KEY_FILE", "")
    ran = command(tmp_path / "new", "restore-store", home / "backup")
    assert ran.code == 2
    assert "give it with --key" in ran.err
    assert not (tmp_path / "new").exists()
    ran = command(tmp_path / "new", "restore-store", home / "backup", "--key", tmp_path / "key")
    assert ran.code == 0, ran.out + ran.err


def test_a_second_backup_copies_what_is_new_alone(home: Path, backup: Path) -> None:
    objects = {path.name for path in (backup / OBJECTS).rglob("*") if path.is_file()}
    before = len(snapshot_names(backup))
    ran = command(home / "store", "backup", backup)
    assert ran.code == 0, ran.err
    assert len(snapshot_names(backup)) == before + 1
    fresh = {path.name for path in (backup / OBJECTS).rglob("*") if path.is_file()} - objects
    names = {name for name, file in read_snapshot(backup).files.items() if file.sha256 in fresh}
    assert all(name.startswith(("data/.dagster/", "mlruns/mlflow.db")) for name in names), names
    ran = command(home / "store", "backup", backup, "--prune")
    assert ran.code == 0
    assert len(snapshot_names(backup)) == 1
    kept = {file.sha256 for file in read_snapshot(backup).files.values()}
    assert {path.name for path in (backup / OBJECTS).rglob("*") if path.is_file()} == kept


def test_a_backup_that_was_killed_is_gone_on_with(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = keeping._kept
    done: list[int] = []

    def killed(*words: object) -> object:
        if len(done) == 20:
            (tmp_path / "half" / ".0123.part").write_bytes(b"half")
            raise KeyboardInterrupt
        done.append(1)
        return keep(*words)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(keeping, "_kept", killed)
        assert command(home / "store", "backup", tmp_path / "half").code == 130
    ran = command(tmp_path / "new", "restore-store", tmp_path / "half")
    assert ran.code == 2
    assert "was cut off" in ran.err
    assert command(home / "store", "backup", tmp_path / "half").code == 0
    assert not list((tmp_path / "half").glob(".*.part"))
    assert command(tmp_path / "new", "restore-store", tmp_path / "half").code == 0


def test_a_damaged_or_incomplete_backup_is_refused_and_nothing_is_left_behind(backup: Path, tmp_path: Path) -> None:
    snapshot = read_snapshot(backup)
    name = next(name for name in snapshot.files if name.startswith("data/models/") and name.endswith("training.json"))
    path = object_path(backup, snapshot.files[name].sha256)
    data = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    ran = command(tmp_path / "new", "restore-store", backup)
    assert ran.code == 1
    assert f"the bytes of {name}" in ran.err
    path.unlink()
    ran = command(tmp_path / "new", "restore-store", backup)
    assert ran.code == 1
    assert f"it lacks {name}" in ran.err
    assert not (tmp_path / "new").exists()
    assert not [left for left in tmp_path.iterdir() if left.name.startswith(".")]
    path.write_bytes(data)
    newest = backup / "snapshots" / f"{snapshot_names(backup)[-1]}.json"
    newest.write_text(newest.read_text().replace("data/models/", "data/modelz/", 1))
    ran = command(tmp_path / "new", "restore-store", backup)
    assert ran.code == 1
    assert "is damaged" in ran.err


def test_a_snapshot_cannot_write_outside_of_the_root(backup: Path, tmp_path: Path) -> None:
    snapshot = read_snapshot(backup)
    file = next(iter(snapshot.files.values()))
    write_snapshot(
        backup, snapshot.model_copy(update={"made_at": "2999-01-01T00:00:00.000", "files": {"../outside": file}})
    )
    assert command(tmp_path / "new", "restore-store", backup).code == 1
    assert not (tmp_path / "outside").exists()


def test_a_raw_file_that_rotted_is_not_backed_up_in_silence(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "store", tmp_path / "store")
    store = Places(tmp_path / "store")
    path = raw_path(store, str(IMAGES.read(store)["sha256"].iloc[0]))
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    ran = command(store.root, "backup", tmp_path / "rotten")
    assert ran.code == 1
    assert "is damaged" in ran.err
    assert not snapshot_names(tmp_path / "rotten")


def test_places_that_are_no_place_for_a_backup_are_refused(home: Path, tmp_path: Path) -> None:
    store = home / "store"
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    for place in (store / "data" / "backup", store / "mlruns" / "b", store, home, tmp_path / "full"):
        assert command(store, "backup", place).code == 2, place
    assert command(store, "restore-store", home / "backup").code == 2
    assert command(tmp_path / "new", "restore-store", tmp_path / "full").code == 2


def test_who_was_forgotten_does_not_come_back_with_an_older_snapshot(home: Path, backup: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "store", tmp_path / "store")
    store = Places(tmp_path / "store")
    older = snapshot_names(backup)[-1]
    person = IMAGES.read(store).iloc[0]
    assert command(store.root, "forget", person["subject"], "--yes").code == 0
    ran = command(tmp_path / "other", "restore-store", backup, "--forgotten", store.root)
    assert ran.code == 0, ran.out + ran.err
    assert "1 people who were forgotten" in ran.err
    assert not raw_path(Places(tmp_path / "other"), person["sha256"]).exists()
    assert command(store.root, "backup", backup).code == 0
    digests = json.loads((backup / "forgotten.json").read_text())
    assert digests
    assert not [text for text in digests if text in person["sha256"]]
    ran = command(tmp_path / "new", "restore-store", backup, "--snapshot", older)
    assert ran.code == 0, ran.out + ran.err
    restored = Places(tmp_path / "new")
    assert person["subject"] not in set(IMAGES.read(restored)["subject"])
    assert not raw_path(restored, person["sha256"]).exists()
    assert command(restored.root, "run", "--select", "group:archive,group:imaging").code == 0
    assert command(restored.root, "verify", "--deep").code == 0
    assert object_path(backup, person["sha256"]).exists()
    assert command(store.root, "backup", backup, "--prune").code == 0
    assert not object_path(backup, person["sha256"]).exists()
    assert not os.path.lexists(tmp_path / "store" / "data" / "raw" / "forgetting.json")
