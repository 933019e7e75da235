"""The benchmark of what repair is worth: whoever was damaged is not learnt from, and one network judges every form."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

from xray_platform.bench import networks, repair_pays
from xray_platform.bench.contract import Inputs
from xray_platform.bench.repair_pays import REPAIR_PAYS
from xray_platform.errors import InputError
from xray_platform.progress import silent
from xray_platform.training.fit import fit_network
from xray_platform.training.trained_network import TrainedNetwork
from xray_platform_tests.imaging.repair.chest import chest, noisy, painted

SUBJECTS, DAMAGED = 32, 8
FORMS = ["damaged", "restored by classical means", "restored by a learnt restorer", "clean"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Chests of 32 subjects, two images each, half of them with a dense patch; some of them damaged elsewhere."""
    root, rng = tmp_path_factory.mktemp("archives"), np.random.default_rng(0)
    known, pairs = root / "known", root / "pairs"
    for folder in (known, pairs / "clean", pairs / "damaged"):
        folder.mkdir(parents=True)
    listed, paired = [], []
    for number in range(SUBJECTS):
        for view in range(2):
            image = chest().astype(np.float32)
            if number % 2:
                top, left = rng.integers(60, 100, 2)
                image[top : top + 50, left : left + 50] += 60
            seen = np.clip(image + rng.normal(0, 2, image.shape), 0, 255).astype(np.uint8)
            name, said = f"{number}-{view}.png", "PNEUMONIA" if number % 2 else "NORMAL"
            cv2.imwrite(str(known / name), seen)
            listed.append((name, said, f"p{number}"))
            if number < DAMAGED and view == 0:
                cv2.imwrite(str(pairs / "clean" / name), seen)
                cv2.imwrite(str(pairs / "damaged" / name), noisy(painted(seen), 20, 0)[..., ::-1])
                paired.append((name, said, name))
    pd.DataFrame(listed, columns=["file", "class", "patient"]).to_csv(known / "manifest.csv", index=False)
    pd.DataFrame(paired, columns=["file", "class", "known_file"]).to_csv(pairs / "pairs.csv", index=False)
    return known, pairs


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many images each training learnt from."""
    fits: list[int] = []

    def counted(*given: Any, **more: Any) -> TrainedNetwork:
        fits.append(sum(len(part[0]) for part in given[3:]))
        return fit_network(*given, **more)

    monkeypatch.setattr(repair_pays, "fit_network", counted)
    return fits


def test_one_network_that_never_saw_the_subjects_judges_every_form(
    folders: tuple[Path, Path], tmp_path: Path, fits: list[int]
) -> None:
    figures = REPAIR_PAYS.measure(silent, Inputs(tmp_path, folders))
    assert fits == [2 * (SUBJECTS - DAMAGED)]
    assert figures["subjects left out"] == DAMAGED
    assert list(dict.fromkeys(name.split(" | ")[0] for name in figures if " | " in name)) == FORMS
    areas = {form: float(str(figures[f"{form} | auroc"]).split()[0]) for form in FORMS}
    assert areas["clean"] > 0.8
    assert min(areas[form] for form in FORMS[1:3]) >= areas["damaged"]
    assert REPAIR_PAYS.measure(silent, Inputs(tmp_path, folders)) == figures
    assert len(fits) == 1  # the network of the first run is kept


def test_rows_that_say_that_they_are_damaged_elsewhere_are_not_learnt_from(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    rows = networks.read_rows(folders[0])
    listed = pd.read_csv(folders[0] / "manifest.csv").assign(in_durham_set=0)
    listed.loc[listed["patient"] == "p30", "in_durham_set"] = 1
    listed.to_csv(tmp_path / "manifest.csv", index=False)
    pairs = repair_pays.read_pairs(folders[1], "known")
    assert repair_pays._kept_out(tmp_path, rows, pairs) == {"p30", *(f"p{number}" for number in range(DAMAGED))}


def test_what_cannot_be_matched_is_refused(folders: tuple[Path, Path], tmp_path: Path) -> None:
    known, pairs = folders
    with pytest.raises(InputError, match=r"one folder with manifest\.csv and one with pairs\.csv"):
        REPAIR_PAYS.measure(silent, Inputs(tmp_path, (known,)))
    with pytest.raises(InputError, match="no column 'other_file'"):
        repair_pays.read_pairs(pairs, "other")
    stranger = repair_pays.read_pairs(pairs, "known").assign(original="stranger.png")
    with pytest.raises(InputError, match=r"does not list stranger\.png"):
        repair_pays._kept_out(known, networks.read_rows(known), stranger)
