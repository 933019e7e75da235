"""All detectors: a new one is one file and one line here."""

from xray_platform.detectors.contract import DetectorKind
from xray_platform.detectors.one_class_svm import OneClassSvm, OneClassSvmSettings
from xray_platform.detectors.pca_residual import PcaResidual, PcaResidualSettings

_KINDS = (
    DetectorKind(
        PcaResidual.name,
        PcaResidualSettings,
        PcaResidual,
        "what the few main ways in which normal chests differ cannot explain, in units of what is usual at its place",
    ),
    DetectorKind(
        OneClassSvm.name,
        OneClassSvmSettings,
        OneClassSvm,
        "patches that lie outside the region of feature space that patches of normal chests fill",
    ),
)

DETECTORS: dict[str, DetectorKind] = {kind.name: kind for kind in _KINDS}
