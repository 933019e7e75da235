"""Model assets: one for each detector and each network, made from the tables of the rooms below."""

from typing import TYPE_CHECKING

import dagster as dg

from xray_platform.defs.asset import PlatformAsset, platform_asset
from xray_platform.defs.asset_result import AssetResult
from xray_platform.defs.launchpad import MODEL_SETTINGS
from xray_platform.defs.store import Store
from xray_platform.detectors.all import DETECTORS
from xray_platform.networks.all import NETWORKS
from xray_platform.settings import Settings

if TYPE_CHECKING:
    from xray_platform.defs.model_store import TrainingRecord

VERSION = "1"
POOL = "training"


def model_asset(model: str, group: str, description: str, library: str) -> PlatformAsset:
    """Return the asset that trains one model."""

    def body(context: dg.AssetExecutionContext, store: Store, config: Settings) -> AssetResult:
        from xray_platform.defs.train import train  # torch and MLflow take seconds to import

        trained = train(context, store.places, model, config)
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

    body.__annotations__["config"] = MODEL_SETTINGS[model]
    body.__name__ = model
    return platform_asset(
        name=model,
        group=group,
        version=VERSION,
        deps=["splits", "tensors"],
        kinds={library, "mlflow"},
        pool=POOL,
        description=f"Trained {group.rstrip('s')}: {description}.",
    )(body)


def _best_epoch(record: "TrainingRecord") -> dict[str, float | int]:
    """Return how far a network learnt; a detector has no epochs."""
    if not record.history:
        return {}
    best = max(record.history, key=lambda epoch: epoch["val_auroc"])
    return {"epochs": len(record.history), "validation auroc of the best epoch": float(best["val_auroc"])}


ASSETS = [
    *(model_asset(kind.name, "detectors", kind.description, "scikitlearn") for kind in DETECTORS.values()),
    *(model_asset(kind.name, "networks", kind.description, "pytorch") for kind in NETWORKS.values()),
]
NAMES = [*DETECTORS, *NETWORKS]
