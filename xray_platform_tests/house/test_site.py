"""The site's pages are made of what there is: links of the root lead on, each folder of code has its page."""

import re
from pathlib import Path

import pytest

from xray_platform_tests.house.doctest_fences import fenced
from xray_platform_tests.house.offline import complaint, fetched
from xray_platform_tests.house.site_pages import FROM_ROOT, PACKAGE, ROOT, api_page, api_pages, moved, on_page_markdown

NAMED = re.compile(r"^::: (\S+)$", re.MULTILINE)


def test_links_of_the_root_lead_to_the_pages_of_the_site() -> None:
    text = "[a](docs/guides/models.md) [b](CONTRIBUTING.md#add-a-detector) [c](LICENSE) ![d](docs/images/mlflow.png)"
    expected = "[a](guides/models.md) [b](contributing.md#add-a-detector) [c](LICENSE.txt) ![d](images/mlflow.png)"
    assert moved(text) == expected


@pytest.mark.parametrize("page", ["[a](../CONTRIBUTING.md#x)", "[a](../../CONTRIBUTING.md#x)"])
def test_links_of_the_documents_to_the_root_lead_to_the_pages_of_the_site(page: str) -> None:
    assert on_page_markdown(page) == page.replace("../CONTRIBUTING", "contributing")


def test_each_file_of_code_stands_on_one_page() -> None:
    found = [name for folder in api_pages() for name in NAMED.findall(api_page(ROOT / folder))]
    files = [file for file in PACKAGE.rglob("*.py") if file.stem != "__init__"]
    assert sorted(found) == sorted(".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files)


def test_each_page_that_comes_from_the_root_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert all(f" {page}\n" in navigation for page in FROM_ROOT.values())


def test_examples_stand_between_fences() -> None:
    text = "Return a sum.\n\n>>> add(1, 2)\n3\n>>> add(0, 0)\n0\n\nIt is quick."
    assert fenced(text) == "Return a sum.\n\n```pycon\n>>> add(1, 2)\n3\n>>> add(0, 0)\n0\n```\n\nIt is quick."
    assert fenced("a >>> b") == "a >>> b"


def test_what_a_page_fetches_from_elsewhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        '<link rel="stylesheet" href="https://a.example/x.css"><script src="local.js"></script>'
        '<a href="https://b.example">b</a><link href="https://c.example/page" rel="canonical">'
        '<img src="http://d.example/x.png">'
    )
    (tmp_path / "style.css").write_text("@font-face { src: url(https://e.example/f.woff2) } a { color: red }")
    assert fetched(tmp_path) == [
        ("page.html", "https://a.example/x.css"),
        ("page.html", "http://d.example/x.png"),
        ("style.css", "https://e.example/f.woff2"),
    ]
    assert complaint(tmp_path) is not None
    (tmp_path / "page.html").write_text('<script src="local.js"></script>')
    (tmp_path / "style.css").unlink()
    assert complaint(tmp_path) is None
