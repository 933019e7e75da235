"""Evaluation assets: scores and report of each model, the leaderboard, and the champion.

What they do is imported when they run: MLflow and matplotlib take seconds, and whoever only looks at the graph needs
neither.
"""

import dagster as dg

from xray_platform.defs.asset import PlatformAsset, platform_asset
from xray_platform.defs.asset_result import AssetResult
from xray_platform.defs.automation import AFTER_TRAINING, FOLLOW_SPLITS
from xray_platform.defs.cross_validation_settings import CrossValidationSettings
from xray_platform.defs.launchpad import evaluation_settings
from xray_platform.defs.models import NAMES, POOL
from xray_platform.defs.promotion_settings import PromotionSettings
from xray_platform.defs.search_settings import SearchSettings
from xray_platform.defs.store import Store
from xray_platform.evaluation.evaluate import EvaluationSettings
from xray_platform.models.all import MODELS

GROUP = "evaluation"


@platform_asset(
    group=GROUP,
    version="1",
    deps=["splits", "images", "standard_images"],
    kinds={"json"},
    automation=FOLLOW_SPLITS,
)
def label_shortcuts(context: dg.AssetExecutionContext, store: Store) -> AssetResult:
    """How far size, source, tone and sharpness alone tell normal from abnormal; each report holds its model to it."""
    from xray_platform.defs.label_shortcut_results import label_shortcuts_of  # see above

    return label_shortcuts_of(store.places)


def scores_asset(model: str) -> PlatformAsset:
    """Return the asset that scores and judges one model."""

    def body(context: dg.AssetExecutionContext, store: Store, config: EvaluationSettings) -> AssetResult:
        from xray_platform.defs.evaluation_results import scores_of  # see above

        return scores_of(context, store.places, model, config)

    body.__annotations__["config"] = evaluation_settings(MODELS[model])
    return platform_asset(
        name=f"{model}_scores",
        group=GROUP,
        version="5",
        deps=[model],
        kinds={"parquet", "mlflow"},
        automation=AFTER_TRAINING,
        model=model,
        description=f"What {model} says of every labelled picture; threshold and calibration from the validation part.",
    )(body)


def report_asset(model: str) -> PlatformAsset:
    """Return the asset that writes one model's report and registers the model."""

    def body(context: dg.AssetExecutionContext, store: Store) -> AssetResult:
        from xray_platform.defs.evaluation_results import report_of  # see above

        return report_of(context, store.places, model)

    return platform_asset(
        name=f"{model}_report",
        group=GROUP,
        version="8",
        deps=[f"{model}_scores", "boxes", "label_shortcuts"],
        kinds={"html", "mlflow"},
        shows_dataset=True,
        automation=AFTER_TRAINING,
        model=model,
        description=f"The report of {model}: one self-contained page, and its bundle in the MLflow registry.",
    )(body)


@platform_asset(
    group=GROUP,
    version="3",
    deps=[f"{model}_report" for model in NAMES],
    kinds={"parquet", "html"},
    automation=AFTER_TRAINING,
    any_deps=True,
)
def leaderboard(context: dg.AssetExecutionContext, store: Store) -> AssetResult:
    """All models side by side on the same test part, ranked by the validation part; those that there are."""
    from xray_platform.defs.leaderboard_results import leaderboard_of  # see above

    return leaderboard_of(store.places)


@platform_asset(
    group=GROUP,
    version="3",
    deps=["leaderboard"],
    kinds={"mlflow"},
    automation=AFTER_TRAINING,
    description="The model in use, as the alias `champion` of the MLflow registry; `xray predict` asks for it.\n\n"
    "It changes where the first of the leaderboard is better on the same validation pictures, by the margin and by "
    "more than chance, and breaks no guard (shortcut, calibration, robustness, subgroups; not worse than the champion "
    "on the test part and the newest pictures, not far more or fewer alarms on the newest batch), or where a person "
    "says so here: `promote`, with `by` and "
    "`why`.",
)
def champion(context: dg.AssetExecutionContext, store: Store, config: PromotionSettings) -> AssetResult:
    """Settle who is champion."""
    from xray_platform.defs.evaluation_results import champion_of  # see above

    return champion_of(context, store.places, config)


@platform_asset(
    group=GROUP,
    version="2",
    deps=["leaderboard", "champion"],
    kinds={"html"},
    automation=AFTER_TRAINING,
)
def leaderboard_page(context: dg.AssetExecutionContext, store: Store) -> AssetResult:
    """The leaderboard as a page, with the champion and what every reader must know before the figures."""
    from xray_platform.defs.leaderboard_results import leaderboard_page_of  # see above

    return leaderboard_page_of(context.instance, store.places)


@platform_asset(
    group=GROUP,
    version="1",
    deps=["splits"],
    more_deps=lambda settings: (settings.model,),
    kinds={"parquet", "mlflow"},
    pool=POOL,
    on_request=True,
)
def cross_validation(context: dg.AssetExecutionContext, store: Store, config: CrossValidationSettings) -> AssetResult:
    """A model fitted and judged once a fold, subjects kept together, without the test part; made where asked for."""
    from xray_platform.defs.cross_validation import cross_validate  # see above

    return cross_validate(context, store.places, config)


@platform_asset(
    group=GROUP,
    version="1",
    deps=["splits"],
    more_deps=lambda settings: (settings.model,),
    kinds={"mlflow"},
    pool=POOL,
    on_request=True,
)
def hyperparameter_search(context: dg.AssetExecutionContext, store: Store, config: SearchSettings) -> AssetResult:
    """Settings of a model that do best on the validation part, searched by Optuna; made where asked for."""
    from xray_platform.defs.search import search  # see above

    return search(context, store.places, config)


ASSETS = [
    label_shortcuts,
    *(scores_asset(model) for model in NAMES),
    *(report_asset(model) for model in NAMES),
    leaderboard,
    champion,
    leaderboard_page,
    cross_validation,
    hyperparameter_search,
]
