"""All detectors: a new one is one file and one line here."""

from xray_platform.detectors.contract import DetectorKind
from xray_platform.detectors.denoising_autoencoder import DenoisingAutoencoder, DenoisingAutoencoderSettings
from xray_platform.detectors.one_class_svm import OneClassSvm
from xray_platform.detectors.one_class_svm_settings import OneClassSvmSettings, settings_from_patches
from xray_platform.detectors.patch_autoencoder import PatchAutoencoder, PatchAutoencoderSettings
from xray_platform.detectors.patch_distance import PatchDistance, PatchDistanceSettings
from xray_platform.detectors.pca_residual import PcaResidual, PcaResidualSettings
from xray_platform.detectors.synthetic_anomaly import SyntheticAnomaly, SyntheticAnomalySettings
from xray_platform.detectors.texture_gaussian import TextureGaussian, TextureGaussianSettings
from xray_platform.detectors.texture_mixture import TextureMixture, TextureMixtureSettings
from xray_platform.detectors.uncertainty_autoencoder import UncertaintyAutoencoder, UncertaintyAutoencoderSettings

_COARSE = {"side": 64, "cell": 8}  # phantoms are smooth: they have no detail finer than that

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
        version="2",
        from_patches=settings_from_patches,
    ),
    DetectorKind(
        TextureGaussian.name,
        TextureGaussianSettings,
        TextureGaussian,
        "amounts of fine and coarse detail that normal lungs do not show at their place, whatever the tone",
        side=224,
        quick=_COARSE,
    ),
    DetectorKind(
        TextureMixture.name,
        TextureMixtureSettings,
        TextureMixture,
        "textures (Gabor, LBP or GLCM) that are rare among normal chests at their place, under a mixture of Gaussians",
        on_request=True,
        quick={"side": 64, "cell": 8, "components": 2, "samples": 2000},
    ),
    DetectorKind(
        PatchDistance.name,
        PatchDistanceSettings,
        PatchDistance,
        "patches whose detail is far from that of the nearest normal patch at their place or beside it",
        side=224,
        quick=_COARSE,
    ),
    DetectorKind(
        UncertaintyAutoencoder.name,
        UncertaintyAutoencoderSettings,
        UncertaintyAutoencoder,
        "what a small autoencoder cannot draw of a picture, where it is sure how normal chests look",
        recipe="equalised",
        library="pytorch",
        on_request=True,
        quick={"side": 32, "width": 8, "latent": 4, "epochs": 30, "batch_size": 8, "threads": 1},
    ),
    DetectorKind(
        DenoisingAutoencoder.name,
        DenoisingAutoencoderSettings,
        DenoisingAutoencoder,
        "what a small network that learnt to draw normal chests out of noise, through a few numbers, cannot draw",
        recipe="equalised",
        library="pytorch",
        on_request=True,
        quick={
            "side": 32,
            "width": 8,
            "latent": 16,
            "noise": 0.05,
            "epochs": 160,
            "batch_size": 8,
            "threads": 1,
        },
    ),
    DetectorKind(
        PatchAutoencoder.name,
        PatchAutoencoderSettings,
        PatchAutoencoder,
        "what an autoencoder cannot draw of the patches of a picture, in units of what is usual at their place",
        recipe="equalised",
        library="pytorch",
        on_request=True,
        quick={"side": 64, "width": 8, "latent": 2, "epochs": 15, "batch_size": 8, "threads": 1},
    ),
    DetectorKind(
        SyntheticAnomaly.name,
        SyntheticAnomalySettings,
        SyntheticAnomaly,
        "what looks like lesions that were put into normal lungs for a small network to find",
        recipe="equalised",
        library="pytorch",
        quick={"side": 64, "epochs": 24, "batch_size": 8, "learning_rate": 0.01, "threads": 1},
    ),
)

DETECTORS: dict[str, DetectorKind] = {kind.name: kind for kind in _KINDS}
