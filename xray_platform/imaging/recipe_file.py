"""Recipe file: a recipe that a user wrote as YAML; what is wrong is told with its line, step and field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from xray_platform.errors import InputError, StoreError
from xray_platform.imaging.named_recipe import NamedRecipe
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.step import StepSettings
from xray_platform.imaging.steps.all import STEPS

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
FIELDS = ("description", "steps")
KIND = "kind"  # the field of a step's settings that the step's name in the file stands for
MOST_BYTES = 64 * 1024


@dataclass(frozen=True)
class _Entry:
    """A key of a YAML mapping, the line on which it stands, and what stands below it."""

    line: int
    value: yaml.Node


def read_recipe_file(file: Path) -> NamedRecipe:
    """Return the recipe in `NAME.yaml`: a `description`, and `steps` by name, each with its settings or none.

    Raises StoreError, with line, step, field and what is allowed, where the file is anything else.
    """
    try:
        return _read(file)
    except yaml.YAMLError as error:
        raise StoreError(f"{file} cannot be read: {' '.join(str(error).split())}") from error


def _read(file: Path) -> NamedRecipe:
    if not NAME.fullmatch(file.stem):
        raise StoreError(
            f"{file}: its name is that of the recipe; allowed: a small letter, then small letters, digits and _"
        )
    reader = _Reader(file)
    entries = reader.entries(reader.root(), "a recipe")
    for name, entry in entries.items():
        if name not in FIELDS:
            raise reader.error(entry.line, f"a recipe has no field {name!r}; allowed: {', '.join(FIELDS)}")
    if missing := [name for name in FIELDS if name not in entries]:
        raise reader.error(1, f"{missing[0]!r} is missing; a recipe has {' and '.join(FIELDS)}")
    return NamedRecipe(file.stem, reader.description(entries["description"]), reader.steps(entries["steps"]))


@dataclass(frozen=True)
class _Reader:
    """Reads one file, and knows its name for errors."""

    file: Path

    def error(self, line: int, text: str) -> StoreError:
        return StoreError(f"{self.file}, line {line}: {text}")

    def root(self) -> yaml.Node:
        """Return the document; raises StoreError where there is none."""
        try:
            data = self.file.read_bytes()
            if len(data) > MOST_BYTES:
                raise StoreError(f"{self.file} has {len(data)} bytes; a recipe has at most {MOST_BYTES}")
            node = yaml.compose(data, Loader=yaml.SafeLoader)
        except (OSError, ValueError) as error:
            raise StoreError(f"{self.file} cannot be read: {error}") from error
        if node is None:
            raise self.error(1, f"it is empty; a recipe has {' and '.join(FIELDS)}")
        return node

    def entries(self, node: yaml.Node, what: str) -> dict[str, _Entry]:
        """Return a mapping's entries by key; raises StoreError where it is none, or a key stands twice."""
        if not isinstance(node, yaml.MappingNode):
            raise self.error(_line(node), f"{what} is written as `name: value`, one a line; found {_said(node)!r}")
        found: dict[str, _Entry] = {}
        for key, value in node.value:
            name = str(_said(key))
            if name in found:
                raise self.error(_line(key), f"{name!r} stands twice; it first stands on line {found[name].line}")
            found[name] = _Entry(_line(key), value)
        return found

    def description(self, entry: _Entry) -> str:
        said = _said(entry.value)
        if not isinstance(said, str) or not said.strip():
            raise self.error(entry.line, f"the description is {said!r}; allowed is a text that says why one wants it")
        return " ".join(said.split())

    def steps(self, entry: _Entry) -> tuple[StepSettings, ...]:
        """Return the steps, each valid in itself and fitting the one before."""
        node = entry.value
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            raise self.error(entry.line, "steps must be a list, one step a line that begins with `- `, at least one")
        steps: list[StepSettings] = []
        for number, each in enumerate(node.value, start=1):
            steps.append(self._step(number, each))
            try:
                Recipe.model_validate({"steps": tuple(steps)})
            except InputError as error:
                raise self.error(_line(each), f"step {number}: {error}") from None
        return tuple(steps)

    def _step(self, number: int, node: yaml.Node) -> StepSettings:
        line, named = _line(node), _said(node)
        entries: Mapping[str, _Entry] = {}
        if isinstance(node, yaml.MappingNode):
            outer = self.entries(node, f"step {number}")
            if len(outer) != 1:
                raise self.error(
                    line,
                    f"step {number} has the names {', '.join(outer)}; it must be one, with its settings indented below "
                    "it or in braces, like `clahe: {clip_limit: 2}`",
                )
            ((named, below),) = outer.items()
            entries = self.entries(below.value, f"step {number}, {named}") if _said(below.value) is not None else {}
        if not isinstance(named, str) or named not in STEPS:
            raise self.error(line, f"step {number}: no step is called {named!r}; allowed: {', '.join(STEPS)}")
        return self._valid(f"step {number}, {named}", line, STEPS[named], entries)

    def _valid(self, where: str, line: int, kind: type[StepSettings], entries: Mapping[str, _Entry]) -> StepSettings:
        allowed = [name for name in kind.model_fields if name != KIND]
        for name, entry in entries.items():
            if name not in allowed:
                known = ", ".join(allowed) or "none"
                raise self.error(entry.line, f"{where} has no setting {name!r}; allowed: {known}")
        try:
            return kind.model_validate({name: _said(entry.value) for name, entry in entries.items()})
        except InputError as error:
            raise self.error(line, f"{where}: {error}") from None
        except ValidationError as invalid:
            found = invalid.errors()[0]
            field = str(found["loc"][0]) if found["loc"] else ""
            told = f"found {found['input']!r}; {found['msg'][:1].lower()}{found['msg'][1:]}"
            at = entries[field].line if field in entries else line
            raise self.error(at, f"{where}{': ' + field if field else ''}: {told}") from None


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _said(node: yaml.Node) -> Any:
    """Return the plain value of a node."""
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node, deep=True)
    finally:
        loader.dispose()
