"""Patch region: the region of feature space that normal patches fill, by a One-Class SVM."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xray_platform.detectors.one_class_svm_settings import OneClassSvmSettings
from xray_platform.image_stack import batch_slices

PATCHES_AT_ONCE = 4096
TINY = 1e-6
Wide = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PatchRegion:
    """The region of normal patches: d features are centred and scaled, then compared with `support` (k, d)."""

    centre: NDArray[np.float32]
    scale: NDArray[np.float32]
    support: NDArray[np.float32]
    weights: NDArray[np.float32]
    offset: float
    gamma: float

    def outside(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return how far outside the region patches (..., d) lie, (...): above 0 is outside."""
        patches = ((features - self.centre) * self.scale).reshape(-1, features.shape[-1])
        squares = (patches**2).sum(axis=1)[:, None] + (self.support**2).sum(axis=1) - 2 * patches @ self.support.T
        similarity = np.exp(-self.gamma * np.maximum(squares, 0)) @ self.weights
        distance: NDArray[np.float32] = (self.offset - similarity).reshape(features.shape[:-1])
        return distance


def learn_region(features: NDArray[np.float32], settings: OneClassSvmSettings) -> PatchRegion:
    """Return the region that holds all but a share `nu` of the patches (N, P, d), learnt from a sample of them."""
    patches = features.reshape(-1, features.shape[-1])
    centre, deviation = centre_and_deviation(patches)
    scale = _scale(deviation, settings)
    chosen = np.random.default_rng(settings.seed).permutation(len(patches))[: settings.samples]
    sample = ((patches[np.sort(chosen)] - centre) * scale).astype(np.float64)
    gamma = settings.gamma / max(float(sample.var(axis=0).sum()), TINY)
    solve = _nystroem if settings.solver == "nystroem" else _exact
    support, weights, offset = solve(sample, gamma, settings)
    return PatchRegion(centre, scale, support.astype(np.float32), weights.astype(np.float32), offset, gamma)


def _exact(sample: Wide, gamma: float, settings: OneClassSvmSettings) -> tuple[Wide, Wide, float]:
    """Return the patches that hold up the border of the region, their weights, and the offset."""
    # scikit-learn takes a second to import; those who only score must not wait for it
    from sklearn.svm import OneClassSVM

    fitted = OneClassSVM(nu=settings.nu, gamma=gamma).fit(sample)
    return fitted.support_vectors_, fitted.dual_coef_[0], float(-fitted.intercept_[0])


def _nystroem(sample: Wide, gamma: float, settings: OneClassSvmSettings) -> tuple[Wide, Wide, float]:
    """Return the same where all patches are described by their likeness to some (Williams & Seeger, NIPS 2000).

    The region is linear in that description, so that it comes back as weights of the landmarks.
    """
    from sklearn.kernel_approximation import Nystroem
    from sklearn.linear_model import SGDOneClassSVM

    likeness = Nystroem(gamma=gamma, n_components=min(settings.landmarks, len(sample)), random_state=settings.seed)
    described = likeness.fit_transform(sample)
    fitted = SGDOneClassSVM(nu=settings.nu, random_state=settings.seed, max_iter=200, tol=1e-5, average=True)
    fitted.fit(described)
    weights = likeness.normalization_.T @ fitted.coef_.reshape(-1)
    return likeness.components_, weights, float(fitted.offset_[0])


def centre_and_deviation(patches: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and standard deviation of each feature of patches (n, d), both (d,), summed up part by part."""
    parts, count = [patches[part] for part in batch_slices(patches, PATCHES_AT_ONCE)], len(patches)
    centre = np.asarray(sum(part.sum(axis=0, dtype=np.float64) for part in parts) / count, np.float32)
    squares = sum(((part - centre) ** 2).sum(axis=0, dtype=np.float64) for part in parts)
    return centre, np.asarray(np.sqrt(squares / count), np.float32)


def _scale(deviation: NDArray[np.float32], settings: OneClassSvmSettings) -> NDArray[np.float32]:
    """Return a factor for each number, so that each feature has the say of its weight, however many numbers it is."""
    weights = np.repeat(settings.weights, settings.widths) / np.sqrt(np.repeat(settings.widths, settings.widths))
    return np.asarray(weights / np.maximum(deviation, TINY), np.float32)
