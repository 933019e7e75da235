"""What the documents show can be done: commands there are, settings that are taken, links that lead somewhere."""

import re
from pathlib import Path

import pytest
import typer.main

from xray_platform.cli.app import app
from xray_platform.defs.dataset_file import read_dataset
from xray_platform.defs.graph import settings_classes
from xray_platform.defs.store_settings import read_settings
from xray_platform.imaging.recipes import known_recipes
from xray_platform.tables.places import Places
from xray_platform_tests.house.commands import documents, each_once, shown
from xray_platform_tests.house.reference import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
README_LINES = 120  # two screens and a half

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def test_the_readme_fits_on_two_screens_and_a_half() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= README_LINES


@every_page
def test_its_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)]*))?\)", text):
        if target.startswith(("http://", "https://")):
            continue
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{page.name} links to {target}"
        assert not anchor or anchor in _anchors(file), f"{page.name} links to {target}#{anchor}"


@every_page
def test_its_settings_are_taken(page: Path, tmp_path: Path) -> None:
    for block in re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        name = re.match(r"# (recipes/\w+\.yaml|dataset\.yaml)\n", block)
        file = tmp_path / (name[1] if name else "xray.yaml")
        file.parent.mkdir(exist_ok=True)
        file.write_text(block, encoding="utf-8")
        places = Places(tmp_path)
        read_settings(places, settings_classes(known_recipes(places)))
        read_dataset(places)


@every_page
def test_its_commands_are_there(page: Path) -> None:
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert {command.split()[1] for command in shown(page.read_text(encoding="utf-8"))} <= set(known)


def test_a_command_is_run_without_its_remark_and_the_file_that_it_prints_into() -> None:
    text = "```console\n$ xray a --b > c.json # d\n$ xray e   # f\n$ make g\n```"
    assert shown(text) == ["xray a --b", "xray e"]


def test_each_command_is_run_once() -> None:
    commands = each_once(documents())
    assert ["xray", "ingest", "archive", "--labels", "archive/labels.csv"] in commands
    assert len(commands) == len({tuple(words) for words in commands})


def _anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and MkDocs make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
