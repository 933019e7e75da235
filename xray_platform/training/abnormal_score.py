"""Abnormal score: from outputs for several classes to one number a picture, higher is more abnormal."""

import numpy as np
from numpy.typing import NDArray

from xray_platform.tables.findings import ManyClasses

Numbers = NDArray[np.float64]


def abnormal_score(logits: Numbers, target: ManyClasses) -> Numbers:
    """Return the logit of not being normal, (N,), of outputs (N, K) of which the first is that of normal.

    `label`: the outputs are those of a softmax, and the logit is what all findings have against normal. `findings`:
    each output is a logit of its own, and that of normal counts, the other way round.
    """
    logits = np.asarray(logits, dtype=np.float64)
    if target == "findings":
        return -logits[:, 0]
    return np.asarray(np.logaddexp.reduce(logits[:, 1:], axis=1) - logits[:, 0], dtype=np.float64)
