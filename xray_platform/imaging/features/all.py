"""All features: one line a feature, and their extraction from many pictures on every core."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, get_args

import numpy as np
from pydantic import Field

from xray_platform.imaging.features.blobs import BlobSettings
from xray_platform.imaging.features.edges import ScharrSettings, SobelSettings
from xray_platform.imaging.features.feature import FeatureSettings, Images, Numbers, checked
from xray_platform.imaging.features.flat_pixels import PixelsSettings
from xray_platform.imaging.features.gabor import GaborSettings
from xray_platform.imaging.features.glcm import GlcmSettings
from xray_platform.imaging.features.hog import HogSettings
from xray_platform.imaging.features.lbp import LbpSettings
from xray_platform.imaging.features.statistics import StatisticsSettings
from xray_platform.imaging.form import Pixels
from xray_platform.imaging.step import Shape
from xray_platform.progress import Progress, silent
from xray_platform.workers import cores

AnyFeature = Annotated[
    PixelsSettings
    | StatisticsSettings
    | HogSettings
    | GlcmSettings
    | LbpSettings
    | SobelSettings
    | ScharrSettings
    | GaborSettings
    | BlobSettings,
    Field(discriminator="kind"),
]
FEATURES: dict[str, type[FeatureSettings]] = {
    feature.model_fields["kind"].default: feature for feature in get_args(get_args(AnyFeature)[0])
}
PIXELS_A_PART = 2**16  # computed at a time: enough for NumPy to be busy, little enough for a core's cache


def feature_names(picture: Shape, features: Sequence[FeatureSettings]) -> list[str]:
    """Return the name of each number that `extract` gives for pictures of this shape (rows, columns)."""
    return [name for feature in features for name in feature.names(picture)]


def extract(
    images: Pixels, features: Sequence[FeatureSettings], *, workers: int | None = None, progress: Progress = silent
) -> Numbers:
    """Return the features of pictures (N, rows, columns) in [0, 1], side by side: float32 (N, d), on every core.

    Raises InputError where the pictures have another shape or range, or are too small for a feature.
    """
    images = checked(images)
    width = len(feature_names(images.shape[1:], features))
    out = np.empty((len(images), width), np.float32)
    length = max(PIXELS_A_PART // images[:1].size, 1) if len(images) else 1
    parts = [slice(first, first + length) for first in range(0, len(images), length)]

    def work(part: slice) -> None:
        out[part] = _one_part(images[part], features)

    with ThreadPoolExecutor(workers or cores()) as pool:
        for done, _ in enumerate(pool.map(work, parts), start=1):
            progress(min(done * length, len(images)), len(images), "features")
    return out


def _one_part(images: Images, features: Sequence[FeatureSettings]) -> Numbers:
    return np.concatenate([feature.compute(images) for feature in features], axis=1)
