"""Report: one page that needs nothing but itself, says what it should in every case, and believes no input."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from xray_platform.bounding_box import BoundingBox
from xray_platform.errors import StoreError
from xray_platform.evaluation.class_outputs import ClassOutputs
from xray_platform.evaluation.curves import curves_of, read_curves
from xray_platform.evaluation.evaluate import Evaluation, EvaluationSettings, evaluate
from xray_platform.evaluation.gallery import NO_SAMPLES
from xray_platform.evaluation.heatmap import MapScale
from xray_platform.evaluation.load_evaluation import load_evaluation
from xray_platform.evaluation.map_in_boxes import FindingBox, FindingInBoxes
from xray_platform.evaluation.map_statistics import MapStatistics, RandomisedMaps, map_statistics
from xray_platform.evaluation.page import NOTICE
from xray_platform.evaluation.report import LISTED, write_report
from xray_platform.evaluation.report_input import ReportInput
from xray_platform_tests.evaluation.dataset.invented_card import card
from xray_platform_tests.evaluation.invented import QUICK, evaluation, hashes, samples, scores
from xray_platform_tests.evaluation.test_class_evaluation import invented

ATTACK = '<script>alert("x")</script><img src=http://evil.example/x onerror=alert(1)>'
VOID = {"meta", "img", "source", "link", "br", "hr", "input"}


class Page(HTMLParser):
    """What a page holds: its text, its tags, and every address it would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open += [] if tag in VOID else [tag]
        for name, value in attrs:
            self.handlers += [name] if name.startswith("on") else []
            self.ids += [value or ""] if name == "id" else []
            self.addresses += [value or ""] if name in {"src", "srcset", "href"} else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def looked_at(model: Evaluation) -> MapStatistics:
    """What the maps of the gallery are like, held against those with random weights."""
    shown, scale = samples(model), MapScale(low=0.4, high=0.9)
    assert shown.heatmaps is not None
    classes = ["normal" if number % 2 else "pneumothorax" for number in range(len(shown.names))]
    blind = [RandomisedMaps(groups=groups, of=3, likeness=0.9 / groups) for groups in (1, 2, 3)]
    return map_statistics(shown.names, classes, shown.images, shown.heatmaps, scale, of=133, randomised=blind)


