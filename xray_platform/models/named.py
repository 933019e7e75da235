"""Named model: one line of the table, without what the lines of the other family need to be imported."""

from pathlib import Path

from xray_platform.errors import StoreError
from xray_platform.models.contract import FittedModel, ModelKind
from xray_platform.models.network import network_model
from xray_platform.networks.all import NETWORKS


def named_model(name: str) -> ModelKind:
    """Return the kind of model of that name; StoreError where this version knows none."""
    if name in NETWORKS:
        return network_model(NETWORKS[name])
    # scikit-learn and zarr take seconds to import; `xray predict` with a network does without
    from xray_platform.models.all import MODELS

    if name not in MODELS:
        raise StoreError(f"no model is called {name!r}; there are {', '.join(sorted(MODELS))}")
    return MODELS[name]


def load_model(name: str, folder: Path) -> FittedModel:
    """Return the model of that name saved in `folder`; StoreError where this version knows none of that name."""
    return named_model(name).load(folder)
