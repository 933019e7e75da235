"""Notebooks: run those of docs/notebooks on a store, each in a kernel of its own; as a module with the store's root.

With `--keep` what they print and draw is written back into them: that is what the site shows.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from xray_platform_tests.house.reference import ROOT

FOLDER = ROOT / "docs" / "notebooks"
SECONDS = 600


def notebooks() -> list[Path]:
    """Return the notebooks, in the order in which one reads them."""
    return [FOLDER / f"{name}.ipynb" for name in ("explore_archive", "compare_models", "explain_and_audit")]


def executed(file: Path, store: Path) -> Any:
    """Return a notebook with what its cells gave; raises CellExecutionError, with the cell, where one failed."""
    book = nbformat.reads(file.read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(book, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(store)}})
    client.execute(env={**os.environ, "XRAY_ROOT": str(store.resolve())})
    for cell in book.cells:
        cell.metadata.pop("execution", None)  # when it ran: another each time
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    book.metadata = {"kernelspec": book.metadata["kernelspec"], "language_info": {"name": "python"}}
    return book


def main() -> None:
    """Run all notebooks; the first cell that fails ends it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("store", type=Path)
    parser.add_argument("--keep", action="store_true")
    given = parser.parse_args()
    for file in notebooks():
        book = executed(file, given.store)
        sys.stdout.write(f"{file.name}: {sum(cell.cell_type == 'code' for cell in book.cells)} cells ran\n")
        if given.keep:
            file.write_text(nbformat.writes(book) + "\n", encoding="utf-8")  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
