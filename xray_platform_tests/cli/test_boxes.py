"""Boxes through the command: drawn beside the pictures, found where the phantoms know their findings to be."""

import csv
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest

from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.phantoms.plan import plan_pictures
from xray_platform.phantoms.render import render
from xray_platform.tables.all import BOXES, LABELS
from xray_platform.tables.places import Places
from xray_platform_tests.cli.conftest import Xray
from xray_platform_tests.cli.test_labels import left
from xray_platform_tests.cli.test_pictures import archive

PHANTOMS = ArchiveSettings(pictures=16, side=256, abnormal_share=0.6, broken=False, seed=24)


def known(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return by image where its phantom has findings: in the upright picture, which its standard image is."""
    settings = PHANTOMS
    planned = plan_pictures(
        settings.pictures, settings.side, settings.abnormal_share, settings.findings, settings.difficulty, settings.seed
    )
    return {
        sha256((folder / picture.relative).read_bytes()).hexdigest()[:16]: [
            (box.label, box.top, box.left, box.height, box.width) for box in render(picture.parameters).boxes
        ]
        for picture in planned
    }


def drawn(frame: pd.DataFrame) -> dict[str, list[tuple[object, ...]]]:
    columns = ["finding", "top", "left", "height", "width"]
    return {
        str(image): list(boxes[columns].itertuples(index=False, name=None))
        for image, boxes in frame.sort_values(["image", "box"]).groupby("image")
    }


def test_phantoms_have_their_boxes_where_their_findings_are_however_they_are_stored(xray: Xray, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_archive(folder, PHANTOMS, workers=1)
    ran = xray("ingest", folder, "--origin", "phantom")
    assert ran.code == 0, ran.err
    truth = {image: boxes for image, boxes in known(folder).items() if boxes}
    count = sum(len(boxes) for boxes in truth.values())
    assert f"{count} boxes around findings of {len(truth)} images" in ran.err
    assert "not used" not in ran.err
    assert "boxes.csv" not in ran.out, "it is a list, and no picture"
    assert xray("run", "--select", "boxes").code == 0
    assert drawn(BOXES.read(Places(tmp_path / "store"))) == truth
    assert "boxes" in xray("status").out


@pytest.mark.timeout(900)
def test_a_report_says_how_maps_lie_to_boxes_and_draws_these(xray: Xray, tmp_path: Path) -> None:
    folder, places = archive(tmp_path / "in", 10, 6), Places(tmp_path / "store")
    labels = pd.read_csv(folder / "labels.csv").assign(
        split=[*["train"] * 6, "val", "val", "test", "test"] + ["val", "test"] * 3
    )
    labels.to_csv(folder / "labels.csv", index=False)
    blobs = [{"file": file, "x": 132, "y": 270, "width": 120, "height": 120} for file in labels["file"][10:]]
    pd.DataFrame(blobs).assign(finding="Opacity").to_csv(folder / "boxes.csv", index=False)
    assert xray("ingest", folder).code == 0
    ran = xray("run", "--select", "labels,boxes,splits,pca_residual,pca_residual_scores,pca_residual_report")
    assert ran.code == 0, ran.err
    (page,) = places.reports.glob("pca_residual/*/report.html")
    (found,) = pd.read_csv(page.parent / "metrics" / "map_in_boxes.csv").to_dict("records")
    assert (found["finding"], found["pictures"], found["boxes"]) == ("opacity", 3, 3)
    assert found["area"] == pytest.approx((120 / 600) ** 2, rel=0.1)
    assert found["auroc"] > 0.8, "the blob is where its box is"
    assert found["share"] > found["area"]
    text = page.read_text(encoding="utf-8")
    assert "Maps and boxes" in text
    assert text.count('<i class="box" title="opacity" style="top:45.') == 6, "three pictures, and three maps"

    (folder / "boxes.csv").write_text("file,x,y,width,height,finding\np15.jpg,,,,,\n")
    assert xray("ingest", folder).code == 0
    assert "pca_residual_report" in xray("status").out.split("pending:")[1]


@pytest.mark.timeout(600)
def test_boxes_that_cannot_be_used_are_told_with_a_reason_and_no_name(xray: Xray, tmp_path: Path) -> None:
    folder, store = archive(tmp_path / "in", 2, 2), tmp_path / "store"
    rows = [
        ("p2.png", 100, 200, 150, 160, "OPACITY"),
        ("p3.jpg", 500, 200, 150, 160, "OPACITY"),
        ("p3.jpg", "nan", 200, 150, 160, "OPACITY"),
        ("p3.jpg", 100, 200, 150, 160, "KOWALSKA^JANINA"),
        ("p3.jpg", 100, 200, 150, 160, "Crackpot lung"),
        ("p2.png", 10, 20, 15, 16, "Crackpot lung"),
        ("ZQ4821.png", 100, 200, 150, 160, "OPACITY"),
    ]
    with (folder / "boxes.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "x", "y", "width", "height", "finding"), *rows])
    (folder / "labels.csv").write_text((folder / "labels.csv").read_text().replace("p3.jpg,OPACITY", "p3.jpg,"))
    ran = xray("ingest", folder)
    assert ran.code == 0, ran.err
    assert "1 boxes around findings of 1 images" in ran.err
    assert "1 boxes are not used: they reach out of their image" in ran.err
    assert "1 boxes are not used: x, y, width or height is no number" in ran.err
    assert "3 boxes are not used: their finding is held back; they are no known words and may be names" in ran.err
    assert "1 boxes are of files that are not there" in ran.err
    assert xray("run", "--select", "boxes,labels").code == 0
    assert left(store, ("KOWALSKA", "JANINA", "ZQ4821", "rackpot")) == []
    assert not [word for word in ("KOWALSKA", "ZQ4821", "rackpot") if word in ran.out + ran.err]
    assert LABELS.read(Places(store))["label"].count() == 3, "no label comes from a box"

    assert xray("ingest", folder, "--accept-labels").code == 0
    boxes = BOXES.read(Places(store))
    assert sorted(boxes["finding"].dropna().unique()) == ["crackpot lung", "opacity"]
    assert boxes["refused"].value_counts().to_dict() == {"outside": 1, "no number": 1, "held back": 1}


@pytest.mark.timeout(600)
def test_real_boxes_come_in_as_their_list_is_written(xray: Xray, tmp_path: Path, shared_data: Path) -> None:
    source, folder = shared_data / "nih", tmp_path / "in"
    folder.mkdir()
    rows = pd.read_csv(source / "boxes.csv")
    files = list(dict.fromkeys(rows["file"]))[:6]
    for file in files:
        (folder / file).write_bytes((source / "images" / file).read_bytes())
    listed = pd.read_csv(source / "labels.csv")
    listed[listed["file"].isin(files)].to_csv(folder / "labels.csv", index=False)
    ran = xray(
        "ingest", folder, "--label-column", "nih_labels", "--subject-column", "patient_id", "--boxes",
        source / "boxes.csv",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert f"{(~rows['file'].isin(files)).sum()} boxes are of files that are not there" in ran.err
    assert xray("run", "--select", "boxes").code == 0
    boxes = BOXES.read(Places(tmp_path / "store"))
    images = {sha256((folder / file).read_bytes()).hexdigest()[:16]: file for file in files}
    used = boxes[boxes["refused"].isna()]
    wanted = rows[rows["file"].isin(images[image] for image in used["image"])]
    assert len(used) == len(wanted) > 0
    found = used.assign(file=used["image"].map(images)).sort_values(["file", "left", "top"])
    assert found[["left", "top", "width", "height"]].to_numpy() == pytest.approx(
        wanted.sort_values(["file", "x", "y"])[["x", "y", "width", "height"]].to_numpy()
    )
    assert set(boxes["refused"].dropna()) <= {"no image"}
