"""Registered weights: the file of a network's weights that a model URI of MLflow stands for."""

import hashlib
import re

from mlflow.exceptions import MlflowException

from xray_platform.errors import InputError
from xray_platform.tracking.mlflow_store import Tracking
from xray_platform.tracking.registry import bundle_of

WEIGHTS = "weights.safetensors"
_URI = re.compile(r"models:/(?P<name>[^/@#]+)(?:/(?P<version>\d+)|@(?P<alias>[^/@#]+))")


def is_model_uri(weights: str) -> bool:
    """Say whether a setting names weights by a model URI."""
    return _URI.fullmatch(weights) is not None


def registered_weights(tracking: Tracking, uri: str) -> str:
    """Return the weights of `models:/NAME/VERSION` or `models:/NAME@ALIAS` as FILE#sha256=DIGEST.

    Raises InputError where there is no such model or it is no network, StoreError where its bundle is not the one that
    was logged.
    """
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
        raise InputError(f"weights {uri}: {error.message}; registered models: {known}") from error
    file = bundle_of(tracking, version).model_folder / WEIGHTS
    if not file.is_file():
        raise InputError(f"weights {uri}: this model is no network and has no {WEIGHTS}")
    return f"{file}#sha256={hashlib.sha256(file.read_bytes()).hexdigest()}"
