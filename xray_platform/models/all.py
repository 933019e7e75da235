"""All models: the detectors' and the networks' tables as one, and ensembles of them."""

from collections.abc import Mapping

from xray_platform.detectors.all import DETECTORS
from xray_platform.models.contract import ModelKind
from xray_platform.models.detector import detector_model
from xray_platform.models.ensemble import ensemble_model
from xray_platform.models.network import network_model
from xray_platform.networks.all import NETWORKS

_SINGLE = (*DETECTORS, *NETWORKS)
_ENSEMBLES = (
    ensemble_model("detector_ensemble", "what all detectors say together", tuple(DETECTORS), _SINGLE),
    ensemble_model("ensemble", "what detectors and networks say together", _SINGLE, _SINGLE),
)

MODELS: Mapping[str, ModelKind] = {
    **{name: detector_model(kind) for name, kind in DETECTORS.items()},
    **{name: network_model(kind) for name, kind in NETWORKS.items()},
    **{kind.name: kind for kind in _ENSEMBLES},
}
