"""Network as a model: it learns from both classes, and keeps the epoch that the validation part likes best."""

from pathlib import Path
from typing import Any

from xray_platform.errors import StoreError
from xray_platform.models.contract import FitContext, FittedModel, ModelKind, Part
from xray_platform.networks.contract import NetworkKind
from xray_platform.training.training_settings import TrainingSettings

# torch takes seconds to import, and the table of models is read for names and settings too: hence the late imports


def network_model(kind: NetworkKind) -> ModelKind:
    """Return a line of the table of networks as a line of the table of models."""

    def fit(train: Part, val: Part, settings: tuple[Any, ...], context: FitContext) -> FittedModel:
        from xray_platform.training.fit import fit_network

        several = settings[1].target != "abnormal"
        parts = ((part.images, part.present if several else part.abnormal) for part in (train, val))
        return fit_network(
            kind.name,
            *settings,
            *parts,
            folder=context.folder,
            progress=context.progress,
            on_epoch=context.on_epoch,
            classes=train.classes if several else (),
        )

    def load(folder: Path) -> FittedModel:
        from xray_platform.training.trained_network import TrainedNetwork

        network = TrainedNetwork.load(folder)
        if network.name != kind.name:
            raise StoreError(f"{folder} holds the network {network.name}, not {kind.name}")
        return network

    def modules() -> set[str]:
        from xray_platform.training.trained_network import TrainedNetwork

        return {type(kind.build(kind.settings(), 1)).__module__, TrainedNetwork.__module__}

    return ModelKind(
        name=kind.name,
        family="network",
        task="binary",
        version=kind.version,
        library=kind.library,
        description=kind.description,
        learns_from_abnormal=True,
        settings=(kind.settings, TrainingSettings),
        recipe=kind.recipe,
        side=kind.side,
        fit=fit,
        load=load,
        modules=modules,
        on_request=kind.on_request,
        quick=kind.quick,
    )
