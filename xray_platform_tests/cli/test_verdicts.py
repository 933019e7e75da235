"""A verdict in words says what speaks against it: warnings, what quality would decide, what the model learnt from."""

import io
import json
from pathlib import Path

import pydicom
import pytest

from xray_platform.phantoms.dicom_file import dicom_bytes
from xray_platform.phantoms.plan import plan_spare
from xray_platform.phantoms.render import render
from xray_platform.serving.bundle import ORIGIN, Bundle, write_bundle
from xray_platform.serving.result_words import unsure
from xray_platform.tables.columns import PHANTOM
from xray_platform_tests.cli.conftest import Xray
from xray_platform_tests.serving.bundles import facts, network


@pytest.fixture(scope="module")
def chest() -> bytes:
    spare = plan_spare(1, 768, 5)
    return dicom_bytes(render(spare.parameters), spare.identity, spare.style)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    learnt = facts().model_copy(update={"provenance": {ORIGIN: PHANTOM}})
    return write_bundle(tmp_path / "bundle", learnt, network())


def lateral(chest: bytes) -> bytes:
    """The same picture, said to be a lateral one of a child without a pixel spacing."""
    dataset = pydicom.dcmread(io.BytesIO(chest))
    dataset.ViewPosition = "LL"
    dataset.PatientAge = "007Y"
    written = io.BytesIO()
    dataset.save_as(written)
    return written.getvalue()


def test_a_picture_that_quality_would_hold_back_is_not_just_a_verdict(
    xray: Xray, tmp_path: Path, chest: bytes, bundle: Bundle
) -> None:
    (tmp_path / "a.dcm").write_bytes(lateral(chest))
    words = ("predict", tmp_path / "a.dcm", "--bundle", bundle.folder, "--digest", bundle.id)
    ran = xray(*words)
    assert ran.code == 0, ran.err
    verdict, *below = ran.out.splitlines()
    record = json.loads(xray(*words, "--json").out)
    assert f"probability {record['probability']:.3f}, abnormal from {record['threshold_probability']:.3f} on" in verdict
    held = [line for line in below if line.startswith("  quality would quarantine it, do not rely on the verdict: ")]
    assert any("Q044" in line for line in held)
    assert any(line.startswith("  warning: Q051") for line in below)
    assert len(below) == len(record["warnings"]) + len(("uncertainty", "advice"))
    assert "do not rely on what the model says" in record["advice"].lower()
    assert record["quality"] == "quarantine"


def test_a_sound_picture_has_its_verdict_how_unsure_it_is_and_an_advice(
    xray: Xray, tmp_path: Path, chest: bytes, bundle: Bundle
) -> None:
    (tmp_path / "a.dcm").write_bytes(chest)
    words = ("predict", tmp_path / "a.dcm", "--bundle", bundle.folder, "--digest", bundle.id)
    _, unsure, advice = xray(*words).out.splitlines()
    record = json.loads(xray(*words, "--json").out)
    assert record["quality"] == "accept"
    assert unsure == f"  uncertainty {record['uncertainty_words']}"
    assert advice == f"  {record['advice']}"
    assert "radiologist" in advice
    assert record["uncertainty_words"].startswith(f"{record['uncertainty']:.2f}: ")


def test_a_house_has_words_of_its_own(xray: Xray, tmp_path: Path, chest: bytes, bundle: Bundle) -> None:
    (tmp_path / "a.dcm").write_bytes(chest)
    words = ("predict", tmp_path / "a.dcm", "--bundle", bundle.folder, "--digest", bundle.id)
    own = {"advice_normal": "Zweitbefund empfohlen.", "advice_abnormal": "Zweitbefund dringend empfohlen."}
    (tmp_path / "words.json").write_text(json.dumps(own))
    record = json.loads(xray(*words, "--words", tmp_path / "words.json", "--json").out)
    assert record["advice"] == own[f"advice_{record['verdict']}"]
    (tmp_path / "words.json").write_text(json.dumps({"diagnosis": "pneumonia"}))
    assert xray(*words, "--words", tmp_path / "words.json").code == 2


@pytest.mark.parametrize(("value", "word"), [(0.0, "low"), (0.34, "middle"), (0.66, "middle"), (0.67, "high")])
def test_uncertainty_has_three_words(value: float, word: str) -> None:
    assert unsure(value) == word


def test_a_model_that_learnt_from_phantoms_says_so(xray: Xray, tmp_path: Path, chest: bytes, bundle: Bundle) -> None:
    (tmp_path / "a.dcm").write_bytes(chest)
    ran = xray("predict", tmp_path / "a.dcm", "--bundle", bundle.folder, "--digest", bundle.id)
    said = " ".join(ran.err.split())
    assert "attention_cnn learnt from made-up pictures only; its verdicts say nothing about patients" in said
    real = write_bundle(tmp_path / "real", facts().model_copy(update={"provenance": {ORIGIN: "archive"}}), network())
    ran = xray("predict", tmp_path / "a.dcm", "--bundle", real.folder, "--digest", real.id)
    assert "made-up" not in ran.err


def test_the_threshold_lies_between_the_verdicts(xray: Xray, tmp_path: Path, chest: bytes, bundle: Bundle) -> None:
    (tmp_path / "a.dcm").write_bytes(chest)
    record = json.loads(xray("predict", tmp_path / "a.dcm", "--bundle", bundle.folder, "--json").out)
    abnormal = record["probability"] >= record["threshold_probability"]
    assert record["verdict"] == ("abnormal" if abnormal else "normal")
    assert 0 < record["threshold_probability"] < 1


def test_it_ends_with_1_where_nothing_could_be_judged_and_with_0_where_something_could(
    xray: Xray, tmp_path: Path, chest: bytes, bundle: Bundle
) -> None:
    (tmp_path / "a.dcm").write_bytes(b"no picture")
    words = ("predict", tmp_path / "a.dcm", "--bundle", bundle.folder, "--digest", bundle.id)
    ran = xray(*words, "--json")
    assert ran.code == 1
    assert json.loads(ran.out)["error"]
    (tmp_path / "b.dcm").write_bytes(chest)
    assert xray(*words, tmp_path / "b.dcm").code == 0
