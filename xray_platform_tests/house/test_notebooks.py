"""Notebooks: they were run, show what they gave, and hold no path of a machine; the pages of the site show the same."""

import json
from pathlib import Path

import pytest

from xray_platform_tests.house.notebooks import executed, notebooks
from xray_platform_tests.house.site_pages import notebook_page

every_notebook = pytest.mark.parametrize("file", notebooks(), ids=lambda file: file.stem)


@every_notebook
def test_it_was_run_to_its_end_without_a_complaint(file: Path) -> None:
    cells = [cell for cell in json.loads(file.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert len(outputs) >= len(cells) - 1
    assert not [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"]
    assert not [text for text in map(str, outputs) if "/site-packages" in text or "/home/" in text]


@every_notebook
def test_its_page_shows_text_code_and_what_that_gave(file: Path) -> None:
    page = notebook_page(file)
    assert page.startswith("# ")
    assert "```python\nimport os" in page
    assert "](data:image/png;base64,iVBOR" in page
    assert "<table" in page
    assert "<style" not in page
    assert f"]({file.name})" in page


def test_a_cell_that_fails_ends_it(tmp_path: Path) -> None:
    from nbclient.exceptions import CellExecutionError

    source = {"cell_type": "code", "id": "a", "metadata": {}, "source": "1 / 0"}
    cell: dict[str, object] = {**source, "execution_count": None, "outputs": []}
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    book = {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "broken.ipynb").write_text(json.dumps(book), encoding="utf-8")
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        executed(tmp_path / "broken.ipynb", tmp_path)
