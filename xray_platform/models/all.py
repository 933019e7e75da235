"""All models: the detectors' and the networks' tables as one."""

from collections.abc import Mapping
from pathlib import Path

from xray_platform.detectors.all import DETECTORS
from xray_platform.errors import StoreError
from xray_platform.models.contract import FittedModel, ModelKind
from xray_platform.models.detector import detector_model
from xray_platform.models.network import network_model
from xray_platform.networks.all import NETWORKS

MODELS: Mapping[str, ModelKind] = {
    **{name: detector_model(kind) for name, kind in DETECTORS.items()},
    **{name: network_model(kind) for name, kind in NETWORKS.items()},
}


def load_model(name: str, folder: Path) -> FittedModel:
    """Return the model of that name saved in `folder`; StoreError where this version knows none of that name."""
    if name not in MODELS:
        raise StoreError(f"no model is called {name!r}; there are {', '.join(sorted(MODELS))}")
    return MODELS[name].load(folder)
