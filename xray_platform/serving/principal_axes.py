"""Principal axes: the directions in which embeddings differ most, so that a few numbers tell where an image lies."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xray_platform.image_stack import Embeddings

MOST = 32
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class PrincipalAxes:
    """Orthonormal `axes` (A, C) through the `mean` (C,) of embeddings, the one with the largest spread first."""

    mean: Floats
    axes: Floats

    def along(self, embeddings: Embeddings) -> Floats:
        """Return where embeddings (N, C) lie along the axes, (N, A) float32."""
        return np.asarray((embeddings - self.mean) @ self.axes.T, np.float32)


def principal_axes(embeddings: Embeddings, most: int = MOST) -> PrincipalAxes:
    """Return the axes of embeddings (N, C), N at least 1; no more than `most`, and only those along which they differ.

    The sign of an axis is such that its largest part is positive: the same embeddings give the same axes.

    >>> found = principal_axes(np.array([[0, 1, 0], [0, 3, 0]], np.float32))
    >>> found.axes.tolist(), found.along(np.array([[7, 5, 7]], np.float32)).tolist()
    ([[0.0, 1.0, 0.0]], [[3.0]])
    """
    wide = embeddings.astype(np.float64)
    mean = wide.mean(axis=0)
    spreads, axes = np.linalg.eigh((wide - mean).T @ (wide - mean))
    order = [place for place in np.argsort(-spreads)[:most] if spreads[place] > spreads.max() * 1e-6]
    found = axes[:, order].T
    signs = np.sign(found[np.arange(len(found)), np.abs(found).argmax(axis=1)])
    return PrincipalAxes(mean.astype(np.float32), (found * signs[:, None] + 0.0).astype(np.float32))
