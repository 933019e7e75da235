"""`xray verify` and `xray run`: each kind of damage in each zone is noticed and mended, and nothing else is touched."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.dicom.intake.raw_store import raw_path
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.tables.all import IMAGES
from xray_platform.tables.manifest import read_manifest
from xray_platform.tables.places import Places
from xray_platform_tests.cli.conftest import Ran, command
from xray_platform_tests.conftest import KEY

FIRST, SECOND = "batch-0001", "batch-0002"
MADE = "key:pca_residual,key:pca_residual_scores,key:pca_residual_report"
ALL = f"group:archive,group:imaging,{MADE}"
DERIVED = ("processed", "standard", "tensors", "tables", "models", "reports")
Damage = Callable[[Path], None]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """Two batches of eight phantoms, taken in, and one detector with its report."""
    home = tmp_path_factory.mktemp("verify")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XRAY_KEY", KEY)
        patch.delenv("XRAY_ROOT", raising=False)
        for seed in (94, 95):
            settings = ArchiveSettings(pictures=8, side=256, seed=seed, broken=False)
            write_archive(home / str(seed), settings, workers=1)
            plan_batches(Places(home / "store"), home / str(seed), origin="phantom")
        ran = command(home / "store", "run", "--select", ALL)
        assert ran.code == 0, ran.out + ran.err
        yield Places(home / "store")


@pytest.fixture
def xray_here(store: Places) -> Callable[..., Ran]:
    return lambda *words: command(store.root, *words)


def faults(ran: Ran) -> dict[str, str]:
    """What `xray verify --json` found: kinds by place."""
    return {fault["where"]: fault["kind"] for fault in json.loads(ran.out)["faults"]}


def files(places: Places, *zones: str) -> dict[str, tuple[str, int]]:
    """Bytes and time of change of all files, by path below `data`."""
    paths = [path for zone in zones for path in (places.data / zone).rglob("[!.]*") if path.is_file()]
    return {
        path.relative_to(places.data).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
        )
        for path in paths
    }


def lose(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def flip_unseen(path: Path) -> None:
    """Flip a bit as a failing disk does: neither size nor time tells."""
    status = path.stat()
    flip(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def one(places: Places, pattern: str, number: int = 0) -> Path:
    return sorted(places.data.glob(pattern))[number]


def published(places: Places, batch: str, number: int) -> Path:
    names = read_manifest(places, f"processed/{batch}").files
    return places.data / sorted(name for name in names if name.endswith(".dcm"))[number]


def swap(first: Path, second: Path) -> None:
    aside = first.with_name("aside")
    first.rename(aside)
    second.rename(first)
    aside.rename(second)


def test_a_sound_store_is_whole_and_has_nothing_to_do(xray_here: Callable[..., Ran]) -> None:
    for words in (["verify"], ["verify", "--deep"], ["run", "--deep", "--select", MADE]):
        ran = xray_here(*words)
        assert ran.code == 0, ran.out + ran.err
    assert "Everything is up to date" in ran.err
    ran = xray_here("verify", "--json")
    zones = {zone["zone"]: zone["files"] for zone in json.loads(ran.out)["zones"]}
    assert zones["raw"] >= 16
    assert all(zones[zone] for zone in DERIVED)


def test_damage_of_every_kind_in_one_batch_is_mended_and_nothing_else_touched(
    store: Places, xray_here: Callable[..., Ran]
) -> None:
    before = files(store, *DERIVED)
    damage: list[tuple[Path, Damage]] = [
        (published(store, FIRST, 0), lose),
        (published(store, FIRST, 1), cut),
        (published(store, FIRST, 2), flip_unseen),
        (one(store, f"standard/{FIRST}/*.zarr.zip"), flip_unseen),
        (one(store, f"standard/{FIRST}/settings.json"), lose),
        (one(store, f"tensors/*/{FIRST}.zarr/c/0/0/0"), lose),
        (one(store, f"tensors/*/{FIRST}.zarr/c/1/0/0"), flip_unseen),
        (one(store, "tensors/*/recipe.json"), flip),
        (one(store, f"tables/images/{FIRST}.parquet"), flip_unseen),
        (one(store, f"tables/quality/{FIRST}.parquet"), lose),
        (one(store, f"raw/tables/catalogue/{FIRST}.parquet"), cut),
        (one(store, f"raw/tables/likeness/{FIRST}.parquet"), flip_unseen),
        (one(store, "tables/splits/all.parquet"), flip_unseen),
        (one(store, f"manifests/standard/{FIRST}.json"), flip_unseen),
    ]
    for path, spoil in damage:
        spoil(path)
    swap(one(store, f"tensors/*/{FIRST}.zarr/c/2/0/0"), one(store, f"tensors/*/{FIRST}.zarr/c/3/0/0"))
    swapped = {one(store, f"tensors/*/{FIRST}.zarr/c/{n}/0/0").relative_to(store.data).as_posix() for n in (2, 3)}
    planted = {path.relative_to(store.data).as_posix() for path, _ in damage} | swapped
    seen = {path.relative_to(store.data).as_posix() for path, spoil in damage if spoil is not flip_unseen} | swapped

    assert not seen - faults(xray_here("verify", "--json")).keys() - standard_of(planted)
    ran = xray_here("verify", "--deep", "--json")
    assert ran.code == 1
    assert not planted - faults(ran).keys() - standard_of(planted)  # their record is one of the faults
    assert not {place for place in faults(ran) if SECOND in place}

    ran = xray_here("run", "--deep", "--select", ALL)
    assert ran.code == 0, ran.out + ran.err
    assert f"images of {FIRST} is made anew: missing: " in ran.err
    assert "splits is made anew: changed: tables/splits/all.parquet: its checksum is " in ran.err
    assert xray_here("verify", "--deep").code == 0
    after = files(store, *DERIVED)
    assert {path: content for path, (content, _) in after.items()} == {
        path: content for path, (content, _) in before.items()
    }
    untouched = {path for path in before if SECOND in path or path.startswith(("models", "reports"))}
    assert untouched
    assert {path: after[path] for path in untouched} == {path: before[path] for path in untouched}


def standard_of(planted: set[str]) -> set[str]:
    """Where the record itself is damaged, it is told instead of the files that it speaks of."""
    return {place for place in planted if place.startswith(f"standard/{FIRST}/")}


def test_models_and_reports_are_made_anew_and_pictures_stay(store: Places, xray_here: Callable[..., Ran]) -> None:
    before = files(store, "processed", "standard", "tensors")
    flip(one(store, "reports/pca_residual/*/report.html"))
    lose(one(store, "reports/pca_residual/*/images/*.png"))
    assert set(faults(xray_here("verify", "--json")).values()) == {"changed", "missing"}
    ran = xray_here("run", "--select", MADE)
    assert ran.code == 0, ran.out + ran.err
    assert xray_here("verify", "--deep").code == 0
    runs = len(list(store.models.glob("pca_residual/*/training.json")))
    flip(one(store, "models/pca_residual/*/model/arrays.npz"))
    flip(one(store, "models/pca_residual/*/evaluation.json"))
    ran = xray_here("run", "--select", MADE)
    assert ran.code == 0, ran.out + ran.err
    assert "pca_residual is made anew: changed: models/pca_residual/" in ran.err
    assert len(list(store.models.glob("pca_residual/*/training.json"))) == runs + 1
    assert files(store, "processed", "standard", "tensors") == before
    ran = xray_here("verify", "--json")
    assert all("of an earlier run" in fault["what"] for fault in json.loads(ran.out)["faults"])
    for old in store.models.glob("pca_residual/*/training.json"):
        if old.parent.name not in (store.models / "pca_residual" / "current.json").read_text():
            shutil.rmtree(old.parent)
    assert xray_here("verify", "--deep").code == 0


def test_what_nobody_recorded_is_told_and_left_alone(store: Places, xray_here: Callable[..., Ran]) -> None:
    stranger = published(store, FIRST, 0).with_name("0123456789abcdef.dcm")
    stranger.write_bytes(b"somebody's")
    ran = xray_here("verify")
    assert ran.code == 1
    assert f"unknown: {stranger.relative_to(store.data).as_posix()}: no record speaks of it" in ran.out
    assert xray_here("run", "--select", MADE).code == 0
    assert stranger.exists()
    stranger.unlink()


def test_a_raw_file_that_is_gone_is_told_and_nothing_is_made_of_less(
    store: Places, xray_here: Callable[..., Ran]
) -> None:
    row = IMAGES.read(store, FIRST).iloc[0]
    raw = raw_path(store, str(row["sha256"]))
    kept, images = raw.rename(store.root / "kept"), files(store, "processed", "tables")
    for words in (["verify"], ["verify", "--deep"]):
        ran = xray_here(*words)
        assert ran.code == 1
        assert f"missing: {raw.relative_to(store.data).as_posix()}" in ran.out
    lose(store.processed / str(row["file"]))
    lose(published(store, SECOND, 0))
    ran = xray_here("run", "--select", ALL)
    assert ran.code == 1
    assert f"{raw}: it is missing; what came from outside cannot be made anew, bring back a copy of it" in ran.err
    assert f"images: cannot read the raw file {raw}: No such file or directory; what came from outside" in ran.err
    assert published(store, SECOND, 0).exists()
    assert {path for path in images if path.startswith("tables")} <= set(files(store, "tables"))
    kept.rename(raw)
    assert xray_here("run", "--select", ALL).code == 0
    assert xray_here("verify", "--deep").code == 0


def test_a_store_that_is_not_there_is_told(xray_here: Callable[..., Ran], tmp_path: Path) -> None:
    ran = command(tmp_path / "nowhere", "verify")
    assert ran.code == 2
    assert "holds no store" in ran.err


def test_a_model_that_fails_leaves_its_last_figures_on_the_board_marked_as_old(
    store: Places, xray_here: Callable[..., Ran]
) -> None:
    board = "key:leaderboard,key:champion,key:leaderboard_page"
    ran = xray_here("run", "--select", board)
    assert ran.code == 0, ran.out + ran.err
    page = store.reports / "leaderboard.html"
    assert "one_class_svm</code>: one_class_svm is not trained yet" in page.read_text()
    assert "Out of date" not in page.read_text()
    (store.root / "wrong.yaml").write_text("pca_residual: {recipe: imagenet}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XRAY_SETTINGS", "")  # what the command sets here is taken back
        ran = xray_here("run", "--select", f"{MADE},{board}", "--config", store.root / "wrong.yaml")
    assert ran.code == 1
    assert "pca_residual takes unit range" in " ".join(ran.err.split())
    assert "Models, by validation AUROC" in ran.out, "what there is is shown all the same"
    assert "The last run of pca_residual failed" in page.read_text()
    assert xray_here("run", "--select", f"{MADE},{board}", "--force").code == 0
    assert "Out of date" not in page.read_text()
