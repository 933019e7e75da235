"""Settings file: `xray.yaml` as it was written: its values, and on which line each of them stands."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xray_platform.defs.yaml_file import YamlFile, read_yaml
from xray_platform.errors import StoreError
from xray_platform.tables.places import Places

FILE_VARIABLE = "XRAY_SETTINGS"
"""Environment variable that names another file than the store's own `xray.yaml`."""
SHAPE = "must hold assets, and below each of them its settings, like `pca_residual: {rank: 8}`"


@dataclass(frozen=True)
class SettingsFile:
    """A file of settings: `said` by asset and setting, and the file, which knows their lines."""

    file: YamlFile
    said: Mapping[str, Mapping[str, Any]]

    def where(self, *key: str) -> str:
        """Return `path:line` of an asset, or of its setting; the asset's line where the setting has none."""
        return self.file.where(*key)


def settings_path(places: Places) -> Path:
    """Return the file that holds: the one that $XRAY_SETTINGS names, else the store's `xray.yaml`."""
    other = os.environ.get(FILE_VARIABLE)
    return Path(other) if other else places.settings


def read_settings_file(path: Path) -> SettingsFile:
    """Read a file of settings; one that is not there says nothing.

    Raises StoreError, with the line, where it is no YAML, names a key twice, or does not hold assets with settings.
    """
    file = read_yaml(path)
    said = {} if file.said is None else file.said
    if not isinstance(said, dict) or not all(isinstance(value, dict | None) for value in said.values()):
        raise StoreError(f"{path} {SHAPE}")
    return SettingsFile(file, {str(name): value or {} for name, value in said.items()})
