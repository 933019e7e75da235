"""YAML file: what a file that people write says, and on which line each of its values stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from xray_platform.errors import StoreError

MOST_BYTES = 1024 * 1024


@dataclass(frozen=True)
class YamlFile:
    """A YAML file: what it says (None: nothing), and the line (from 1) of each key; entries of lists count from "0"."""

    path: Path
    said: Any = None
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)

    def where(self, *key: str) -> str:
        """Return `path:line` of a value; of what it stands in, where it has no line of its own."""
        while key and key not in self.lines:
            key = key[:-1]
        return f"{self.path}:{self.lines[key]}" if key else str(self.path)


def read_yaml(path: Path) -> YamlFile:
    """Read a YAML file; one that is not there says nothing.

    Raises StoreError, with the line, where it is no YAML, larger than 1 MiB, or sets a key twice.
    """
    if not path.exists():
        return YamlFile(path)
    try:
        data = path.read_bytes()
        if len(data) > MOST_BYTES:
            raise StoreError(f"{path} has {len(data)} bytes; at most {MOST_BYTES} are read")
        root = yaml.compose(data, Loader=yaml.SafeLoader)
        said = yaml.safe_load(data)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise StoreError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    lines: dict[tuple[str, ...], int] = {}
    for key, line in _keys(root):
        if key in lines:
            raise StoreError(f"{path}:{line}: {'.'.join(key)} is set a second time; it is set on line {lines[key]}")
        lines[key] = line
    return YamlFile(path, said, lines)


def _keys(node: yaml.Node | None, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int]]:
    if isinstance(node, yaml.MappingNode):
        entries = [(str(key.value), key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        entries = [(str(place), value, value) for place, value in enumerate(node.value)]
    else:
        return
    for word, key, value in entries:
        name = (*above, word)
        yield name, key.start_mark.line + 1
        yield from _keys(value, name)
