"""`xray forget`: a person goes from every zone, the others stay bit for bit, and the search finds what was hidden."""

import hashlib
import io
import json
import shutil
import sqlite3
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from xray_platform.defs import forget as steps
from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.dicom.intake.journal import journal_path
from xray_platform.dicom.intake.raw_store import raw_path
from xray_platform.dicom.intake.readings import Reading, append_line, read_lines
from xray_platform.dicom.pseudonym import load_key
from xray_platform.imaging.store.standard_image_reader import StandardImageBatch, read_standard_image
from xray_platform.imaging.store.tensors import read_tensors
from xray_platform.keeping import erase_reports
from xray_platform.keeping.find_person import array_digest, find_person
from xray_platform.keeping.person import Person, replaced
from xray_platform.keeping.proof import Looker, search
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.tables.all import IMAGES, LABELS, PATCHES, SCORES, SPLITS, TENSORS
from xray_platform.tables.places import Places
from xray_platform_tests.cli.conftest import command
from xray_platform_tests.conftest import KEY

MADE = "key:pca_residual,key:pca_residual_scores,key:pca_residual_report"
ALL = f"group:archive,group:imaging,{MADE},key:data_report"
BATCH = 6


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two batches of phantoms that share a person, and a model; a third batch with a picture under another name, the
    same cut off, and a list that speaks of it.
    """
    home = tmp_path_factory.mktemp("forget")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XRAY_KEY", KEY)
        patch.delenv("XRAY_ROOT", raising=False)
        write_archive(home / "archive", ArchiveSettings(pictures=12, side=256, seed=95, broken=False), workers=1)
        places = Places(home / "store")
        plan_batches(places, home / "archive", origin="phantom", batch_size=BATCH)
        ran = command(places.root, "run", "--select", "group:archive,group:imaging")
        assert ran.code == 0, ran.out + ran.err
        image = IMAGES.read(places)[lambda frame: frame["subject"] == straddling(places)].iloc[0]
        twin = dcmread(raw_path(places, image["sha256"]))
        twin.PatientID, twin.PatientName, twin.SOPInstanceUID = "OTHER-7", "Somebody^Else", "1.2.3.4.5.678.9"
        twin.file_meta.MediaStorageSOPInstanceUID = twin.SOPInstanceUID
        (home / "twin").mkdir()
        twin.save_as(home / "twin" / "twin.dcm")
        (home / "twin" / "cut.dcm").write_bytes(raw_path(places, image["sha256"]).read_bytes()[:-999])
        header = dcmread(raw_path(places, image["sha256"]), stop_before_pixels=True)
        listing = Dataset()
        listing.file_meta = FileMetaDataset()
        listing.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        listing.file_meta.MediaStorageSOPClassUID = listing.SOPClassUID = UID("1.2.840.10008.1.3.10")
        listing.file_meta.MediaStorageSOPInstanceUID = listing.SOPInstanceUID = UID("1.2.3.4.5.678.10")
        listing.ReferencedSOPInstanceUID = header.SOPInstanceUID
        listing.save_as(home / "twin" / "DICOMDIR", enforce_file_format=True)
        plan_batches(places, home / "twin", origin="phantom")
        ran = command(places.root, "run", "--select", ALL)
        assert ran.code == 0, ran.out + ran.err
        yield home


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Places:
    """A copy of the store, to be changed."""
    shutil.copytree(made / "store", tmp_path / "store")
    return Places(tmp_path / "store")


def straddling(places: Places) -> str:
    """The subject whose pictures came in two batches."""
    batches = IMAGES.read(places).groupby("subject")["batch"].nunique()
    assert batches.max() == 2
    return str(batches.idxmax())


def identity(places: Places) -> tuple[str, str, list[str]]:
    """Patient ID and name of that subject as they came, and the raw hashes."""
    frame = IMAGES.read(places)
    hashes = list(frame[frame["subject"] == straddling(places)]["sha256"].astype(str))
    header = dcmread(raw_path(places, hashes[0]), stop_before_pixels=True)
    return str(header.PatientID), str(header.PatientName), hashes


def reading_of(digest: str) -> Reading:
    """What somebody said of an image in the reading room."""
    said = {
        "abnormal": True,
        "agreed": True,
        "blind": False,
        "model": "pca_residual",
        "version": "1",
        "probability": 0.5,
    }
    return Reading(at="2026-01-01T00:00:00+00:00", reader="ab", image=digest[:16], sha256=digest, **said)


def of_others(places: Places, subject: str) -> dict[str, str]:
    """Digests of all that is made of the other people's pictures."""
    images = IMAGES.read(places)
    others = images[images["subject"] != subject]
    files = others["file"].astype(str)
    found = {file: hashlib.sha256((places.processed / file).read_bytes()).hexdigest() for file in files}
    for batch in ("batch-0001", "batch-0002"):
        opened = StandardImageBatch.open(places, batch)
        found |= {
            f"standard {image}": array_digest(read_standard_image(opened[image]))
            for image in opened.images
            if image in set(others["image"])
        }
    rows = TENSORS.read(places)
    for recipe, some in rows[rows["image"].isin(others["image"])].groupby("recipe"):
        pixels = read_tensors(places, str(recipe), some)
        found |= {f"{recipe} {image}": array_digest(one) for image, one in zip(some["image"], pixels, strict=True)}
    for table in (IMAGES, LABELS, SPLITS, SCORES, PATCHES):
        frame = table.read(places)
        frame = frame[frame["image"].isin(others["image"])].drop(columns="row", errors="ignore")
        found[table.name] = frame.sort_values(list(table.key)).to_json(orient="records")
    return found


