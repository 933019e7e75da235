"""All models: the detectors' and the networks' tables as one."""

from collections.abc import Mapping

from xray_platform.detectors.all import DETECTORS
from xray_platform.models.contract import ModelKind
from xray_platform.models.detector import detector_model
from xray_platform.models.network import network_model
from xray_platform.networks.all import NETWORKS

MODELS: Mapping[str, ModelKind] = {
    **{name: detector_model(kind) for name, kind in DETECTORS.items()},
    **{name: network_model(kind) for name, kind in NETWORKS.items()},
}
