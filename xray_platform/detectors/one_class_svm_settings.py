"""Settings of the One-Class SVM: how patches are cut and weighed, and how tight the region of normal ones is."""

from typing import Literal, Self

from pydantic import Field, model_validator

from xray_platform.detectors.patch_features import CELLS, MORE, THUMBNAIL, WIDTHS
from xray_platform.errors import InputError
from xray_platform.imaging.store.patch_settings import PatchSettings
from xray_platform.settings import Settings


class OneClassSvmSettings(Settings):
    """How patches are cut and weighed, how tight the region is, and how patches become one score."""

    side: int = Field(128, ge=32, le=512, description="side that pictures are brought to before anything, in pixels")
    patch: int = Field(
        32, ge=8, le=128, multiple_of=4, description="side of a patch, in pixels; the stride is half of it"
    )
    pictures: int = Field(
        2000, ge=3, le=100_000, description="greatest number of normal pictures whose patches are drawn from"
    )
    samples: int = Field(4000, ge=50, le=50_000, description="greatest number of normal patches that it learns from")
    nu: float = Field(0.1, gt=0, le=0.9, description="share of the normal patches that may lie outside the region")
    gamma: float = Field(
        3.0,
        gt=0,
        le=100,
        description="how tight the region follows the patches, over the total variance of the features",
    )
    position_weight: float = Field(
        2.0, ge=0, le=100, description="weight of where a patch lies; other weights are meant against it"
    )
    edges_weight: float = Field(1.0, ge=0, le=100, description="weight of gradient histograms (HOG)")
    texture_weight: float = Field(1.0, ge=0, le=100, description="weight of local binary patterns (LBP)")
    intensity_weight: float = Field(1.0, ge=0, le=100, description="weight of mean and deviation of the grey values")
    cooccurrence_weight: float = Field(
        0.0, ge=0, le=100, description="weight of the co-occurrence of grey values (GLCM); 0: not measured"
    )
    pixels_weight: float = Field(
        0.0, ge=0, le=100, description="weight of the patch itself, made 8 x 8 pixels; 0: not measured"
    )
    solver: Literal["exact", "nystroem"] = Field(
        "exact",
        description="exact: the quadratic problem over all samples; nystroem: a linear one over landmarks, by "
        "gradient steps, for more samples in the same time",
    )
    landmarks: int = Field(
        300,
        ge=2,
        le=5000,
        description="normal patches by which nystroem describes all others; as many are compared with",
    )
    worst: float = Field(
        0.2, gt=0, le=1, description="share of a picture's patches, the oddest, whose mean is the score"
    )
    seed: int = Field(0, ge=0, lt=2**31, description="seed of the choice of pictures and patches")

    @model_validator(mode="after")
    def _whole_cells(self) -> Self:
        if self.side % (self.patch // CELLS) or self.side < self.patch:
            raise ValueError(
                f"side {self.side} and patch {self.patch} do not fit; "
                "allowed: a side that is a multiple of half the patch, and no smaller than it"
            )
        if self.pixels_weight and self.patch % THUMBNAIL:
            raise ValueError(
                f"patch {self.patch} and pixels_weight do not fit; allowed: a multiple of {THUMBNAIL}, or 0"
            )
        if not any(self.weights):
            raise ValueError("all weights are 0, so that nothing is looked at; allowed: one of them above 0")
        return self

    @property
    def more(self) -> tuple[str, ...]:
        """Features beside the usual ones that are measured."""
        return tuple(name for name in MORE if getattr(self, f"{name}_weight"))

    @property
    def widths(self) -> tuple[int, ...]:
        """Numbers a patch of each feature: the usual ones, and more."""
        return (*WIDTHS, *(MORE[name] for name in self.more))

    @property
    def weights(self) -> tuple[float, ...]:
        """Weights of the features, in the order of `widths`."""
        usual = (self.edges_weight, self.texture_weight, self.intensity_weight, self.position_weight)
        return (*usual, *(float(getattr(self, f"{name}_weight")) for name in self.more))


def settings_from_patches(tensor_side: int, patches: PatchSettings) -> dict[str, int]:
    """Return the settings that follow from the asset `patches`: this detector works on just the windows that it cuts.

    Raises InputError where neighbouring windows do not overlap by half, or do not end at the edge of the tensors.
    """
    if patches.stride * CELLS != patches.side or tensor_side % patches.stride or patches.side % 4:
        raise InputError(
            f"one_class_svm works on patches whose stride is half their side and that fill the tensors; `patches` cuts "
            f"{patches.side} px every {patches.stride} px out of {tensor_side} px; set either otherwise in `xray.yaml`"
        )
    return {"side": tensor_side, "patch": patches.side}