def test_a_person_goes_and_the_others_stay_bit_for_bit(store: Places, made: Path) -> None:
    subject = straddling(store)
    patient, name, hashes = identity(store)
    before = of_others(store, subject)
    for digest in (hashes[0], "0" * 64):
        append_line(store, reading_of(digest))
    results = store.raw / "results" / hashes[0][:2] / hashes[0] / "bundle"
    results.mkdir(parents=True)
    (results / "report.dcm").write_bytes(b"results")
    ran = command(store.root, "forget", subject, "--dry-run")
    assert ran.code == 0
    assert of_others(store, subject) == before
    assert all(raw_path(store, digest).exists() for digest in hashes)
    ran = command(store.root, "forget", subject, "--yes")
    assert ran.code == 0, ran.out + ran.err
    assert "Nothing is left." in ran.err
    assert "pca_residual" in ran.out
    family = name.split("^")[0]
    assert patient not in ran.out + ran.err
    assert family not in ran.out + ran.err
    assert of_others(store, subject) == before
    everything = b"".join(path.read_bytes() for path in store.root.rglob("*") if path.is_file())
    for text in (subject, patient, family, *(digest[:16] for digest in hashes)):
        assert text.encode() not in everything, text
    assert not raw_path(store, hashes[0]).exists()
    assert command(store.root, "verify", "--deep").code == 0
    tombstones = [json.loads(line) for line in journal_path(store).read_bytes().splitlines() if b'"tombstone"' in line]
    assert len(tombstones) == 1
    assert tombstones[0]["files"] == len(hashes) + 3  # a twin, a cut one and a list
    assert [reading.image for reading in read_lines(store) if isinstance(reading, Reading)] == ["0" * 16]
    assert not (store.raw / "results" / hashes[0][:2] / hashes[0]).exists()

    again = command(store.root, "forget", subject, "--yes")
    assert again.code == 1
    assert "holds nothing of this subject" in again.err

    ran = command(store.root, "run", "--select", ALL)
    assert ran.code == 0, ran.out + ran.err
    assert "images" not in [line.split()[1] for line in ran.err.splitlines() if line.strip().startswith("✓")]
    assert "pca_residual_report" in ran.err
    assert command(store.root, "verify", "--deep").code == 0
    assert any(store.reports.glob("pca_residual/*/report.html"))

    ran = command(store.root, "ingest", made / "archive", "--origin", "phantom")
    assert "its bytes were forgotten on request" in ran.out
    assert not any(raw_path(store, digest).exists() for digest in hashes)
    assert command(store.root, "verify").code == 0
    ran = command(store.root, "ingest", made / "archive", "--origin", "phantom", "--bring-back")
    assert ran.code == 0, ran.out + ran.err
    assert all(raw_path(store, digest).exists() for digest in hashes)
    assert command(store.root, "verify", "--deep").code == 0


