"""The benchmark of detectors: divided by subject, judged on other families and sets, maps held against boxes."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from xray_platform.bench import detector_sets, detectors, judged_detector, phantom_maps
from xray_platform.bench.contract import Inputs
from xray_platform.bench.labelled_images import read_labelled
from xray_platform.bench.map_quality import baselines, map_figures
from xray_platform.detectors.all import DETECTORS
from xray_platform.detectors.contract import Detector, DetectorKind
from xray_platform.errors import InputError
from xray_platform.phantoms.lesion_mask import lesion_mask
from xray_platform.phantoms.render import render
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom
from xray_platform.progress import silent
from xray_platform_tests.detectors.chests import BLOB_COLUMN, BLOB_ROW, SIDE, chests, with_blob


def folder_of(path: Path, normals: int, abnormals: int, seed: int) -> Path:
    """Write a set of made-up chests with its list; two images a subject, two families of normal ones."""
    images = np.concatenate([chests(normals, seed), with_blob(chests(abnormals, seed + 1))])
    rows = []
    path.mkdir()
    for number, image in enumerate(images):
        kind = "person" if number >= normals else ("IM-", "NORMAL2-IM-")[number // 2 % 2]
        file = f"{kind}{number:04d}.png"
        cv2.imwrite(str(path / file), np.rint(image * 255).astype(np.uint8))
        label = "NORMAL" if number < normals else "PNEUMONIA"
        rows.append({"file": file, "class": label, "patient": f"{label}{number // 2}"})
    pd.DataFrame(rows).to_csv(path / "manifest.csv", index=False)
    return path


@pytest.fixture(autouse=True)
def few_phantoms(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, number in (("NORMALS", 24), ("OTHER_NORMALS", 6), ("LESIONS", 6), ("SIDE", 128)):
        monkeypatch.setattr(phantom_maps, name, number)


def test_every_figure_is_there_and_a_planted_finding_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large, small = folder_of(tmp_path / "large", 120, 60, 1), folder_of(tmp_path / "small", 20, 10, 5)
    inside = f"{BLOB_COLUMN - 6},{BLOB_ROW - 6},12,12"
    boxes = [f"person{number:04d}.png,{inside}" for number in range(20, 30)]
    (small / "boxes.csv").write_text("file,x,y,width,height\n" + "\n".join(boxes) + "\n")
    monkeypatch.setattr(detector_sets, "LEAST_FOR_SPLIT", 100)
    monkeypatch.setattr("xray_platform.bench.map_quality.FILE_SIDE", SIDE)
    kinds = {name: DETECTORS[name] for name in ("pca_residual", "texture_gaussian")}
    monkeypatch.setattr(detectors, "DETECTORS", kinds)
    monkeypatch.setattr(detectors, "VARIANTS", {"whole": ("texture_gaussian", {"border": 0.0})})
    monkeypatch.setattr(detectors, "RECIPE_VARIANTS", (("pca_residual", "equalised"),))
    figures = detectors.measure(silent, Inputs(tmp_path, (large, small)))
    for name in kinds:
        assert float(figures[f"large: {name}, held-out subjects, auroc"]) > 0.9
        assert float(figures[f"large: {name}, learnt from IM- alone, auroc"]) > 0.8
        assert 0 <= float(figures[f"large: {name}, squeezed normals, false alarms of 0.05 promised, share"]) <= 1
        assert float(figures[f"large: {name}, on small, all, auroc"]) > 0.9
        hits = float(figures[f"small: {name}, learnt here, 10 images with boxes, pointing game, hits, share"])
        assert hits > float(figures["small: random map, pointing game, hits, share"])
        conformal = f"large: {name}, learnt from IM- alone, conformal false alarms of 0.05 promised, share"
        assert 0 <= float(figures[conformal]) <= 1
        several = f"large: {name}, learnt from IM- alone, validated on all families, {{}} threshold, {{}}, share"
        common, worst = (
            float(figures[several.format(which, "false alarms of 0.05 promised")])
            for which in ("common", "worst family's")
        )
        assert 0 <= worst <= common <= 1, "the highest of the families' thresholds lets less pass"
        lesions = next(key for key in figures if key.startswith(f"phantoms: {name}, ") and "with opacity, auroc" in key)
        assert 0 <= float(figures[lesions]) <= 1
    assert 0.4 < float(figures["phantoms: random map, opacity, pixels, auroc"]) < 0.6
    assert float(figures["large: all together, held-out subjects, auroc"]) > 0.9
    assert set(str(figures["large: kept by validation, parts"]).split(", ")) <= set(kinds)
    assert 0 <= float(figures["large: sharpness alone, held-out subjects, auroc"]) <= 1
    assert "large: whole, held-out subjects, auroc" in figures
    assert "large: pca_residual, recipe equalised, held-out subjects, auroc" in figures


def test_a_lesion_of_a_phantom_lies_where_its_mask_says() -> None:
    """Against the same phantom without the lesion, the pixels of the mask change most."""
    drawn = sample_phantom(
        np.random.default_rng(3), PhantomSettings(side=256, abnormal_share=1, findings=("opacity",), difficulty=0.6)
    )
    mask = lesion_mask(drawn)
    with_it, without = (
        render(one).pixels.astype(float)
        for one in (drawn, replace(drawn, finding=replace(drawn.finding, name="normal")))
    )
    change = np.abs(with_it - without)
    assert mask.shape == change.shape
    assert 0.01 < mask.mean() < 0.4
    assert change[mask].mean() > 5 * change[~mask].mean()
    assert not lesion_mask(replace(drawn, finding=replace(drawn.finding, name="normal"))).any()


def test_one_detector_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detector_sets, "LEAST_FOR_SPLIT", 100)
    monkeypatch.setattr(judged_detector, "SEEDS", (0,))
    folder = folder_of(tmp_path / "large", 120, 60, 1)
    figures = detectors.measure(silent, Inputs(tmp_path, (folder,), ("pca_residual",)))
    assert "large: pca_residual, held-out subjects, auroc" in figures
    assert not [name for name in figures if "texture_gaussian" in name or "patch_distance" in name or "seeds" in name]


def test_what_was_measured_is_not_measured_again_and_other_images_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detector_sets, "LEAST_FOR_SPLIT", 100)
    monkeypatch.setattr(judged_detector, "SEEDS", (0,))
    folder = folder_of(tmp_path / "large", 120, 60, 1)
    first = detectors.measure(silent, Inputs(tmp_path, (folder,), ("pca_residual", "texture_gaussian")))

    def never(*_: object, **__: object) -> Detector:
        raise AssertionError

    with monkeypatch.context() as patched:
        patched.setattr(DetectorKind, "fit", never)
        again = detectors.measure(silent, Inputs(tmp_path, (folder,), ("pca_residual", "texture_gaussian")))
        assert again == first
        listed = pd.read_csv(folder / "manifest.csv")
        listed.iloc[:-2].to_csv(folder / "manifest.csv", index=False)
        with pytest.raises(AssertionError):
            detectors.measure(silent, Inputs(tmp_path, (folder,), ("pca_residual",)))


def test_blurred_pictures_are_told_from_sharp_ones() -> None:
    sharp = chests(5, seed=1)
    blurred = np.array([cv2.GaussianBlur(image, (0, 0), 2) for image in sharp])
    assert detectors.blurredness(blurred).min() > detectors.blurredness(sharp).max()


def test_subjects_are_in_one_part(tmp_path: Path) -> None:
    images = read_labelled(folder_of(tmp_path / "set", 60, 20, 1))
    assert len(images.rows[["subject", "split"]].drop_duplicates()) == images.rows["subject"].nunique()
    assert set(images.rows["split"]) == {"train", "val", "test"}
    assert images.families == ["IM-", "NORMAL2-IM-"]


def test_a_perfect_map_beats_chance() -> None:
    masks = np.zeros((3, 32, 32), bool)
    masks[:, 4:12, 4:12] = True
    assert map_figures(masks.astype(np.float32), masks)["pixels, ap"] == 1
    blind = baselines(3, 32)
    assert map_figures(blind["random map"], masks)["pixels, auroc"] == pytest.approx(0.5, abs=0.05)
    assert map_figures(blind["centre prior"], masks)["pointing game, hits, share"] == 0


def test_a_folder_without_a_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neither"):
        read_labelled(tmp_path)
