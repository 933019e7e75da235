"""Labels through the command: findings go in at once; what may be a name is held back and never shown."""

import csv
from pathlib import Path

import pytest

from xray_platform.cli import ingest
from xray_platform.dicom.intake.label_words import declare
from xray_platform.tables.all import LABELS
from xray_platform.tables.places import Places
from xray_platform_tests.cli.conftest import Ran, Xray
from xray_platform_tests.cli.test_pictures import archive

PLANTED = ("KOWALSKA", "JANINA", "ZQ4821", "<script>alert", "Crackpot")


def relabel(folder: Path, labels: dict[int, str]) -> None:
    with (folder / "labels.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    for number, label in labels.items():
        rows[number][1] = label
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([head, *rows])


def told(ran: Ran) -> list[str]:
    return [word for word in PLANTED if word in ran.out + ran.err]


def left(store: Path, words: tuple[str, ...] = PLANTED) -> list[tuple[str, str]]:
    files = [path for path in store.rglob("*") if path.is_file() and not path.is_relative_to(Places(store).raw)]
    return [(path.name, word) for path in files for word in words if word.encode() in path.read_bytes()]


@pytest.mark.timeout(900)
def test_names_among_the_labels_are_held_back_and_declared_words_come_in(xray: Xray, tmp_path: Path) -> None:
    folder, store = archive(tmp_path / "KOWALSKA^JANINA", 6, 3), tmp_path / "store"
    for number in (1, 2):
        (folder / f"p{number}.{'jpg' if number % 2 else 'png'}").rename(folder / f"JANINA_{number}.png")
    text = (folder / "labels.csv").read_text().replace("p1.jpg", "JANINA_1.png").replace("p2.png", "JANINA_2.png")
    (folder / "labels.csv").write_text(text.replace("person", "ZQ4821"))
    relabel(folder, {1: "KOWALSKA^JANINA", 2: "<script>alert(1)</script>", 6: "Crackpot lung", 7: "Crackpot lung"})
    ran = xray("ingest", folder)
    assert ran.code == 0, ran.err
    assert "the labels of 4 images are held back" in ran.err
    assert "--accept-labels" in ran.err
    assert xray("run", "--select", "labels").code == 0
    labels = LABELS.read(Places(store))
    assert labels["label"].value_counts().to_dict() == {"NORMAL": 4, "OPACITY": 1}
    assert labels["abnormal"].isna().sum() == 4
    assert (left(store), told(ran)) == ([], [])

    ran = xray("ingest", folder, "--accept-labels")
    assert ran.code == 0, ran.err
    assert "the labels of 2 images are held back" in ran.err
    assert LABELS.read(Places(store))["label"].value_counts().to_dict() == {
        "NORMAL": 4,
        "Crackpot lung": 2,
        "OPACITY": 1,
    }
    assert {name for name, _ in left(store)} == {"all.parquet"}, "labels stand in their table alone"

    relabel(folder, {1: "normal", 2: "normal", 6: "opacity", 7: "opacity"})
    ran = xray("ingest", folder)
    assert ran.code == 0, ran.err
    assert "held back" not in ran.err
    assert xray("run", "--select", "labels").code == 0
    assert LABELS.read(Places(store))["label"].notna().all()
    assert left(store) == [], "what was corrected left nothing"
    assert "batch-0002: 4 accepted, 4 known" in ran.out
    assert "ot accepted" not in ran.out
    assert "not judged" not in ran.out


def test_at_a_terminal_classes_are_shown_and_asked_for_and_names_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from xray_platform.dicom.intake.label_file import LabelOptions

    labels = tmp_path / "labels.csv"
    rows = "a.png,Crackpot lung\nb.png,Crackpot lung\nc.png,Janina Kowalska\n"
    labels.write_text(f"file,label\n{rows}")
    places = Places(tmp_path)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    for answer in (False, True):
        monkeypatch.setattr("typer.confirm", lambda *_, answer=answer, **__: answer)
        assert ingest.declare_labels(places, LabelOptions(labels), [], accept=False) == answer
    said = capsys.readouterr()
    assert "Crackpot lung" in said.err
    assert "Kowalska" not in said.err + said.out
    assert not declare(places, ["Crackpot lung"])


def test_a_word_that_means_normal_is_declared_by_that(xray: Xray, tmp_path: Path) -> None:
    folder = archive(tmp_path / "in", 2, 1)
    relabel(folder, {0: "tip top", 1: "tip top"})
    wrong = xray("ingest", folder, "--normal", "healthy")
    assert wrong.code == 2
    assert "is 'healthy'; there are tip top, OPACITY" in wrong.err
    assert not (tmp_path / "store").exists()
    assert xray("ingest", folder, "--normal", "Tip top").code == 0
    ran = xray("run", "--select", "labels,splits")
    assert ran.code == 0
    (warned,) = [line for line in ran.err.splitlines() if "splits_checks" in line]
    assert warned.split()[0] == "!"
    assert "classes warns" in warned
    assert all(line.split()[0] == "✓" for line in ran.err.splitlines() if "labels_checks" in line)
    labels = LABELS.read(Places(tmp_path / "store")).sort_values("label")
    assert list(zip(labels["label"], labels["abnormal"], strict=True)) == [
        ("OPACITY", True),
        ("tip top", False),
        ("tip top", False),
    ]


def test_a_declared_word_that_is_none_is_one_line(xray: Xray, tmp_path: Path) -> None:
    ran = xray("ingest", archive(tmp_path / "in", 1, 0), "--label", "a^b")
    assert ran.code == 2
    assert "declared label number 1 is no word" in ran.err


def test_words_for_normal_are_held_against_the_labels_and_names_among_them_are_not_shown(
    xray: Xray, tmp_path: Path
) -> None:
    folder = archive(tmp_path / "in", 3, 2)
    relabel(folder, {0: "KOWALSKA^JANINA", 1: "Crackpot lung", 2: "Crackpot lung"})
    ran = xray("ingest", folder, "--normal", "opacity", "--normal", "No Finding")
    assert ran.code == 2
    assert "is 'No Finding'; there are Crackpot lung, OPACITY and 1 more that are not shown" in ran.err
    assert "KOWALSKA" not in ran.err
