"""Registered weights: the files of a network that a model URI of MLflow stands for: its weights, or its graph."""

import hashlib
import re
from pathlib import Path

from mlflow.exceptions import MlflowException

from xray_platform.errors import InputError
from xray_platform.settings import Settings
from xray_platform.tracking.mlflow_store import Tracking
from xray_platform.tracking.registry import bundle_of

WEIGHTS, GRAPH = "weights.safetensors", ("graph.xml", "graph.bin")
_URI = re.compile(r"models:/(?P<name>[^/@#]+)(?:/(?P<version>\d+)|@(?P<alias>[^/@#]+))")


def is_model_uri(weights: str) -> bool:
    """Say whether a setting names weights by a model URI."""
    return _URI.fullmatch(weights) is not None


def registered_weights(tracking: Tracking, uri: str) -> str:
    """Return the weights of `models:/NAME/VERSION` or `models:/NAME@ALIAS` as FILE#sha256=DIGEST.

    Raises InputError where there is no such model or it is no network, StoreError where its bundle is not the one that
    was logged.
    """
    file = _folder(tracking, uri, "weights", WEIGHTS) / WEIGHTS
    return f"{file}#sha256={hashlib.sha256(file.read_bytes()).hexdigest()}"


def registered_backbone(tracking: Tracking, uri: str) -> str:
    """Return the graph of such a model as FOLDER#sha256=DIGEST, the digest of its files GRAPH one after the other.

    Raises what `registered_weights` does.
    """
    folder = _folder(tracking, uri, "backbone", WEIGHTS, *GRAPH)
    return f"{folder}#sha256={hashlib.sha256(b''.join((folder / name).read_bytes() for name in GRAPH)).hexdigest()}"


def with_registered(tracking: Tracking, settings: Settings) -> tuple[str, Settings]:
    """Return the model URI that settings name, empty where they name none, and the settings with its files instead."""
    for name, resolved in (("weights", registered_weights), ("backbone", registered_backbone)):
        uri = str(getattr(settings, name, ""))
        if is_model_uri(uri):
            return uri, settings.model_copy(update={name: resolved(tracking, uri)})
    return "", settings


def _folder(tracking: Tracking, uri: str, what: str, *files: str) -> Path:
    """Return the folder of the network that a URI names, with these files in it."""
    found = _URI.fullmatch(uri)
    if found is None:
        raise InputError(f"{uri!r} is no model URI; models:/NAME/VERSION and models:/NAME@ALIAS are allowed")
    name, number, alias = found["name"], found["version"], found["alias"]
    try:
        version = (
            tracking.client.get_model_version(name, number)
            if number
            else tracking.client.get_model_version_by_alias(name, alias)
        )
    except MlflowException as error:
        known = ", ".join(model.name for model in tracking.client.search_registered_models()) or "none"
        raise InputError(f"{what} {uri}: {error.message}; registered models: {known}") from error
    folder = bundle_of(tracking, version).model_folder
    missing = [file for file in files if not (folder / file).is_file()]
    if missing:
        raise InputError(f"{what} {uri}: this model is no network and has no {missing[0]}")
    return folder
