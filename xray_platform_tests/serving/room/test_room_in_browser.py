"""A reader in front of the page, in headless Chromium."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from xray_platform.clinical_columns import ClinicalFacts
from xray_platform.dicom.intake.readings import Reading, read_lines
from xray_platform.serving.http.champion import ModelLocation
from xray_platform.serving.predict import Predictor
from xray_platform.tables.all import IMAGES
from xray_platform.tables.places import Places
from xray_platform_tests.browsing import CALM
from xray_platform_tests.serving.http.serving import Running, server
from xray_platform_tests.serving.room.conftest import Open
from xray_platform_tests.serving.told import told_bundle

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
PATIENCE_MS = 60_000
NOTICE = "not a medical device"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no Chromium at {CHROMIUM}"),
]
GREYS = """() => { const view = document.getElementById("view"), context = view.getContext("2d");
  return [[0.5, 0.5], [0.4, 0.6], [0.6, 0.3]].map(([x, y]) =>
    [...context.getImageData(Math.floor(view.width * x), Math.floor(view.height * y), 1, 1).data.slice(0, 3)]); }"""
OPEN = "() => !!(room.viewer.image && room.viewer.heat && !room.viewer.wanted)"
SPLIT = """(at) => { const slider = document.getElementById("beside-split");
  slider.value = at; slider.dispatchEvent(new Event("input")); }"""
QUIET = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright  # slow, and only these tests need it

    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=str(CHROMIUM), args=CALM)
        yield opened
        opened.close()


@pytest.fixture
def running(room: Open) -> Iterator[Running]:
    with room() as opened:
        yield opened


class Reader:
    """A page of the reading room, what it complained of and what it asked for."""

    def __init__(self, browser: Any, running: Running, width: int = 1280, height: int = 900) -> None:
        self.page = browser.new_page(viewport={"width": width, "height": height})
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(f"http://127.0.0.1:{running.port}/")
        self.page.wait_for_selector("#list button", timeout=PATIENCE_MS)

    def until(self, true: str) -> None:
        deadline = time.monotonic() + PATIENCE_MS / 1000  # the page's own rules forbid what `wait_for_function` does
        while not self.page.evaluate(true):
            assert time.monotonic() < deadline, true
            time.sleep(0.05)
        self.page.evaluate(QUIET)

    def choose(self, file: Path) -> None:
        self.page.set_input_files("#file", str(file))
        self.until(OPEN)

    def text(self, selector: str) -> str:
        return str(self.page.locator(selector).inner_text())

    @property
    def greys(self) -> Any:
        self.page.evaluate(QUIET)
        return self.page.evaluate(GREYS)


@pytest.fixture
def reader(browser: Any, running: Running) -> Iterator[Reader]:
    opened = Reader(browser, running)
    yield opened
    opened.page.close()


def test_a_file_is_read_in_careful_words_without_asking_anybody_else(reader: Reader, sound: list[Path]) -> None:
    reader.choose(sound[0])
    assert NOTICE in reader.text("#notice")
    assert "radiologist" in reader.text("#advice")
    assert "called abnormal from" in reader.text("#threshold")
    assert "version 3" in reader.text("#model")
    assert reader.page.locator("#scale-high").inner_text() == "1.50"
    assert reader.complaints == []
    assert {url.split("/")[2] for url in reader.asked if not url.startswith(("data:", "blob:"))} == {
        reader.page.url.split("/")[2]
    }


def test_what_is_shown_is_the_image_through_its_window(reader: Reader, sound: list[Path]) -> None:
    reader.choose(sound[0])
    page = reader.page
    page.locator("#heat-on").uncheck()
    reader.page.keyboard.press("1")
    page.evaluate("room.viewer.setWindow(room.viewer.image.window[0], room.viewer.image.window[1])")
    reader.page.evaluate(QUIET)
    expected, seen = page.evaluate(
        """() => { const v = room.viewer, view = v.canvas, ratio = devicePixelRatio, out = [[], []];
        for (const [x, y] of [[0, 0], [20, -30], [-40, 35]]) {
          const [row, column] = v.place(view.clientWidth / 2 + x + 0.5, view.clientHeight / 2 + y + 0.5);
          const value = v.image.pixels[Math.floor(row) * v.image.columns + Math.floor(column)];
          out[0].push(Math.max(0, Math.min(255, Math.round((value - v.low) * 255 / (v.high - v.low)))));
          out[1].push(v.context.getImageData(Math.floor((view.clientWidth / 2 + x) * ratio),
            Math.floor((view.clientHeight / 2 + y) * ratio), 1, 1).data[0]);
        } return out; }"""
    )
    assert seen == pytest.approx(expected, abs=12)  # half a pixel of interpolation
    page.keyboard.press("0")
    before = reader.greys
    page.keyboard.press("i")
    assert [[255 - value for value in one] for one in reader.greys] == before


def test_mouse_and_keys_move_window_and_image(reader: Reader, sound: list[Path]) -> None:
    reader.choose(sound[0])
    page, state = reader.page, "() => [room.viewer.low, room.viewer.high, room.viewer.zoom, room.viewer.turns]"
    first = page.evaluate(state)
    box = page.locator("#view").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 80, y + 40)
    page.mouse.up()
    dragged = page.evaluate(state)
    assert dragged[1] - dragged[0] > first[1] - first[0]
    page.locator("#view").focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(state)[1] - page.evaluate(state)[0] < dragged[1] - dragged[0]
    page.mouse.wheel(0, -300)
    reader.until(f"() => room.viewer.zoom > {dragged[2]}")
    page.keyboard.press("r")
    assert page.evaluate(state)[3] == 1
    page.locator('[data-do="reset"]').click()
    assert page.evaluate(state) == pytest.approx(first)


def test_the_heat_map_is_laid_over_with_the_chosen_opacity(reader: Reader, sound: list[Path]) -> None:
    reader.choose(sound[0])
    shown = reader.greys
    reader.page.keyboard.press("h")
    bare = reader.greys
    assert all(len(set(one)) == 1 for one in bare)
    reader.page.keyboard.press("h")
    assert reader.greys == shown
    for _ in range(4):
        reader.page.keyboard.press("[")
    assert reader.greys == bare


def test_a_file_that_is_refused_says_why(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "<img src=x onerror=alert(1)>.dcm").write_bytes(b"no image")
    reader.page.set_input_files("#file", str(tmp_path / "<img src=x onerror=alert(1)>.dcm"))
    reader.page.wait_for_selector("#refused:not([hidden])", timeout=PATIENCE_MS)
    assert reader.text("#refused-why") == "Q002: neither DICOM nor JPEG nor PNG"
    assert reader.page.locator("#verdict").is_hidden()
    assert "onerror" not in reader.page.content()


def test_age_sex_and_view_are_asked_for_where_the_model_takes_them_and_hold_for_one_image(
    browser: Any, places: Places, tmp_path: Path
) -> None:
    bundle = told_bundle(tmp_path / "bundle")
    place = np.hypot(*np.mgrid[-1:1:300j, -1:1:280j])
    grey = 200 * np.exp(-place) + np.random.default_rng(0).integers(0, 30, place.shape)
    cv2.imwrite(str(tmp_path / "MUELLER.png"), grey.astype(np.uint8))
    data, alone = (tmp_path / "MUELLER.png").read_bytes(), Predictor.load(bundle.folder, threads=1)
    with server(lambda: ModelLocation(bundle.folder, bundle.id, "4"), store=places) as running:
        reader = Reader(browser, running)
        page = reader.page
        sent: list[str] = []
        page.on("request", lambda request: sent.append(str(request.post_data_buffer or b"")))
        page.locator("#told summary").click()
        page.locator("#told-age").fill("63")
        page.locator("#told-sex").select_option("F")
        page.locator("#told-view").select_option("AP")
        reader.choose(tmp_path / "MUELLER.png")
        expected = alone.predict(data, said=ClinicalFacts(63.0, "F", "AP")).score
        assert page.evaluate("room.opened.prediction.score") == pytest.approx(expected, abs=1e-5)
        assert "columns" not in reader.text("#warnings")
        assert "MUELLER" not in "".join(sent)
        assert [page.locator(f"#told-{name}").input_value() for name in ("age", "sex", "view")] == ["", "", ""]
        reader.choose(tmp_path / "MUELLER.png")
        assert page.evaluate("room.opened.prediction.score") == pytest.approx(alone.predict(data).score, abs=1e-5)
        assert "columns: age and sex and view not stated" in reader.text("#warnings")
        page.locator("#told-age").fill("old")
        page.set_input_files("#file", str(tmp_path / "MUELLER.png"))
        page.wait_for_selector("#problem:not([hidden])", timeout=PATIENCE_MS)
        assert "what is said of age is not allowed; allowed: years from 0 to below 150" in reader.text("#problem")
        page.close()


def test_a_model_that_takes_none_asks_for_none(reader: Reader, sound: list[Path]) -> None:
    reader.choose(sound[0])
    assert reader.page.locator("#told").is_hidden()


def test_a_blind_reading_with_a_box_is_kept_and_handed_over(reader: Reader, places: Places) -> None:
    page = reader.page
    page.locator("#blind").check()
    page.locator("#list button").first.click()
    reader.until("() => !!room.viewer.image")
    assert page.locator("#verdict").is_hidden()
    assert page.locator("#agree").is_hidden()
    page.locator('[data-tool="box"]').click()
    box = page.locator("#view").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 60, y - 50)
    page.mouse.down()
    page.mouse.move(x + 30, y + 40, steps=4)
    page.mouse.up()
    page.locator("#save").click()
    assert reader.text("#answer-said") == "Say who reads, first."
    page.locator("#reader").fill("A. Reader")
    page.get_by_label("abnormal", exact=True).check()
    page.locator("#save").click()
    page.wait_for_selector("#verdict:not([hidden])", timeout=PATIENCE_MS)
    page.locator("#hand-over").click()
    reader.until("() => document.getElementById('over-said').textContent !== ''")
    (reading,) = (line for line in read_lines(places) if isinstance(line, Reading))
    assert (reading.reader, reading.abnormal, reading.blind, len(reading.boxes)) == ("A. Reader", True, True, 1)
    assert reading.boxes[0][2] * reading.boxes[0][3] > 100


def test_the_next_unread_image_is_a_key_away(reader: Reader) -> None:
    reader.page.keyboard.press("n")
    reader.until(OPEN)
    first = reader.page.evaluate("room.opened.image")
    reader.page.keyboard.press("n")
    reader.until(f"() => room.opened && room.opened.image !== '{first}' && !!room.viewer.heat")


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_it_fits_any_width_and_every_control_has_a_name(
    browser: Any, running: Running, sound: list[Path], width: int
) -> None:
    reader = Reader(browser, running, width)
    reader.choose(sound[0])
    page = reader.page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    nameless = """() => [...document.querySelectorAll("button, input, select, canvas[tabindex]")].filter(one =>
      one.checkVisibility() && !(one.ariaLabel || one.innerText || one.labels?.length)).map(one => one.outerHTML)"""
    assert page.evaluate(nameless) == []
    page.emulate_media(media="print")
    assert page.locator("footer").is_visible()
    assert NOTICE in reader.text("footer")
    assert page.locator("#tools").is_hidden()
    page.close()


def test_words_of_a_house_are_shown_as_text(browser: Any, room: Open, sound: list[Path]) -> None:
    with room(words={"advice_abnormal": "<b>Ask</b>", "advice_normal": "<b>Ask</b>"}) as running:
        reader = Reader(browser, running)
        reader.choose(sound[0])
        assert reader.text("#advice") == "<b>Ask</b>"
        reader.page.close()


def test_another_image_of_the_subject_is_swiped_over_the_open_one(reader: Reader, places: Places) -> None:
    rows = IMAGES.read(places).sort_values("image", ignore_index=True)
    IMAGES.write(places, rows.assign(subject=rows["subject"][0]), str(rows["batch"][0]))
    page = reader.page
    page.locator("#list button").first.click()
    reader.until(OPEN)
    page.wait_for_selector("#earlier-part:not([hidden])", timeout=PATIENCE_MS)
    assert page.locator("#earlier button").count() == len(rows) - 1
    page.locator("#heat-on").uncheck()
    own = reader.greys
    page.locator("#earlier button").first.click()
    page.wait_for_selector("#beside:not([hidden])", timeout=PATIENCE_MS)
    page.evaluate(SPLIT, 0)
    other = reader.greys
    assert other != own, "the other image covers the open one"
    page.evaluate(SPLIT, 100)
    assert reader.greys == own
    page.locator("#beside-mode").select_option("difference")
    assert reader.greys not in (own, other)
    assert page.locator("#beside-split").is_disabled()
    page.locator("#beside-close").click()
    assert reader.greys == own