def test_an_identity_is_read_from_standard_input_and_never_shown(
    store: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient, name, hashes = identity(store)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{patient}\n"))
    ran = command(store.root, "forget", "--identity", "--dry-run")
    assert ran.code == 0, ran.err
    assert f"{len(hashes) + 3}" in ran.out
    assert patient not in ran.out + ran.err
    assert name.split("^")[0] not in ran.out + ran.err
    monkeypatch.setattr("sys.stdin", io.StringIO("nobody of this name\n"))
    assert command(store.root, "forget", "--identity", "--yes").code == 1
    assert command(store.root, "forget", "--yes").code == 2


@pytest.mark.parametrize(
    "step", ["erase_raw", "erase_rows", "erase_arrays", "erase_references", "erase_in_databases", "search"]
)
def test_killed_anywhere_it_is_told_and_gone_on_with(store: Places, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    subject = straddling(store)
    before = of_others(store, subject)
    with monkeypatch.context() as patch:
        patch.setattr(steps, step, _killed(getattr(steps, step)))
        assert command(store.root, "forget", subject, "--yes").code == 130
    ran = command(store.root, "verify")
    assert ran.code == 1
    assert "an erasure is not done" in ran.out
    assert command(store.root, "forget", "sub-0123456789abcdef", "--yes").code == 1
    ran = command(store.root, "forget", "--finish")
    assert ran.code == 0, ran.out + ran.err
    assert of_others(store, subject) == before
    ran = command(store.root, "verify", "--deep")
    assert ran.code == 0, ran.out


def test_a_bundle_that_was_just_set_aside_is_put_back(store: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    learnt = json.loads(next(store.models.glob("pca_residual/*/bundle/reference/reference.json")).read_text())["images"]
    images = IMAGES.read(store)
    subject = str(images[images["image"] == learnt[0]]["subject"].iloc[0])

    def aside(_: Path, folder: Path) -> None:
        folder.rename(folder.with_name(".bundle.0123.old"))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(erase_reports, "_put", aside)
        assert command(store.root, "forget", subject, "--yes").code == 130
    assert not list(store.models.glob("pca_residual/*/bundle"))
    ran = command(store.root, "forget", "--finish")
    assert ran.code == 0, ran.out + ran.err
    left = json.loads(next(store.models.glob("pca_residual/*/bundle/reference/reference.json")).read_text())["images"]
    assert left == [image for image in learnt if image not in set(images[images["subject"] == subject]["image"])]
    assert command(store.root, "verify", "--deep").code == 0


def _killed(step: Callable[..., object]) -> Callable[..., object]:
    """Do a step, and end as if the command had been killed."""

    def killed(*words: object, **more: object) -> object:
        step(*words, **more)
        raise KeyboardInterrupt

    return killed


def test_a_raw_file_without_a_tombstone_is_missed_whatever_the_journal_is_made_to_say(store: Places) -> None:
    _, _, hashes = identity(store)
    raw_path(store, hashes[0]).unlink()
    assert "missing" in command(store.root, "verify").out
    journal = journal_path(store)
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(_redacted_by_hand(line) if hashes[0].encode() in line else line for line in lines))
    ran = command(store.root, "verify")
    assert ran.code == 1
    assert "a seal that does not fit" in ran.out
    stone: dict[str, object] = {
        "prev": hashlib.sha256(lines[-1][:-1]).hexdigest(),
        "at": "2026-01-01T00:00:00.000+00:00",
        "tombstone": "0" * 16,
        "files": 1,
        "digests": ["0" * 32],
        "by": "nobody",
        "seal": "0" * 32,
    }
    journal.write_bytes(b"".join(lines) + json.dumps(stone, separators=(",", ":")).encode() + b"\n")
    ran = command(store.root, "verify")
    assert ran.code == 1
    assert "a seal that does not fit" in ran.out


def _redacted_by_hand(line: bytes) -> bytes:
    """Redact a line as the platform does, without the key."""
    was = {"prev": json.loads(line)["prev"], "was": hashlib.sha256(line[:-1]).hexdigest(), "seal": "0" * 32}
    text = json.dumps({"forgotten": "0" * 16, **was}, separators=(",", ":"))
    return text.encode().ljust(len(line) - 1) + b"\n"


def test_what_was_hidden_in_odd_places_is_found(store: Places) -> None:
    subject = straddling(store)
    patient, name, hashes = identity(store)
    odd = store.reports / "notes"
    odd.mkdir(parents=True)
    (odd / "name.txt").write_text(f"seen: {name.split('^')[0].title()}, twice")
    with zipfile.ZipFile(odd / "packed.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("list.txt", "x" * 500 + hashes[0])
    pd.DataFrame({"who": [subject] * 3}).to_parquet(odd / "rows.parquet", compression="zstd")
    with closing(sqlite3.connect(odd / "cells.db")) as database, database:
        database.execute("CREATE TABLE notes (text TEXT)")
        database.execute("INSERT INTO notes VALUES (?)", ("y" * 5000 + hashes[0] + "y" * 5000,))
    text = b"xray:who\0\0" + zlib.compress(subject.encode())
    (odd / "picture.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + len(text).to_bytes(4, "big")
        + b"zTXt"
        + text
        + zlib.crc32(b"zTXt" + text).to_bytes(4, "big")
    )
    (odd / f"{hashes[0][:16]}.bin").write_bytes(b"nothing")
    store.inbox.mkdir(parents=True)
    (store.inbox / "list.csv").write_text(f"file,subject\na.dcm,7\nb.dcm,{patient}\n")
    shutil.copy(raw_path(store, hashes[0]), store.inbox / "dropped.dcm")
    with zipfile.ZipFile(store.inbox / "both.zip", "w") as archive:
        archive.write(raw_path(store, hashes[0]), "first.dcm")
        archive.writestr("second.dcm", b"somebody else's")
    ran = command(store.root, "forget", subject, "--yes")
    assert ran.code == 1
    for hidden in ("name.txt", "packed.zip", "rows.parquet", "cells.db", "picture.png", f"{hashes[0][:16]}.bin"):
        assert f"data/reports/notes/{hidden}: " in ran.out, hidden
    assert not (store.inbox / "dropped.dcm").exists()
    with zipfile.ZipFile(store.inbox / "both.zip") as archive:
        assert archive.namelist() == ["second.dcm"]
        assert archive.read("second.dcm") == b"somebody else's"
    assert command(store.root, "verify").code == 1
    shutil.rmtree(odd)
    ran = command(store.root, "forget", "--finish")
    assert ran.code == 0, ran.out
    assert (store.inbox / "list.csv").read_text() == "file,subject\na.dcm,7\n"
    assert command(store.root, "verify").code == 0


def test_pixels_alone_are_found(store: Places) -> None:
    subject = straddling(store)
    arrays = find_person(store, load_key(), subject)
    assert arrays is not None
    nobody = Person(tombstone="0" * 16, subjects=(), hashes=(), files=(), arrays=arrays.arrays)
    searched = search(store, nobody)
    assert searched.arrays > 0
    assert {trace.what for trace in searched.left} == {"the person's pixels"}
    assert not search(store, nobody.model_copy(update={"arrays": ()})).left


def test_a_looker_knows_the_ways_in_which_a_name_is_written() -> None:
    person = Person(
        tombstone="0" * 16,
        subjects=(),
        hashes=(),
        files=(),
        numbers=("1234", "123456"),
        words=("Grüneisen",),
        names=(("Grüneisen", "Anna"),),
    )
    looker = Looker(person)
    for written in ("grüneisen", json.dumps("GRÜNEISEN"), "x Grüneisen."):
        assert list(looker.look(written.encode(), of_others=False, prose=True)), written
    assert list(looker.look("Grüneisen".encode("latin-1"), of_others=False, prose=True))
    assert list(looker.look(b"ANNA_GR\xc3\x9cNEISEN", of_others=True, prose=False)) == [
        ("the person's whole name", False)
    ]
    assert not list(looker.look("Grüneisens Annahme, 2123456, 1234".encode(), of_others=False, prose=True))
    assert list(looker.look(b"id 123456.", of_others=False, prose=True))


def test_a_uid_within_a_longer_one_is_another() -> None:
    person = Person(tombstone="0" * 16, subjects=(), hashes=(), files=(("b", "/x/a1"),), uids=("1.2.3.4.5",))
    assert replaced(person, "1.2.3.4.5 11.2.3.4.5 1.2.3.4.56 1.2.3.4.5.6 9.1.2.3.4.5") == (
        "forgotten 11.2.3.4.5 1.2.3.4.56 1.2.3.4.5.6 9.1.2.3.4.5"
    )
    assert replaced(person, '"/x/a1" /x/a10') == '"forgotten" /x/a10'
