"""Prediction asset: what the champion says of every picture, labelled or not, as soon as it was taken in."""

from collections.abc import Sequence

import dagster as dg

from xray_platform.defs.asset import PlatformAsset, platform_asset
from xray_platform.defs.asset_result import AssetResult
from xray_platform.defs.automation import FOLLOW
from xray_platform.defs.progress import logged
from xray_platform.defs.store import Store

GROUP = "predictions"


def predictions_asset(tensors: Sequence[str]) -> PlatformAsset:
    """Return the asset of the predictions; `tensors` are the assets among which the champion's tensors may be."""

    def predictions(context: dg.AssetExecutionContext, store: Store) -> AssetResult:
        from xray_platform.defs.predict_batch import predict_batch  # MLflow takes seconds to import

        return predict_batch(store.places, context.partition_key, logged(context))

    return platform_asset(
        group=GROUP,
        version="3",
        by_batch=True,
        deps=[*tensors, "champion"],
        kinds={"parquet", "mlflow"},
        automation=FOLLOW,
        description="What the champion says of every picture of a batch, with or without label; nothing before there "
        "is a champion.",
    )(predictions)
