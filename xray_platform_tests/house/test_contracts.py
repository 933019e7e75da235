"""The house stands as its plan says: floors, third parties, described settings, sizes and first lines of files."""

import ast
import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import pytest
from syrupy.assertion import SnapshotAssertion

import xray_platform
from xray_platform.settings import Settings
from xray_platform.tables.all import ALL

PACKAGE = Path(xray_platform.__file__).parent
ROOT = PACKAGE.parent
FILES = sorted(PACKAGE.rglob("*.py"))
VAGUE = {"utils", "helpers", "common", "misc", "base", "core", "manager"}
LONGEST = 300


def modules() -> Iterator[ModuleType]:
    with TemporaryDirectory() as empty, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XRAY_ROOT", empty)  # one of them reads a store's settings as it is loaded
        for found in pkgutil.walk_packages(xray_platform.__path__, "xray_platform."):
            yield importlib.import_module(found.name)


def settings_classes() -> list[type[Settings]]:
    list(modules())
    waiting, found = [Settings], []
    while waiting:
        children = waiting.pop().__subclasses__()
        waiting += children
        found += [child for child in children if child.__module__.startswith("xray_platform.")]
    return found


def test_each_room_imports_only_from_the_floors_below() -> None:
    program = str(Path(sys.executable).parent / "lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_setting_is_described() -> None:
    classes = settings_classes()
    assert len(classes) > 10
    mute = [
        f"{kind.__name__}.{name}"
        for kind in classes
        for name, field in kind.model_fields.items()
        if not field.description
    ]
    assert not mute


def test_every_settings_value_is_frozen_and_knows_its_fields() -> None:
    loose = [kind.__name__ for kind in settings_classes() if not kind.model_config.get("frozen")]
    assert not loose


def test_each_file_is_one_idea_and_says_which() -> None:
    wrong = {str(path.relative_to(PACKAGE)): found for path in FILES if (found := _faults_of(path))}
    assert not wrong


def _faults_of(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    first, *_ = [*(ast.get_docstring(ast.parse(text)) or "").splitlines(), ""]
    found = {
        "its first line does not say what it does": not first.endswith("."),
        f"it has more than {LONGEST} lines": text.count("\n") > LONGEST,
        "its name says nothing": path.stem in VAGUE,
    }
    return [fault for fault, is_so in found.items() if is_so]


def test_a_file_without_a_first_line_too_long_or_vaguely_named_is_noticed(tmp_path: Path) -> None:
    bad = tmp_path / "utils.py"
    bad.write_text("import os\n" * (LONGEST + 1))
    assert len(_faults_of(bad)) == 3


def test_names_of_columns_mean_one_thing_in_all_tables() -> None:
    for table in ALL:
        names = [column.name for column in table.columns]
        assert len(names) == len(set(names)), table.name
        assert set(table.key) <= set(names), table.name


def test_only_raw_tables_have_identifying_columns() -> None:
    for table in ALL:
        assert table.raw == any(column.identifying for column in table.columns), table.name


def test_nothing_here_is_pickled() -> None:
    for path in FILES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not names & {"pickle", "cloudpickle", "joblib", "dill"}, path


def test_the_defaults_of_all_settings_change_for_a_reason_only(snapshot: SnapshotAssertion) -> None:
    """Every figure that is told rests on them; `--snapshot-update` writes them anew."""
    told = {
        f"{kind.__name__}.{name} = {field.default!r}"
        for kind in settings_classes()
        if getattr(sys.modules[kind.__module__], kind.__name__, None) is kind  # not what the launchpad puts together
        for name, field in kind.model_fields.items()
    }
    assert sorted(told) == snapshot
