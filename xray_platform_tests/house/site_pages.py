"""Site pages: what MkDocs shows beside docs/: README, Contributing and Changes, and the API, one page a folder of code.

MkDocs loads this file as a hook (see mkdocs.yml); it calls `on_config` and `on_files`.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "xray_platform"
FROM_ROOT = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
TEXTS = ("LICENSE", "NOTICE")
_LINK = re.compile(r"(\]\()([^)#\s]+)(#[^)]*)?(\))")


def on_config(config: Any) -> Any:
    """Add the pages of the API to the navigation."""
    config.nav.append({"API": [{folder: page} for folder, page in api_pages().items()]})
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that are made here to those of docs/, and let those of docs/ link to them."""
    from mkdocs.structure.files import File  # the tests of this file need no MkDocs

    for source, page in FROM_ROOT.items():
        files.append(File.generated(config, page, content=moved((ROOT / source).read_text(encoding="utf-8"))))
    for text in TEXTS:
        files.append(File.generated(config, f"{text}.txt", abs_src_path=str(ROOT / text)))
    for folder, page in api_pages().items():
        files.append(File.generated(config, page, content=api_page(ROOT / folder)))
    for notebook in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        files.append(File.generated(config, f"notebooks/{notebook.stem}.md", content=notebook_page(notebook)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Let a page of docs/ that links to a file of the root link to its page of the site."""
    for source, page in FROM_ROOT.items():
        markdown = markdown.replace(f"]({'../' * 2}{source}", f"](../{page}").replace(f"](../{source}", f"]({page}")
    return markdown


def notebook_page(notebook: Path) -> str:
    """Return a notebook as a page: its text, its code, and what that printed and drew when it was last run."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    parts = [part for cell in cells for part in _of_cell(cell)]
    return "\n\n".join([*parts, f"[This page as a notebook]({notebook.name})"]) + "\n"


def _of_cell(cell: dict[str, Any]) -> Iterator[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        yield source
        return
    yield f"```python\n{source}\n```"
    for output in cell["outputs"]:
        if "text" in output:
            yield f"```text\n{''.join(output['text']).rstrip()}\n```"
        elif "image/png" in output["data"]:
            yield f"![What the code above draws](data:image/png;base64,{''.join(output['data']['image/png']).strip()})"
        else:
            found = "".join(output["data"].get("text/html", output["data"].get("text/plain", "")))
            bare = re.sub(r"<style.*?</style>|\n\s*", "", found, flags=re.DOTALL)
            yield re.sub(r"<(table|tr)\b[^>]*>", r"<\1>", bare)


def moved(text: str) -> str:
    """Return a text of the root as it reads in docs/: its links lead to the same places from there."""
    return _LINK.sub(lambda found: f"{found[1]}{_target(found[2])}{found[3] or ''}{found[4]}", text)


def _target(link: str) -> str:
    if link in TEXTS:
        return f"{link}.txt"
    return FROM_ROOT.get(link, link.removeprefix("docs/"))


def api_pages() -> dict[str, str]:
    """Return the page of each folder of code, `xray_platform/dicom/parse` to `api/xray_platform.dicom.parse.md`."""
    folders = [PACKAGE, *sorted(path.parent for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE)]
    names = [str(folder.relative_to(ROOT)) for folder in folders]
    return {name: f"api/{name.replace('/', '.')}.md" for name in names}


def api_page(folder: Path) -> str:
    """Return the page of a folder: what it is, then each of its files that says anything in public."""
    name = ".".join(folder.relative_to(ROOT).parts)
    about = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    return "\n\n".join([f"# {name}", about, *(f"::: {name}.{module}" for module in _modules(folder))]) + "\n"


def _modules(folder: Path) -> Iterator[str]:
    yield from (file.stem for file in sorted(folder.glob("*.py")) if file.stem != "__init__")
