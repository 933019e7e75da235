"""Data report: it comes out of any store, says what is in it, and believes no word of it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from xray_platform.evaluation.cautions import Caution
from xray_platform.evaluation.dataset.composition import composition
from xray_platform.evaluation.dataset.data_card import DataCard
from xray_platform.evaluation.dataset.data_report import (
    DataReport,
    SheetPicture,
    count_batches,
    count_rules,
    write_data_report,
)
from xray_platform.evaluation.dataset.description import DatasetDescription
from xray_platform.evaluation.dataset.distributions import BINS, NUMBERS, distributions, picture_numbers, unusual
from xray_platform.evaluation.dataset.example import EXAMPLE
from xray_platform.evaluation.dataset.flow import flow_of
from xray_platform_tests.evaluation.dataset.invented_card import NOTICES, tables
from xray_platform_tests.evaluation.test_report import ATTACK, Page


def measured(images: pd.DataFrame, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return rows of the tables `images` and `standard_images` with invented numbers."""
    generator = np.random.default_rng(seed)
    names = ("grey_mean", "grey_deviation", "black_share", "white_share", "flat_border", "sharpness", "block_edges")
    standard = pd.DataFrame({"image": images["image"], "grey_levels": 256})
    standard[list(names)] = generator.uniform(0.2, 0.4, (len(images), len(names)))
    return images.assign(rows=2048, columns=generator.integers(1500, 2500, len(images)), spacing_mm=None), standard


def report(files: int = 60, described: DatasetDescription = DatasetDescription(), word: str = "a word") -> DataReport:
    made = tables(60)
    if not files:
        made = {name: frame.head(0) for name, frame in made.items()}
    images, standard = measured(made["images"])
    images = images.assign(manufacturer=word)
    quality = made["quality"].assign(batch="batch-0001")
    flow = flow_of(**{**made, "images": images}, notices={**NOTICES, "Q001": word})
    pixels = np.full((8, 6), 0.5, np.float32)
    return DataReport(
        DataCard(described, flow, composition(images)),
        count_rules(quality, {"Q001": word}),
        count_batches(quality, images.assign(batch="batch-0001"), ["batch-0001", "batch-0002"]),
        distributions(picture_numbers(images, standard)),
        {word: 3} if files else {},
        [SheetPicture("0123456789abcdef", pixels, word)],
        [],
        [Caution("odd", word, word)],
    )


def test_it_says_what_is_in_the_tables(tmp_path: Path) -> None:
    made = report()
    page = Page(write_data_report(tmp_path, made).read_text(encoding="utf-8"))
    said = json.loads((tmp_path / "metrics" / "data.json").read_text(encoding="utf-8"))
    assert "67 files came in, in 1 batch; " in page.text
    assert {address[1:] for address in page.addresses if address.startswith("#")} <= set(page.ids)
    rejected = {one["rule"]: one["rejected"] for one in said["rules"]}
    assert rejected["Q001"] == (tables()["quality"].drop_duplicates("sha256")["severity"] == "reject").sum()
    assert said["batches"][0]["files"] == 60
    assert said["batches"][0]["pictures"] == len(tables()["images"])
    assert (tmp_path / "images" / "flow.svg").is_file()


def test_an_empty_store_has_a_report_too(tmp_path: Path) -> None:
    page = Page(write_data_report(tmp_path, replace(report(0), sample=[])).read_text(encoding="utf-8"))
    assert "0 files came in" in page.text
    assert "No picture was published yet." in page.text
    assert "No picture has a label." in page.text


def test_what_people_say_stands_on_it(tmp_path: Path) -> None:
    said = DatasetDescription.model_validate(yaml.safe_load(EXAMPLE))
    page = Page(write_data_report(tmp_path, report(60, said)).read_text(encoding="utf-8"))
    assert "Chest radiographs of two hospitals" in page.text
    assert "Cohen's kappa 0.81 on all examinations" in page.text


@pytest.mark.parametrize("word", [ATTACK, "DOE^JANE <b>x</b>"])
def test_no_word_is_obeyed(tmp_path: Path, word: str) -> None:
    described = DatasetDescription(name=word, summary=word, limits=(word,))
    raw = write_data_report(tmp_path / "hostile", report(60, described, word)).read_text(encoding="utf-8")
    plain = Page(write_data_report(tmp_path / "plain", report(60, described)).read_text(encoding="utf-8"))
    page = Page(raw)
    assert word not in raw
    assert set(page.tags) == set(plain.tags)
    assert not page.handlers
    assert not [address for address in page.addresses if "evil" in address]


def test_distributions_are_those_of_numpy_and_hold_every_picture() -> None:
    images, standard = measured(tables(200)["images"])
    numbers = picture_numbers(images, standard)
    found = {one.fact.name: one for one in distributions(numbers)}
    assert "spacing_mm" not in found  # no picture has any
    assert set(found) == {fact.name for fact in NUMBERS} - {"spacing_mm"}
    for name, one in found.items():
        known = numbers[name].dropna().to_numpy()
        assert one.known == len(known)
        assert one.missing == len(numbers) - len(known)
        assert one.median == pytest.approx(np.median(known))
        assert sum(one.bars) == one.known
        assert len(one.bars) == BINS
        assert one.low <= one.percentile_5 <= one.percentile_95 <= one.high


def test_what_is_far_from_the_others_is_unusual() -> None:
    images, standard = measured(tables(200)["images"])
    standard.loc[3, "sharpness"] = 9.0
    standard.loc[5, "grey_mean"] = -2.0
    found = unusual(picture_numbers(images, standard), 16)
    assert list(found) == [images["image"].iloc[3], images["image"].iloc[5]]
    assert list(found.values()) == ["high: sharpness 9", "low: mean grey -2"]


def test_equal_values_make_nothing_unusual() -> None:
    images, standard = measured(tables(200)["images"])
    standard["sharpness"] = 0.1
    assert not unusual(picture_numbers(images, standard), 16)
