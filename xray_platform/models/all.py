"""All models: the detectors' and the networks' tables as one, and ensembles of them."""

from collections.abc import Mapping

from xray_platform.detectors.all import DETECTORS
from xray_platform.models.contract import ModelKind
from xray_platform.models.detector import detector_model
from xray_platform.models.ensemble import ensemble_model
from xray_platform.models.network import network_model
from xray_platform.networks.all import NETWORKS

_SINGLE = (*DETECTORS, *NETWORKS)
_DETECTORS = tuple(name for name, kind in DETECTORS.items() if not kind.on_request)
_NETWORKS = tuple(name for name, kind in NETWORKS.items() if not kind.on_request)
_ENSEMBLES = (
    ensemble_model("detector_ensemble", "what all detectors say together", _DETECTORS, _SINGLE),
    ensemble_model("ensemble", "what detectors and networks say together", (*_DETECTORS, *_NETWORKS), _SINGLE),
)

MODELS: Mapping[str, ModelKind] = {
    **{name: detector_model(kind) for name, kind in DETECTORS.items()},
    **{name: network_model(kind) for name, kind in NETWORKS.items()},
    **{kind.name: kind for kind in _ENSEMBLES},
}
