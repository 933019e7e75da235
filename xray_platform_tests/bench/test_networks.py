"""The benchmark of networks: subjects stay together, an unseen family stays unseen, and done trials are kept."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

from xray_platform.bench import networks
from xray_platform.bench.contract import Inputs
from xray_platform.bench.networks import NETWORKS_BENCH, Trial, parts_of, read_rows, trials
from xray_platform.errors import InputError
from xray_platform.networks.all import NETWORKS
from xray_platform.progress import silent
from xray_platform.training.fit import fit_network
from xray_platform.training.trained_network import TrainedNetwork

QUICK = {"epochs": 1, "batch_size": 16, "threads": 1, "device": "cpu"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Normals of two families and sick ones, two images a subject, and one file that is there twice."""
    root, listed, rng = tmp_path_factory.mktemp("archive"), [], np.random.default_rng(0)
    for number in range(60):
        sick = number % 2
        name = f"person{number}_virus" if sick else f"{'IM' if number % 4 else 'NORMAL2-IM'}-{number:04d}"
        for view in range(2):
            image = (rng.random((48, 40)) * 90 + 40 * sick + 20).astype(np.uint8)
            cv2.imwrite(str(root / f"{name}-{view}.png"), image)
            listed.append((f"{name}-{view}.png", "PNEUMONIA" if sick else "NORMAL", f"p{number}"))
    (root / "twice-1.png").write_bytes((root / listed[0][0]).read_bytes())
    listed.append(("twice-1.png", "NORMAL", "p0"))
    pd.DataFrame(listed, columns=["file", "class", "patient"]).to_csv(root / "manifest.csv", index=False)
    return root


def test_subjects_stay_in_one_part_and_no_file_counts_twice(folder: Path) -> None:
    rows = read_rows(folder)
    assert len(rows) == 120
    parts = rows.assign(part=parts_of(rows, "")).groupby("subject")["part"].nunique()
    assert (parts == 1).all()
    assert set(rows["family"]) == {"IM", "NORMAL2-IM", "person"}


def test_a_family_that_is_never_seen_is_judged_on_alone_with_unseen_sick_subjects(folder: Path) -> None:
    rows = read_rows(folder)
    part = parts_of(rows, "NORMAL2-IM")
    assert set(part[rows["family"] == "NORMAL2-IM"]) == {"test"}
    assert set(rows.loc[(part == "test") & ~rows["abnormal"], "family"]) == {"NORMAL2-IM"}
    assert (part[rows["abnormal"]] == parts_of(rows, "")[rows["abnormal"]]).all()


def test_every_network_is_tried_on_each_family_and_no_two_trials_are_the_same(folder: Path) -> None:
    listed = list(trials(read_rows(folder)))
    assert len({trial.id() for trial in listed}) == len({trial.title for trial in listed}) == len(listed)
    for name in NETWORKS:
        shipped = {trial.without for trial in listed if trial.network.name == name and not trial.training}
        assert shipped == {"", "IM", "NORMAL2-IM"}


def test_it_measures_and_goes_on_where_it_was_ended(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = NETWORKS["attention_cnn"]
    two = [Trial(name, kind, "equalised", 32, name, QUICK) for name in ("IM", "NORMAL2-IM")]
    monkeypatch.setattr(networks, "trials", lambda _: two[:1])
    first = NETWORKS_BENCH.measure(silent, Inputs(tmp_path, (folder,)))
    monkeypatch.setattr(networks, "trials", lambda _: two)
    fitted: list[str] = []

    def counted(name: str, *rest: Any, **more: Any) -> TrainedNetwork:
        fitted.append(name)
        return fit_network(name, *rest, **more)

    monkeypatch.setattr(networks, "fit_network", counted)
    both = NETWORKS_BENCH.measure(silent, Inputs(tmp_path, (folder,)))
    assert {name: both[name] for name in first} == dict(first)
    assert fitted == ["attention_cnn"]
    for without in ("IM", "NORMAL2-IM"):
        label = f"{folder.name}: {without}: "
        assert 0 <= float(both[f"{label}auroc"]) <= 1
        share = [float(both[f"{label}{name}"]) for name in ("sensitivity", "specificity")]
        assert both[f"{label}accuracy at 62.5% abnormal"] == pytest.approx(0.625 * share[0] + 0.375 * share[1])
        assert " to " in str(both[f"{label}auroc, 95% interval"])


def test_a_folder_without_its_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no manifest\.csv"):
        read_rows(tmp_path)
