"""What the package imports is declared in pyproject.toml, and what is declared is imported or has a reason."""

import ast
import sys
import tomllib
from collections.abc import Mapping
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from xray_platform_tests.house.reference import ROOT

PACKAGE = ROOT / "xray_platform"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WITHOUT_IMPORT = {
    "dagster-dg-cli": "`dg dev`, `dg launch`, `dg check defs`",
    "pylibjpeg": "pydicom finds the two below through it",
    "pylibjpeg-openjpeg": "pydicom writes the phantoms' JPEG 2000 with it",
    "tabulate": "pandas writes Markdown tables with it",
}
EXTRA_OF = {  # which files may import what an extra brings
    "bench": ("bench/", "imaging/repair/measure.py"),
    "teach": ("training/writing/",),
    "s3": ("object_store/",),
}


def declared(extra: str | None = None) -> set[str]:
    """Return the names of the distributions that the package, or one of its extras, declares."""
    lines = PROJECT["dependencies"] if extra is None else PROJECT["optional-dependencies"][extra]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def imported() -> dict[str, set[str]]:
    """Return each file of the package with the distributions that it imports from, not looking into others' own."""
    brought = packages_distributions()
    return {str(file.relative_to(PACKAGE)): _distributions(file, brought) for file in sorted(PACKAGE.rglob("*.py"))}


def _distributions(file: Path, brought: Mapping[str, list[str]]) -> set[str]:
    top = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            top |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            top.add(node.module.split(".")[0])
    foreign = top - set(sys.stdlib_module_names) - {"xray_platform"}
    return {_brings(module, brought.get(module, [module])) for module in foreign}


def _brings(module: str, names: list[str]) -> str:
    """Return the distribution of a module; of several that share its folder, the one that is called like it."""
    found = [canonicalize_name(name) for name in names]
    return module if module in found else found[0]


def test_what_is_imported_is_declared() -> None:
    core = declared()
    undeclared = [
        f"{file} imports {name}"
        for file, names in imported().items()
        for name in sorted(names - core)
        if not any(name in declared(extra) and file.startswith(files) for extra, files in EXTRA_OF.items())
    ]
    assert not undeclared


def test_what_is_declared_is_imported_or_has_a_reason() -> None:
    used = set().union(*imported().values())
    assert declared() - used == set(WITHOUT_IMPORT)
    for extra in EXTRA_OF:
        assert declared(extra) <= used


def test_each_declared_version_is_pinned_within_its_bound() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    pinned = {canonicalize_name(name): version for name, version in pins.items()}
    everything = PROJECT["dependencies"] + [
        line for extra in PROJECT["optional-dependencies"].values() for line in extra
    ]
    for requirement in map(Requirement, everything):
        if requirement.name != PROJECT["name"]:
            assert requirement.specifier, f"{requirement.name} has no lower bound"
            assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement.name
