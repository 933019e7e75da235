"""JPEG and PNG pictures through the command: taken in, trained on, judged; one class only; labels that come later."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.tables.all import IMAGES, LABELS, SPLITS
from xray_platform.tables.places import Places
from xray_platform_tests.cli.conftest import Xray

BLOBS = {"OPACITY": (0.32, 0.55), "EFFUSION": (0.7, 0.68)}  # where, as shares of the side


def archive(folder: Path, normal: int, abnormal: int, effusions: int = 0) -> Path:
    """Write plain pictures that look a little like chests; abnormal ones have a bright blob."""
    folder.mkdir()
    rng = np.random.default_rng(1)
    labels = ["NORMAL"] * normal + ["OPACITY"] * abnormal + ["EFFUSION"] * effusions
    rows = []
    for number, label in enumerate(labels):
        name = f"p{number}.{'jpg' if number % 2 else 'png'}"
        cv2.imwrite(str(folder / name), _picture(label, rng))
        rows.append((name, label, f"person {number}"))
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "label", "subject"), *rows])
    return folder


def _picture(label: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    y, x = np.mgrid[0:600, 0:600] / 600
    lungs = np.exp(-(((x - 0.3) / 0.13) ** 2) - ((y - 0.5) / 0.25) ** 2)
    lungs += np.exp(-(((x - 0.7) / 0.13) ** 2) - ((y - 0.5) / 0.25) ** 2)
    grey = 190 - 140 * lungs + rng.normal(0, 6, lungs.shape)
    if label in BLOBS:
        right, down = BLOBS[label]
        grey += 120 * np.exp(-(((x - right) / 0.06) ** 2) - ((y - down) / 0.06) ** 2)
    return np.asarray(np.clip(grey, 0, 255), np.uint8)


def test_from_pictures_to_a_verdict(xray: Xray, tmp_path: Path) -> None:
    folder = archive(tmp_path / "in", 10, 6)
    ran = xray("ingest", folder)
    assert ran.code == 0, ran.err
    assert "16 accepted" in ran.out
    places = Places(tmp_path / "store")
    assert set(IMAGES.read(places)["format"]) == {"jpeg", "png"}
    ran = xray("run", "--select", "labels,splits,pca_residual,pca_residual_scores,pca_residual_report")
    assert ran.code == 0, ran.err
    ran = xray("predict", folder / "p1.jpg", folder / "labels.csv", "--model", "pca_residual", "--json")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert {"file", "model", "score", "probability", "verdict", "threshold"} <= lines[0].keys()
    assert lines[0]["model"] == "pca_residual"
    assert set(lines[1]) == {"file", "error"}
    assert ran.code == 0
    again = xray("ingest", folder)
    assert again.code == 0
    assert "Nothing new" in again.err


def test_one_class_only_is_told_and_labels_may_come_later(xray: Xray, tmp_path: Path) -> None:
    folder = archive(tmp_path / "in", 0, 6)
    assert xray("ingest", folder).code == 0
    ran = xray("run", "--select", "labels,splits,pca_residual")
    assert ran.code == 1
    assert "pca_residual learns from normal pictures, and the training part has none" in ran.err
    ran = xray("run", "--group", "networks")
    assert ran.code == 1
    assert "attention_cnn needs normal and abnormal pictures" in ran.err
    text = (folder / "labels.csv").read_text().replace("p5.jpg,OPACITY", "p5.jpg,NORMAL")
    (folder / "labels.csv").write_text(text)
    ran = xray("ingest", folder)
    assert ran.code == 0, ran.err
    places = Places(tmp_path / "store")
    assert len(IMAGES.read(places)) == 6
    assert xray("run", "--select", "labels,splits").code == 0
    labels = LABELS.read(places)
    assert sorted(labels["label"]) == ["NORMAL"] + ["OPACITY"] * 5
    assert len(SPLITS.read(places)) == 6


def test_pictures_without_labels_are_kept_but_not_learnt_from_and_their_names_stay_in_the_raw_zone(
    xray: Xray, tmp_path: Path
) -> None:
    folder = archive(tmp_path / "in", 4, 0)
    (folder / "p0.png").rename(folder / "KOWALSKA_JANINA_19470312.png")
    (folder / "labels.csv").unlink()
    assert xray("ingest", folder).code == 0
    store = tmp_path / "store"
    holding = [path for path in store.rglob("*") if path.is_file() and b"KOWALSKA" in path.read_bytes()]
    assert holding, "the raw zone remembers it"
    assert [path for path in holding if not path.is_relative_to(Places(store).raw)] == []
    ran = xray("run", "--select", "labels,splits,pca_residual")
    assert ran.code == 1
    assert "no picture has a label" in ran.err
