"""The benchmark of networks: subjects stay together, an unseen family stays unseen, and done trials are kept."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

from xray_platform.bench import networks
from xray_platform.bench.contract import Inputs
from xray_platform.bench.network_trials import GROUPS, MEASURES, Trial, trials
from xray_platform.bench.networks import NETWORKS_BENCH, parts_of, read_rows
from xray_platform.bench.results_page import keep, write_page
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
        shipped = {trial.without for trial in listed if trial.network.name == name and trial.group == "shipped"}
        assert shipped == {"", "IM", "NORMAL2-IM"}
    forms = {(trial.network.name, trial.settings["form"]) for trial in listed if trial.group == "architectures"}
    assert forms == {(name, form) for name in NETWORKS if name != "attention_cnn" for form in ("proposed", "standard")}
    assert {trial.group for trial in listed} == set(GROUPS)


def test_the_most_telling_trials_come_first_and_each_measure_changes_one_thing(folder: Path) -> None:
    listed = list(trials(read_rows(folder)))
    assert [trial.group for trial in listed[:2]] == ["shipped", "long"]
    plain, *changed = [trial for trial in listed if trial.group == "measures" and trial.without == listed[0].without]
    assert len(changed) == len(MEASURES)
    for trial in changed:
        settings = plain.network_settings.model_dump() | plain.training_settings.model_dump()
        others = trial.network_settings.model_dump() | trial.training_settings.model_dump()
        images = (trial.recipe, trial.side) != (plain.recipe, plain.side)
        assert images != (settings != others), trial.title


def test_it_measures_and_goes_on_where_it_was_ended(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = NETWORKS["attention_cnn"]
    three = [
        Trial(f"{name} {seed}", kind, "equalised", 32, name, {**QUICK, "seed": seed}, pools=(f"pool {name}",))
        for name, seed in (("IM", 0), ("NORMAL2-IM", 0), ("NORMAL2-IM", 1))
    ]
    monkeypatch.setattr(networks, "trials", lambda _: three)
    fitted: list[str] = []

    def counted(name: str, *rest: Any, **more: Any) -> TrainedNetwork:
        if len(fitted) == 2:
            raise KeyboardInterrupt
        fitted.append(name)
        return fit_network(name, *rest, **more)

    monkeypatch.setattr(networks, "fit_network", counted)
    with pytest.raises(KeyboardInterrupt):
        NETWORKS_BENCH.measure(silent, Inputs(tmp_path, (folder,)))
    begun = NETWORKS_BENCH.measure(silent, Inputs(tmp_path, (folder,), ("done",)))
    assert {name.split(" | ")[0] for name in begun} == {f"{folder.name}: IM 0", f"{folder.name}: NORMAL2-IM 0"}
    fitted.clear()
    whole = NETWORKS_BENCH.measure(silent, Inputs(tmp_path, (folder,)))
    assert {name: whole[name] for name in begun} == dict(begun)
    assert fitted == ["attention_cnn"]
    for row in ("IM 0", "NORMAL2-IM 0", "pool NORMAL2-IM, 2 averaged"):
        label = f"{folder.name}: {row} | "
        shares = [float(str(whole[f"{label}{name}"]).split()[0]) for name in ("sensitivity", "specificity")]
        expected = pytest.approx(0.625 * shares[0] + 0.375 * shares[1], abs=1e-3)
        assert whole[f"{label}accuracy at 62.5% abnormal"] == expected
        assert " to " in str(whole[f"{label}auroc"])
    assert not any(name.startswith(f"{folder.name}: pool IM") for name in whole)


def test_the_page_shows_each_trial_as_a_row(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = [Trial("one", NETWORKS["attention_cnn"], "equalised", 32, "IM", QUICK)]
    monkeypatch.setattr(networks, "trials", lambda _: one)
    figures = NETWORKS_BENCH.measure(silent, Inputs(tmp_path, (folder,)))
    keep(tmp_path / "results", "networks", {"note": "a test", **figures}, "xray bench networks")
    lines = write_page(tmp_path / "results").read_text().splitlines()
    assert "| note | a test |" in lines
    heading = next(line for line in lines if "| auroc |" in line)
    row = next(line for line in lines if line.startswith(f"| {folder.name}: one |"))
    assert row.count("|") == heading.count("|")
    assert str(figures[f"{folder.name}: one | auroc"]) in row


def test_a_folder_without_its_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no manifest\.csv"):
        read_rows(tmp_path)
