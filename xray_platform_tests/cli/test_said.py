"""`xray predict` is told age, sex and view: by options for all files, by a table for each; mistakes end in one line."""

import json
import re
import shutil
from collections.abc import Callable
from inspect import signature
from pathlib import Path

import cv2
import numpy as np
import pytest

from xray_platform.cli.predict import predict
from xray_platform.clinical_columns import ClinicalFacts
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.serving.predict import Predictor
from xray_platform.tables.columns import VIEW_POSITION
from xray_platform_tests.cli.conftest import Ran, Xray
from xray_platform_tests.serving.bundles import small_bundle
from xray_platform_tests.serving.told import told_bundle


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders with a PNG each of the same name, a third picture, and a bundle that takes all columns."""
    home = tmp_path_factory.mktemp("said")
    place = np.hypot(*np.mgrid[-1:1:300j, -1:1:280j])
    grey = 200 * np.exp(-place) + np.random.default_rng(0).integers(0, 30, place.shape)
    for name in ("one/chest.png", "two/chest.png", "two/other.png"):
        (home / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(home / name), grey.astype(np.uint8))
    told_bundle(home / "bundle")
    return home


@pytest.fixture
def files(home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(home, tmp_path / "files", ignore=shutil.ignore_patterns("bundle")))


@pytest.fixture(scope="module")
def scores(home: Path) -> Callable[..., float]:
    """What the library says of the picture, with what is said of it."""
    predictor = Predictor.load(home / "bundle", threads=1)
    data = (home / "one/chest.png").read_bytes()
    return lambda *facts: predictor.predict(data, said=ClinicalFacts(*facts)).score


@pytest.fixture
def judge(xray: Xray, home: Path) -> Callable[..., dict[str, float]]:
    def judged(*words: object) -> dict[str, float]:
        ran = xray("predict", *words, "--bundle", home / "bundle", "--json")
        assert ran.code == 0, ran.err
        said = [json.loads(line) for line in ran.out.splitlines()]
        return {"/".join(Path(one["file"]).parts[-2:]): one["score"] for one in said}

    return judged


def table(folder: Path, text: str) -> Path:
    file = folder / "clinical.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_options_hold_for_all_files_of_the_call(
    judge: Callable[..., dict[str, float]], scores: Callable[..., float], files: Path
) -> None:
    said = judge(files / "one", files / "two", "--age", "063Y", "--sex", "f", "--view", "AP")
    assert len(said) == 3
    assert list(said.values()) == [pytest.approx(scores(63.0, "F", "AP"), abs=1e-6)] * 3
    assert scores(63.0, "F", "AP") != pytest.approx(scores(), abs=1e-3)


def test_a_table_says_of_each_file_its_own_and_the_options_what_it_leaves_out(
    judge: Callable[..., dict[str, float]], scores: Callable[..., float], files: Path
) -> None:
    named = table(files, "file,age,sex\none/chest.png,63,\ntwo/chest.png,5,M\n")
    said = judge(files, "--clinical", named, "--sex", "F")  # the table lies among the files, and is none of them
    assert said == {
        "one/chest.png": pytest.approx(scores(63.0, "F"), abs=1e-6),
        "two/chest.png": pytest.approx(scores(5.0, "M"), abs=1e-6),
        "two/other.png": pytest.approx(scores(None, "F"), abs=1e-6),
    }
    assert len(set(said.values())) == 3


def test_a_file_is_named_from_the_table_from_a_folder_from_here_or_whole(
    judge: Callable[..., dict[str, float]],
    scores: Callable[..., float],
    files: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = {"one/chest.png": pytest.approx(scores(63.0), abs=1e-6)}
    monkeypatch.chdir(files / "one")
    (tmp_path / "elsewhere").mkdir()
    for folder, name in [
        (files, "one/chest.png"),
        (tmp_path / "elsewhere", "chest.png"),
        (tmp_path / "elsewhere", "./chest.png"),
        (tmp_path / "elsewhere", str(files / "one/chest.png")),
        (tmp_path / "elsewhere", "../one/chest.png"),
    ]:
        named = table(folder, f"file;age\n{name};63\n")
        assert judge(files / "one", "--clinical", named) == expected, name
        assert judge("chest.png", "--clinical", named) == {"chest.png": expected["one/chest.png"]}, name
        named.unlink()


def test_what_the_header_states_counts_before_what_is_said_and_that_is_told(
    xray: Xray, home: Path, tmp_path: Path
) -> None:
    archive = write_archive(tmp_path / "archive", ArchiveSettings(pictures=4, side=192, broken=False), workers=1).folder
    image = next(archive.rglob("*.dcm"))
    alone = xray("predict", image, "--bundle", home / "bundle", "--json")
    told = xray("predict", image, "--bundle", home / "bundle", "--json", "--age", "1", "--view", "LATERAL")
    assert json.loads(alone.out)["score"] == json.loads(told.out)["score"]
    warnings = [one for one in json.loads(told.out)["warnings"] if one.startswith("columns")]
    assert warnings == ["columns: age and view said otherwise than the header states; the header counts"]
    assert "columns" not in alone.out


def test_a_model_that_takes_none_of_it_says_so_once(xray: Xray, files: Path, tmp_path: Path) -> None:
    bundle = small_bundle(tmp_path / "plain").folder
    plain = xray("predict", files, "--bundle", bundle, "--json")
    told = xray("predict", files, "--bundle", bundle, "--json", "--age", "63", "--sex", "F")
    assert (told.code, told.out) == (0, plain.out)
    note = "Note: attention_cnn takes no clinical columns; what is said of age and sex is not used."
    assert told.err.count(note) == 1
    assert "clinical columns" not in plain.err


REFUSED = {
    "a name of nothing": ("file,age\ngone.png,63\n", "a file that is not among the 3 asked for: gone.png"),
    "names of nothing": (
        "file,age\ngone.png,63\nlost.png,\n",
        "2 files that are not among the 3 asked for: gone.png, l",
    ),
    "a name that is out of it": ("file,age\n../../../etc/passwd,63\n", "not among the 3 asked for"),
    "a name that two files have": (
        "file,age\nchest.png,63\n",
        "line 2: chest.png could be .*one/chest.png, .*two/chest",
    ),
    "a file twice": ("file,age\nother.png,1\ntwo/other.png,2\n", r"other.png twice, in lines 2 and 3; once is allowed"),
    "no name": ("file,age\n,63\n", "line 2: the column file is empty"),
    "an unknown column": (
        "file,age,gender\nother.png,1,F\n",
        "the unknown column 'gender'; allowed: file, and of age,",
    ),
    "no column of files": ("name,age\nother.png,1\n", "the unknown column 'name'; allowed: file"),
    "no clinical column": ("file\nother.png\n", "the columns file alone; allowed: file, and of age, sex, view one"),
    "ages alone": ("age,sex\n1,F\n", "the columns age, sex alone; allowed: file"),
    "an age that is none": ("file,age\nother.png,old\n", "line 2: age 'old' is not allowed; allowed: years from 0"),
    "a sex that is none": ("file,sex\n\nother.png,female\n", "line 3: sex 'female' is not allowed; allowed: M, F, O"),
    "a view that is none": ("file,view\nother.png,front\n", "view 'front' is not allowed; allowed: AP, PA, LL"),
    "a column twice": ("file,age,age\nother.png,1,2\n", "names a column more than once: age"),
    "no rows": ("file,age\n", "holds no rows"),
    "nothing": ("", "is empty; its first line must name the columns"),
    "a cell too many": ("file,age\nother.png,1,2\n", "another number of cells"),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_a_table_with_a_mistake_ends_in_one_line_before_anything_is_judged(
    xray: Xray, files: Path, mistake: str
) -> None:
    text, words = REFUSED[mistake]
    refused(xray("predict", files, "--clinical", table(files, text)), words)


def test_a_table_that_is_none_ends_in_one_line(xray: Xray, files: Path) -> None:
    refused(
        xray("predict", files, "--clinical", files / "gone.csv"), "there is no table of clinical columns .*gone.csv"
    )
    refused(xray("predict", files, "--clinical", files / "one"), "there is no table of clinical columns")
    refused(xray("predict", files, "--clinical", files / "one/chest.png"), "no UTF-8 text")
    named = table(files, "file,age\none/chest.png,1\n")
    refused(xray("predict", named, "--clinical", named), "there is no file to judge")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--age", "200"), r"--age '200' is not allowed; allowed: years from 0 to below 150 \(63 or 0.5\)"),
        (("--age=-1",), "--age '-1' is not allowed"),
        (("--sex", "male"), "--sex 'male' is not allowed; allowed: M, F, O"),
        (("--view", "up"), "--view 'up' is not allowed; allowed: AP, PA, LL, RL, RLD, LLD, RLO, LLO, LAT, LATERAL"),
    ],
)
def test_an_option_with_a_mistake_ends_in_one_line(xray: Xray, files: Path, words: tuple[str, ...], said: str) -> None:
    refused(xray("predict", files, *words), said)


def refused(ran: Ran, words: str) -> None:
    assert (ran.code, ran.out) == (2, "")
    (line,) = ran.err.strip().splitlines()
    assert re.search(words, line), line


def test_the_help_names_every_view_that_is_allowed() -> None:
    (option,) = signature(predict, eval_str=True).parameters["view"].annotation.__metadata__
    assert option.help.endswith(", ".join(VIEW_POSITION.allowed))
