"""Store settings: what a store's `xray.yaml` sets otherwise than the defaults, asset by asset.

Launchpad, schedule, sensors and command all begin with them, and an asset that was made with others is out of date.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from xray_platform.errors import StoreError
from xray_platform.settings import Settings, first_problem
from xray_platform.tables.places import Places


def read_settings(places: Places, classes: Mapping[str, type[Settings]]) -> dict[str, Settings]:
    """Return the settings of each asset that has any: as `xray.yaml` says, else the defaults.

    Raises StoreError where the file cannot be read, names no asset or field, or a value is not allowed.
    """
    file = places.settings
    said = _said(file)
    if unknown := sorted(set(said) - set(classes)):
        raise StoreError(f"{file}: {unknown[0]!r} has no settings; allowed: {', '.join(sorted(classes))}")
    return {name: _validated(file, name, kind, said.get(name) or {}) for name, kind in classes.items()}


def _said(file: Path) -> dict[str, Any]:
    try:
        said = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise StoreError(f"{file} cannot be read: {' '.join(str(error).split())}") from error
    if said is None:
        return {}
    if not isinstance(said, dict) or not all(isinstance(value, dict | None) for value in said.values()):
        raise StoreError(
            f"{file} must hold assets, and below each of them its settings, like `pca_residual: {{rank: 8}}`"
        )
    return {str(name): value for name, value in said.items()}


def _validated(file: Path, name: str, kind: type[Settings], said: Mapping[str, Any]) -> Settings:
    try:
        return kind.model_validate(said)
    except ValidationError as error:
        raise StoreError(f"{file}: {name}: {first_problem(kind, error)}") from None
