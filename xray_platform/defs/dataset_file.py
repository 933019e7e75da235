"""Dataset file: the store's `dataset.yaml`, read once and refused with its line where it is wrong."""

import hashlib
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import ValidationError

from xray_platform.defs.yaml_file import YamlFile, read_yaml
from xray_platform.errors import StoreError
from xray_platform.evaluation.dataset.description import DatasetDescription, Part
from xray_platform.tables.places import Places

SHAPE = "must hold fields and what they say, like `name: …`; `xray dataset --example` shows one"


def read_dataset(places: Places) -> DatasetDescription:
    """Return what the store's `dataset.yaml` says of its data; nothing of anything where there is no such file.

    Raises StoreError, with file and line, where it is no YAML, has a field that is not known, or a wrong value.
    """
    file = read_yaml(places.dataset)
    said = {} if file.said is None else file.said
    if not isinstance(said, dict):
        raise StoreError(f"{places.dataset} {SHAPE}")
    try:
        return DatasetDescription.model_validate(said)
    except ValidationError as error:
        raise StoreError(_problem(file, error)) from None


def dataset_digest(places: Places) -> str:
    """Return 16 hexadecimal digits that say what `dataset.yaml` says; empty where it says nothing."""
    said = read_dataset(places)
    return hashlib.sha256(said.model_dump_json().encode()).hexdigest()[:16] if said.said else ""


def _problem(file: YamlFile, error: ValidationError) -> str:
    """Say in one line the first thing that is wrong: where, the field, what is allowed."""
    found = error.errors()[0]
    key = [str(part) for part in found["loc"]]
    where, field = file.where(*key), ".".join(key)
    if found["type"] == "extra_forbidden":
        return f"{where}: there is no field {field!r}; allowed: {', '.join(_fields_beside(key))}"
    said = found["msg"].removeprefix("Value error, ")
    said = f"{said[:1].lower()}{said[1:]}"
    return f"{where}: {field}: {said}" if field else f"{where}: {said}"


def _fields_beside(key: Sequence[str]) -> list[str]:
    """Return the names of the fields that may stand where the last word of `key` stands."""
    kind: Any = DatasetDescription
    for word in (word for word in key[:-1] if not word.isdigit()):
        annotation = kind.model_fields[word].annotation
        kind = next(
            one for one in (annotation, *get_args(annotation)) if isinstance(one, type) and issubclass(one, Part)
        )
    return list(kind.model_fields)
