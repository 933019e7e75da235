"""Model assets: one for each line of the table of models."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import dagster as dg

from xray_platform.defs.asset import PlatformAsset, platform_asset
from xray_platform.defs.asset_result import AssetResult
from xray_platform.defs.launchpad import MODEL_SETTINGS
from xray_platform.defs.store import Store
from xray_platform.models.all import MODELS
from xray_platform.models.contract import ModelKind
from xray_platform.settings import Settings

if TYPE_CHECKING:
    from xray_platform.defs.model_store import TrainingRecord

POOL = "training"


def model_asset(kind: ModelKind) -> PlatformAsset:
    """Return the asset that trains one model."""

    def body(context: dg.AssetExecutionContext, store: Store, config: Settings) -> AssetResult:
        from xray_platform.defs.train import train  # torch and MLflow take seconds to import

        trained = train(context, store.places, kind, config)
        record = trained.record
        return AssetResult(
            content=record.run,
            metadata={
                "MLflow run": dg.MetadataValue.url(trained.link.url),
                "MLflow run id": record.run,
                "model": dg.MetadataValue.md("\n".join(f"- {line}" for line in record.description)),
                "seconds": record.seconds,
                "pictures": sum(record.pictures.values()),
                **{f"{split} pictures": number for split, number in record.pictures.items()},
                **_best_epoch(record),
            },
        )

    body.__annotations__["config"] = MODEL_SETTINGS[kind.name]
    body.__name__ = kind.name
    return platform_asset(
        name=kind.name,
        group=f"{kind.family}s",
        version=kind.version,
        deps=["splits"],
        more_deps=kind.parts or _own_tensors(kind),
        kinds={kind.library, "mlflow"},
        pool=POOL,
        model=kind.name,
        description=f"Trained {kind.family}: {kind.description}.",
    )(body)


def _own_tensors(kind: ModelKind) -> Callable[[Any], tuple[str, ...]]:
    """Return what says of given settings which tensors the model reads; one that works on patches reads these too."""
    patches = ("patches",) if kind.from_patches else ()
    return lambda settings: (settings.asset, *patches, *_told(settings))


def _told(settings: Any) -> tuple[str, ...]:
    """Return what else says something of the pictures that the model is told."""
    return ("images",) if getattr(settings, "clinical_columns", "") else ()


def _best_epoch(record: "TrainingRecord") -> dict[str, float | int]:
    """Return how far a network learnt; most detectors have no epochs."""
    if not record.history:
        return {}
    if "val_auroc" not in record.history[-1]:
        return {"epochs": len(record.history), "validation loss of the last epoch": record.history[-1]["val_loss"]}
    best = max(record.history, key=lambda epoch: epoch["val_auroc"])
    return {"epochs": len(record.history), "validation auroc of the best epoch": float(best["val_auroc"])}


ASSETS = [model_asset(kind) for kind in MODELS.values()]
NAMES = list(MODELS)
