"""Settings file: `xray.yaml` as it was written: its values, and on which line each of them stands."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from xray_platform.errors import StoreError
from xray_platform.tables.places import Places

FILE_VARIABLE = "XRAY_SETTINGS"
"""Environment variable that names another file than the store's own `xray.yaml`."""
SHAPE = "must hold assets, and below each of them its settings, like `pca_residual: {rank: 8}`"


@dataclass(frozen=True)
class SettingsFile:
    """A file of settings: `said` by asset and setting, and the line (from 1) of each key."""

    path: Path
    said: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)

    def where(self, *key: str) -> str:
        """Return `path:line` of an asset, or of its setting; the asset's line where the setting has none."""
        line = self.lines.get(key) or self.lines.get(key[:1])
        return f"{self.path}:{line}" if line else str(self.path)


def settings_path(places: Places) -> Path:
    """Return the file that holds: the one that $XRAY_SETTINGS names, else the store's `xray.yaml`."""
    other = os.environ.get(FILE_VARIABLE)
    return Path(other) if other else places.settings


def read_settings_file(path: Path) -> SettingsFile:
    """Read a file of settings; one that is not there says nothing.

    Raises StoreError, with the line, where it is no YAML, names a key twice, or does not hold assets with settings.
    """
    if not path.exists():
        return SettingsFile(path)
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        said = yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise StoreError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    if said is None:
        return SettingsFile(path)
    if not isinstance(said, dict) or not all(isinstance(value, dict | None) for value in said.values()):
        raise StoreError(f"{path} {SHAPE}")
    lines: dict[tuple[str, ...], int] = {}
    for key, line in _keys(root):
        if key in lines:
            raise StoreError(f"{path}:{line}: {'.'.join(key)} is set a second time; it is set on line {lines[key]}")
        lines[key] = line
    return SettingsFile(path, {str(name): value or {} for name, value in said.items()}, lines)


def _keys(node: yaml.Node | None, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = (*above, str(key.value))
            yield name, key.start_mark.line + 1
            yield from _keys(value, name)
