"""Detector as a model: it learns from the normal images of the training part alone."""

from typing import Any

import numpy as np

from xray_platform.detectors.contract import DetectorKind
from xray_platform.image_stack import SelectedImages
from xray_platform.models.contract import FitContext, FittedModel, ModelKind, Part


def detector_model(kind: DetectorKind) -> ModelKind:
    """Return a line of the table of detectors as a line of the table of models."""

    def fit(train: Part, _: Part, settings: tuple[Any, ...], context: FitContext) -> FittedModel:
        normal = SelectedImages(train.images, np.flatnonzero(~train.abnormal))
        return kind.fit(
            normal, settings[0], progress=context.progress, folder=context.folder, on_epoch=context.on_epoch
        )

    return ModelKind(
        name=kind.name,
        family="detector",
        task="one-class",
        version=kind.version,
        library=kind.library,
        description=kind.description,
        learns_from_abnormal=False,
        settings=(kind.settings,),
        recipe=kind.recipe,
        side=kind.side,
        fit=fit,
        load=kind.load,
        modules=lambda: {kind.detector.__module__},
        on_request=kind.on_request,
        quick=kind.quick,
        from_patches=kind.from_patches,
    )
