"""All features: one line a feature, and their extraction from many pictures, on every core where that is worth it."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, get_args

import numpy as np
from pydantic import Field

from xray_platform.image_stack import Images, check_images
from xray_platform.imaging.features.blobs import BlobSettings
from xray_platform.imaging.features.edges import ScharrSettings, SobelSettings
from xray_platform.imaging.features.feature import FeatureMatrix, FeatureSettings
from xray_platform.imaging.features.flat_pixels import PixelsSettings
from xray_platform.imaging.features.gabor import GaborSettings
from xray_platform.imaging.features.glcm import GlcmSettings
from xray_platform.imaging.features.hog import HogSettings
from xray_platform.imaging.features.lbp import LbpSettings
from xray_platform.imaging.features.statistics import StatisticsSettings
from xray_platform.imaging.pixel_range import Pixels
from xray_platform.imaging.step import Shape
from xray_platform.progress import Progress, silent
from xray_platform.workers import Lost, cores, map_in_children

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
PARTS_A_CHILD = 16  # handed to a child at a time
WORTH_CHILDREN = 4.0  # seconds of work; with less, handing it to child processes gains little


@dataclass(frozen=True)
class Extraction:
    """What one child computes: pictures (N, rows, columns), and the features of each."""

    images: Images
    features: tuple[FeatureSettings, ...]


def feature_names(picture: Shape, features: Sequence[FeatureSettings]) -> list[str]:
    """Return the name of each number that `extract` gives for pictures of this shape (rows, columns)."""
    return [name for feature in features for name in feature.names(picture)]


def extract(
    images: Pixels, features: Sequence[FeatureSettings], *, workers: int | None = None, progress: Progress = silent
) -> FeatureMatrix:
    """Return the features of pictures (N, rows, columns) in [0, 1], side by side: float32 (N, d).

    Work of more than some seconds goes to child processes, one a core; `workers` fixes their number, 1 is none.
    Raises InputError where the pictures have another shape or range, or are too small for a feature.
    """
    images, total = check_images(images, square=False, tolerance=0.0), len(images)
    out = np.empty((total, len(feature_names(images.shape[1:], features))), np.float32)
    length = PARTS_A_CHILD * _pictures_a_part(images)
    parts = [slice(first, first + length) for first in range(0, total, length)]
    jobs = [Extraction(images[part], tuple(features)) for part in parts]
    results = _in_children(jobs, workers) if _worth_children(jobs, total, workers) else map(compute_features, jobs)
    for part, numbers in zip(parts, results, strict=True):
        out[part] = numbers
        progress(min(part.stop, total), total, "features")
    return out


def _worth_children(jobs: list[Extraction], pictures: int, workers: int | None) -> bool:
    """Say whether child processes save time; how long a picture takes is tried on the first."""
    if workers is not None or not jobs or cores() == 1:
        return workers is not None and workers > 1
    began = time.perf_counter()
    compute_features(Extraction(jobs[0].images[:1], jobs[0].features))
    return (time.perf_counter() - began) * pictures > WORTH_CHILDREN


def _in_children(jobs: list[Extraction], workers: int | None) -> Iterator[FeatureMatrix]:
    """Yield each job's features, computed in children; what a child cannot do is done here, and may raise here."""
    results = map_in_children(compute_features, jobs, what="features", workers=workers)
    for job, result in zip(jobs, results, strict=True):
        yield compute_features(job) if isinstance(result, Lost) else result


def compute_features(job: Extraction) -> FeatureMatrix:
    """Return the features of a job's pictures, a few pictures at a time."""
    length = _pictures_a_part(job.images)
    parts = (job.images[first : first + length] for first in range(0, len(job.images), length))
    return np.concatenate([np.concatenate([f.compute(part) for f in job.features], axis=1) for part in parts])


def _pictures_a_part(images: Images) -> int:
    return max(PIXELS_A_PART // math.prod(images.shape[1:]), 1)