def whole(name: str = "Invented detector") -> ReportInput:
    model = evaluation(400)
    return ReportInput(
        model,
        title=name,
        family="network",
        description=["learns nothing at all"],
        samples=samples(model),
        findings=dict.fromkeys(samples(model).names, "pneumothorax"),
        scale=MapScale(low=0.4, high=0.9, source="the colours were invented"),
        card=card(),
        maps=looked_at(model),
        recipe=["Windowed between two percentiles", "Resized to 24 x 24"],
        settings={"Model": EvaluationSettings(), "Training": {"epochs": 3, "warm": True, "rates": [0.1, 0.2]}},
        history=[{"epoch": n, "train_loss": 1.0 / (n + 1), "val_auroc": 0.8} for n in range(3)],
        provenance={
            "dagster run": "run-of-dagster",
            "mlflow run": "a" * 32,
            "git commit": None,
            "packages": {"numpy": "2.4.6"},
            "inputs": [{"table": "splits", "version": "v-7"}],
        },
        hashes=hashes(scores(400)),
        created="2026-11-03 09:12 UTC",
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(tmp_path_factory.mktemp("report"), whole())


@pytest.fixture(scope="module")
def page(written: Path) -> Page:
    return Page(written.read_text())


def test_the_page_needs_nothing_but_itself(page: Page) -> None:
    outside = [address for address in page.addresses if not address.startswith(("data:image/", "#"))]
    assert outside == ["metrics/pictures.csv"], "a file beside it, for who asks"
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    assert page.handlers == []
    assert page.open == []


def test_the_contents_lead_somewhere(page: Page) -> None:
    targets = {address[1:] for address in page.addresses if address.startswith("#")}
    assert targets <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_the_page_forbids_scripts_and_network_itself(written: Path) -> None:
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in written.read_text()


@pytest.mark.parametrize(
    "words",
    [
        NOTICE,
        "Invented detector",
        "Chosen on the validation part alone",
        "Learns nothing at all",
        "Windowed between two percentiles",
        "draws of subjects behind each interval",
        "run-of-dagster",
        "2.4.6",
        "v-7",
        "the colours were invented",
        "Platt scaling",
        "Worst mistakes",
        "Missed: pneumothorax, called normal",
        "Every test picture",
        "2026-11-03 09:12 UTC",
        "0.1, 0.2",
    ],
)
def test_the_page_says(page: Page, words: str) -> None:
    assert words in page.text


def test_every_test_picture_is_listed_with_the_hash_of_its_bytes(written: Path) -> None:
    text = written.read_text()
    test = scores(400).query("split == 'test'")
    known = hashes(scores(400)).set_index("image")["sha256"]
    assert all(known[name] in text for name in test["image"])
    others = known[~known.index.isin(test["image"])]
    assert not any(value in text for value in others)


def test_figures_and_metrics_lie_beside_the_page(written: Path) -> None:
    folder = written.parent
    model, given = evaluation(400), whole()
    assert load_evaluation(folder / "metrics" / "metrics.json", model.rows).metrics == model.metrics
    assert read_curves(folder / "metrics" / "curves.json") == curves_of(model)
    assert {"roc.png", "confusion.png", "histograms.png"} <= {file.name for file in (folder / "images").iterdir()}
    assert {file.stem for file in (folder / "heatmaps").iterdir()} == set(given.samples.names)


def test_the_same_input_gives_the_same_page(written: Path, tmp_path: Path) -> None:
    assert write_report(tmp_path, whole()).read_text() == written.read_text()


def test_no_value_is_believed(tmp_path: Path) -> None:
    given = replace(
        whole(ATTACK),
        description=[ATTACK],
        recipe=[ATTACK],
        settings={ATTACK: {ATTACK: ATTACK}},
        findings=dict.fromkeys(samples(evaluation(400)).names, ATTACK),
        provenance={ATTACK: ATTACK, "packages": {ATTACK: ATTACK}, "list": [{ATTACK: ATTACK}], "git commit": ATTACK},
        scale=MapScale(low=0.4, high=0.9, source=ATTACK),
        created=ATTACK,
    )
    attacked = Page(write_report(tmp_path, given).read_text())
    assert "script" not in attacked.tags
    assert attacked.handlers == []
    assert not any("evil" in address for address in attacked.addresses)
    assert attacked.text.count("<script>") >= 10


@pytest.mark.parametrize("case", ["nothing else", "no abnormal", "no test", "perfect", "tiny"])
def test_every_case_has_a_page(tmp_path: Path, case: str) -> None:
    frames = {
        "nothing else": scores(90),
        "no abnormal": scores(90).assign(abnormal=False),
        "no test": scores(90).query("split != 'test'"),
        "perfect": scores(90, skill=50),
        "tiny": scores(6),
    }
    model = evaluate(frames[case], QUICK, model="bare")
    text = Page(write_report(tmp_path, ReportInput(model)).read_text()).text
    expected = {
        "nothing else": "gives an abnormal picture a higher score",
        "no abnormal": "there are no abnormal pictures in this part",
        "no test": "bare has not been tested: the test part holds no pictures.",
        "perfect": "Nearly perfect validation",
        "tiny": "A class is missing",
    }
    assert expected[case] in text
    assert "nan" not in text.lower().split()
    assert "None" not in text.split()


def test_maps_without_a_scale_are_not_shown(tmp_path: Path) -> None:
    page = write_report(tmp_path, replace(whole(), scale=None, maps=None))
    assert list((tmp_path / "heatmaps").iterdir()) == []
    assert "the model’s map" not in page.read_text()


def test_without_samples_there_is_no_gallery(tmp_path: Path) -> None:
    ids = Page(write_report(tmp_path, replace(whole(), samples=NO_SAMPLES)).read_text()).ids
    assert not {"gallery", "mistakes"} & set(ids)


def test_a_report_on_many_pictures_stays_small(tmp_path: Path) -> None:
    rows = scores(2600).assign(split=["val", "test"] * 1300)
    model = evaluate(rows, EvaluationSettings(resamples=50), model="large")
    given = ReportInput(model, samples=samples(model, side=256), scale=MapScale(low=0, high=1), hashes=hashes(rows))
    page = write_report(tmp_path, given)
    assert page.stat().st_size < 5_000_000
    whole_list = pd.read_csv(tmp_path / "metrics" / "pictures.csv", dtype={"image": str})
    test = rows.query("split == 'test'")
    assert set(whole_list["image"]) == set(test["image"])
    assert list(whole_list["score"]) == sorted(test["score"], reverse=True)
    listed = [image for image in whole_list["image"] if f'<td class="mono">{image}</td>' in page.read_text()]
    assert listed == list(whole_list["image"][:LISTED])
    assert "All 1,300 are in metrics/pictures.csv" in Page(page.read_text()).text


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot write the report .*file"):
        write_report(tmp_path / "file", whole())


def test_progress_is_told_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    write_report(tmp_path, ReportInput(evaluation(90)), progress=lambda done, total, _: told.append((done, total)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1]


def test_a_model_of_several_classes_has_a_section_with_its_table_and_figure(tmp_path: Path) -> None:
    rows, outputs = invented(300)
    rows["findings"] = rows["findings"].replace("virus", "virus <b>")
    named = ClassOutputs("label", ("normal", "bacteria", "virus <b>"), outputs.logits)
    judged = evaluate(rows, QUICK, outputs=named)
    page = Page(write_report(tmp_path / "report", ReportInput(judged)).read_text())
    assert "classes" in page.ids
    assert (tmp_path / "report" / "images" / "classes.png").is_file()
    assert judged.classes is not None
    test = judged.classes.metrics["test"]
    for name in named.classes:
        assert name in page.text
        assert f"{test.each[name]['auroc'].value:.3f}" in page.text
    assert f"{test.overall['balanced_accuracy'].value:.3f}" in page.text


def test_a_model_of_two_classes_has_no_such_section(tmp_path: Path) -> None:
    assert "classes" not in Page(write_report(tmp_path / "report", whole()).read_text()).ids


def test_the_page_says_how_maps_lie_to_boxes_and_draws_these(tmp_path: Path) -> None:
    report = whole()
    name = report.samples.names[0]
    found = (
        FindingInBoxes(ATTACK, 3, 4, 2, 0.25, 0.125, 0.75),
        FindingInBoxes("all findings", 12, 14, 3, None, 0.2, None),
    )
    boxes = {name: (FindingBox(ATTACK, BoundingBox(6, 3, 12, 9)),)}
    path = write_report(tmp_path, replace(report, boxes=found, boxed=40, samples=replace(report.samples, boxes=boxes)))
    page = Page(path.read_text())
    assert page.open == []
    assert not {"script", "link"} & set(page.tags)
    assert "Maps and boxes" in page.text
    assert "2 of 3" in page.text
    assert "3 of 12" in page.text
    assert "Of 40 pictures with boxes 12 were looked at" in page.text
    assert "What people drew a box around." in page.text
    assert path.read_text().count("top:25.00%;left:12.50%;height:50.00%;width:37.50%") == 2, "on picture and map"
    table = pd.read_csv(tmp_path / "metrics" / "map_in_boxes.csv")
    assert table["hit_share"].tolist() == pytest.approx([2 / 3, 0.25])


def test_without_boxes_the_page_is_silent_of_them(written: Path) -> None:
    assert "Maps and boxes" not in written.read_text()
    assert not (written.parent / "metrics" / "map_in_boxes.csv").exists()
