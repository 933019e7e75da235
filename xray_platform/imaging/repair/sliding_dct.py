"""Sliding DCT: remove Gaussian noise of known strength from float pictures of any depth."""

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, idctn

from xray_platform.imaging.repair.levels import Grey

SIDE = 8
"""Side of a window, in pixels."""
CUT = 2.7
"""Coefficients below this many standard deviations of the noise are set to 0."""
STRIP = 128
"""Rows that are worked at once, so that a large film needs little memory."""


def denoise_dct(grey: Grey, sigma: float, side: int = SIDE) -> Grey:
    """Return the picture without Gaussian noise of standard deviation `sigma`; edges and their levels stay.

    Every window of `side` x `side` pixels is transformed by the DCT, small coefficients are set to 0, and the windows
    are averaged, those with few coefficients left weighing more (Yaroslavsky 1996; Guleryuz 2007). As good as
    non-local means on films, in float at any depth.
    """
    if sigma <= 0 or min(grey.shape) < 2:
        return grey
    margin = side - 1
    padded = np.pad(grey, margin, mode="symmetric").astype(np.float32)
    total, weight = np.zeros_like(padded), np.zeros_like(padded)
    for top in range(0, padded.shape[0] - margin, STRIP):
        strip = padded[top : top + STRIP + margin]
        _add_windows(strip, CUT * sigma, side, total[top : top + STRIP + margin], weight[top : top + STRIP + margin])
    return np.ascontiguousarray((total / weight)[margin:-margin, margin:-margin])


def _add_windows(strip: Grey, cut: float, side: int, total: NDArray[np.float32], weight: NDArray[np.float32]) -> None:
    """Add the denoised windows of a strip, and their weights, to what is there."""
    windows = np.lib.stride_tricks.sliding_window_view(strip, (side, side))
    detail = dctn(windows, axes=(2, 3), norm="ortho")
    kept = np.abs(detail) > cut
    kept[..., 0, 0] = True
    sure = 1.0 / kept.sum(axis=(2, 3)).astype(np.float32)
    clean = idctn(detail * kept, axes=(2, 3), norm="ortho") * sure[..., None, None]
    rows, columns = sure.shape
    for i in range(side):
        for j in range(side):
            total[i : i + rows, j : j + columns] += clean[:, :, i, j]
            weight[i : i + rows, j : j + columns] += sure
