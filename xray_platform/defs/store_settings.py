"""Store settings: what a store's `xray.yaml` sets otherwise than the defaults, asset by asset.

Launchpad, schedule, sensors and command all begin with them, and an asset that was made with others is out of date.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic.json_schema import models_json_schema

from xray_platform.defs.config_fields import range_of
from xray_platform.defs.settings_file import SettingsFile, read_settings_file, settings_path
from xray_platform.errors import StoreError
from xray_platform.settings import Settings, first_problem
from xray_platform.tables.places import Places

Classes = Mapping[str, type[Settings]]
DEFAULT = "default"


@dataclass(frozen=True)
class Setting:
    """One setting that holds: its value, where that comes from (`default` or `file:line`), and what is allowed."""

    asset: str
    name: str
    value: Any
    default: Any
    source: str
    allowed: str
    description: str


def read_settings(places: Places, classes: Classes) -> dict[str, Settings]:
    """Return the settings of each asset that has any: as `xray.yaml` says, else the defaults.

    Raises StoreError, with file and line, where the file cannot be read, names no asset or field, or a value is not
    allowed.
    """
    file = read_settings_file(settings_path(places))
    if unknown := sorted(set(file.said) - set(classes)):
        allowed = ", ".join(sorted(classes))
        raise StoreError(f"{file.where(unknown[0])}: {unknown[0]!r} has no settings; allowed: {allowed}")
    return {name: _validated(file, name, kind) for name, kind in classes.items()}


def settings_in_force(places: Places, classes: Classes) -> Iterator[Setting]:
    """Yield every setting of every asset, in the order of the classes; StoreError as `read_settings` raises."""
    file, values = read_settings_file(settings_path(places)), read_settings(places, classes)
    for asset, kind in classes.items():
        for name, field in kind.model_fields.items():
            said = name in file.said.get(asset, {})
            yield Setting(
                asset,
                name,
                value=getattr(values[asset], name),
                default=field.default,
                source=file.where(asset, name) if said else DEFAULT,
                allowed=range_of(field),
                description=field.description or "",
            )


def settings_schema(classes: Classes) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of `xray.yaml`, by which an editor completes and checks it."""
    references, definitions = models_json_schema([(kind, "validation") for kind in dict.fromkeys(classes.values())])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "xray.yaml: the settings of a store, by asset, where they are not the defaults",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: references[kind, "validation"] for name, kind in classes.items()},
        **definitions,
    }


def settings_of(places: Places, name: str, kind: type[Settings]) -> Settings:
    """Return the settings of one asset, as the store says, else the defaults; StoreError as `read_settings` raises."""
    return _validated(read_settings_file(settings_path(places)), name, kind)


def _validated(file: SettingsFile, name: str, kind: type[Settings]) -> Settings:
    try:
        return kind.model_validate(file.said.get(name, {}))
    except ValidationError as error:
        field = (str(part) for part in error.errors()[0]["loc"][:1])
        raise StoreError(f"{file.where(name, *field)}: {name}: {first_problem(kind, error)}") from None
