"""All words stand in one table: the page and its script use no other, and a translation is a file."""

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

from xray_platform.errors import InputError
from xray_platform.serving.room.page import page_files
from xray_platform.serving.room.words import read_words, shipped_words

STATIC = files("xray_platform.serving.room") / "static"


def test_the_page_uses_known_words_and_holds_no_text_of_its_own() -> None:
    page = (STATIC / "page.html").read_text(encoding="utf-8")
    assert set(re.findall(r"\{\{(\w+)\}\}", page)) <= set(shipped_words())
    text = re.sub(r"<!?[^>]*>|\{\{\w+\}\}", " ", page)
    assert text.split() == []


def test_every_word_is_used() -> None:
    source = "".join((STATIC / name).read_text(encoding="utf-8") for name in ("page.html", "room.js", "others.js"))
    composed = ("verdict_", "advice_", "uncertainty_", "heatmap_scale_")
    assert [key for key in shipped_words() if key not in source and not key.startswith(composed)] == []


def test_a_translation_is_a_file_and_may_leave_things_out(tmp_path: Path) -> None:
    file = tmp_path / "de.json"
    file.write_text(json.dumps({"title": "Befund<raum>", "threshold": "abnorm ab {threshold}", "language": "de"}))
    words = read_words(file)
    assert words["fit"] == shipped_words()["fit"]
    page = page_files(words).page
    assert '<html lang="de">' in page
    assert "<title>Befund&lt;raum&gt;</title>" in page


@pytest.mark.parametrize("own", [{"tilte": "x"}, {"threshold": "no place"}, {"title": "{more}"}, {"title": 3}, [], "{"])
def test_a_table_with_mistakes_is_refused(tmp_path: Path, own: object) -> None:
    file = tmp_path / "own.json"
    file.write_text(own if isinstance(own, str) else json.dumps(own))
    with pytest.raises(InputError, match=re.escape(str(file))):
        read_words(file)
