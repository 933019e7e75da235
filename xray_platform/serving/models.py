"""Models: read a saved detector or network, and use either in the same way."""

from pathlib import Path
from typing import Literal, Protocol

from xray_platform.errors import StoreError
from xray_platform.image_stack import Images, Scores


class Scorer(Protocol):
    """What a predictor needs of a model. Images are (N, S, S) float32 in [0, 1]; a higher score is more abnormal."""

    def score(self, images: Images) -> Scores: ...

    def heatmap(self, images: Images) -> Images: ...


def load_model(family: Literal["detector", "network"], name: str, folder: Path) -> Scorer:
    """Return the model of that name saved in `folder`; StoreError where this version knows none of that name."""
    if family == "network":
        from xray_platform.training.trained_network import (
            TrainedNetwork,  # torch takes seconds to import; detectors do without
        )

        return TrainedNetwork.load(folder)
    from xray_platform.detectors.all import DETECTORS  # scikit-learn and zarr take a second; networks do without

    if name not in DETECTORS:
        raise StoreError(f"no detector is called {name!r}; there are {', '.join(sorted(DETECTORS))}")
    return DETECTORS[name].load(folder)
