"""The commands that need no models: check, verify, deidentify, restore."""

import json
from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pytest

from xray_platform.phantoms.broken import broken_bytes
from xray_platform.phantoms.dicom_file import dicom_bytes
from xray_platform.phantoms.plan import plan_spare
from xray_platform.phantoms.render import render
from xray_platform.tables.places import Places
from xray_platform_tests.cli.conftest import Xray
from xray_platform_tests.dicom.deidentify.making import compressed, encoded, make, smooth


@pytest.fixture(scope="module")
def sound() -> tuple[bytes, str]:
    """A sound DICOM file and the name of its made-up patient."""
    spare = plan_spare(1, 512, 5)
    return dicom_bytes(render(spare.parameters), spare.identity, spare.style), spare.identity.patient.name


def test_check_has_a_line_for_every_file(xray: Xray, tmp_path: Path, sound: tuple[bytes, str]) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.dcm").write_bytes(sound[0])
    (folder / "b.dcm").write_bytes(broken_bytes("pixels_cut", sound[0]))
    (folder / "c.txt").write_text("no picture")
    ran = xray("check", folder, "--json")
    records = {Path(record["file"]).name: record for record in map(json.loads, ran.out.splitlines())}
    assert ran.code == 0
    assert {name: record["decision"] for name, record in records.items()} == {
        "a.dcm": "accept",
        "b.dcm": "reject",
        "c.txt": "reject",
    }
    assert all(len(record["codes"]) == len(record["reasons"]) for record in records.values())
    assert not (tmp_path / "store" / "data" / "raw").exists()


def test_verify_finds_a_changed_byte(xray: Xray, tmp_path: Path, sound: tuple[bytes, str]) -> None:
    (tmp_path / "a.dcm").write_bytes(sound[0])
    assert xray("ingest", tmp_path / "a.dcm").code == 0
    assert xray("verify", "--deep").code == 0
    raw = Places(tmp_path / "store").raw
    stored = next(path for path in raw.rglob("*") if path.is_file() and len(path.name) == 64)
    stored.chmod(0o644)
    stored.write_bytes(sound[0][:-1] + b"\x07")
    stored.chmod(0o400)
    ran = xray("verify", "--deep")
    assert ran.code == 1
    assert "changed" in ran.out


def test_deidentify_writes_a_file_without_the_name(xray: Xray, tmp_path: Path, sound: tuple[bytes, str]) -> None:
    data, name = sound
    family = name.split("^")[0].encode()
    assert family in data
    (tmp_path / "a.dcm").write_bytes(data)
    ran = xray("deidentify", tmp_path / "a.dcm", tmp_path / "b.dcm")
    assert ran.code == 0, ran.err
    assert family not in (tmp_path / "b.dcm").read_bytes()
    explained = xray("deidentify", "--explain")
    assert explained.code == 0
    assert len(explained.out.splitlines()) > 20
    assert xray("deidentify", tmp_path / "a.dcm").code == 2


def test_deidentify_lets_no_number_or_name_pass_and_takes_its_own_output(xray: Xray, tmp_path: Path) -> None:
    """What was said of a person in numbers, descriptions and streams goes, and a second pass refuses nothing."""
    (tmp_path / "in").mkdir()
    person: dict[str, Any] = {
        "PatientID": "MRN48213977",
        "PatientName": "Port^Chest",
        "SeriesDescription": "Chest port",
    }
    numbers: dict[str, Any] = {"ExposureInuAs": "48213977", "InstanceNumber": "48213", "WindowCenter": "48213.977"}
    remark = b"\xff\xfe\x00\x0aJANE DOE"
    stream = bytes(imagecodecs.jpeg8_encode(smooth(bits=8).astype(np.uint8)))
    stream = stream[:2] + remark + stream[2:-2] + b"JANE DOE" + stream[-2:]
    (tmp_path / "in" / "plain.dcm").write_bytes(encoded(make(**person, **numbers)))
    (tmp_path / "in" / "jpeg.dcm").write_bytes(compressed(stream, "1.2.840.10008.1.2.4.50", 8, **person, **numbers))
    assert xray("deidentify", tmp_path / "in", tmp_path / "out").code == 0
    written = [path.read_bytes() for path in (tmp_path / "out").rglob("*.dcm")]
    assert len(written) == 2
    for data in written:
        assert not [token for token in (b"48213", b"4821", b"CHEST PORT", b"JANE DOE") if token in data.upper()]
    ran = xray("deidentify", tmp_path / "out", tmp_path / "twice")
    assert ran.code == 0, ran.err
    assert len(list((tmp_path / "twice").rglob("*.dcm"))) == 2


@pytest.mark.parametrize("folder", ["in", "out"])
def test_a_key_among_the_data_is_refused(
    xray: Xray, tmp_path: Path, sound: tuple[bytes, str], monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.delenv("XRAY_KEY", raising=False)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.dcm").write_bytes(sound[0])
    ran = xray("deidentify", tmp_path / "in", tmp_path / "out", "--key-file", tmp_path / folder / "key")
    assert ran.code == 2
    assert "keep it elsewhere" in ran.err
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "in" / "key").exists()


def test_restore_leaves_a_sound_picture_as_it_is(xray: Xray, tmp_path: Path) -> None:
    grey = cv2.GaussianBlur(np.random.default_rng(0).normal(128, 60, (224, 224)), (0, 0), 9)
    grey = np.clip((grey - grey.min()) / (grey.max() - grey.min()) * 255, 0, 255).astype(np.uint8)
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in" / "sound.png"), grey)
    ran = xray("restore", tmp_path / "in", tmp_path / "out", "--explain")
    assert ran.code == 0, ran.err
    restored = cv2.imread(str(tmp_path / "out" / "sound.png"), cv2.IMREAD_UNCHANGED)
    assert restored is not None
    np.testing.assert_array_equal(restored, grey)
    assert (tmp_path / "out" / "contact_sheet.jpg").exists()
