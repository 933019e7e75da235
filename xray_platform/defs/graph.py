"""Graph: everything that Dagster loads, named one by one."""

from collections.abc import Mapping
from typing import cast

import dagster as dg

from xray_platform.defs import archive, data_report, evaluation, imaging, models, monitoring
from xray_platform.defs.alerts import alerts
from xray_platform.defs.asset import PlatformAsset
from xray_platform.defs.automation import sensor, weekly_retraining
from xray_platform.defs.checks import CHECKS, tensors_checks
from xray_platform.defs.dataset_file import dataset_digest
from xray_platform.defs.drift_check import drift_check
from xray_platform.defs.drift_sensor import drift_sensor
from xray_platform.defs.failures import failure_record
from xray_platform.defs.imaging import tensors_asset
from xray_platform.defs.inbox import SECTION as INBOX
from xray_platform.defs.inbox import InboxSettings, inbox_sensor
from xray_platform.defs.jobs import cohort_job, intake_job, monitoring_job, retraining_job
from xray_platform.defs.labels_sensor import labels_sensor
from xray_platform.defs.launchpad import own_recipe, tensors_in_use, with_recipes
from xray_platform.defs.model_check_settings import ModelCheckSettings
from xray_platform.defs.model_checks import model_checks
from xray_platform.defs.models_in_use import models_in_use
from xray_platform.defs.predictions import predictions_asset
from xray_platform.defs.retention import SECTION as RUNS
from xray_platform.defs.retention import RetentionSettings, nightly_forgetting, retention_job
from xray_platform.defs.store import Store, root_folder
from xray_platform.defs.store_settings import read_settings
from xray_platform.evaluation.dataset.drift import DriftSettings
from xray_platform.imaging.named_recipe import NamedRecipe
from xray_platform.imaging.recipes import RECIPES, known_recipes
from xray_platform.serving.pacs.settings import SECTION as PACS
from xray_platform.serving.pacs.settings import PacsSettings
from xray_platform.settings import Settings
from xray_platform.tables.places import Places

STANDING = [
    *archive.ASSETS, *imaging.ASSETS, *data_report.ASSETS, *models.ASSETS, *evaluation.ASSETS, *monitoring.ASSETS,
]  # fmt: skip
"""The assets that every store has; tensors, and the predictions that read them, are those that its models ask for."""
MODEL_CHECKS = "model_checks"  # how `xray.yaml` calls the settings of the checks on models, scores and champion


def settings_classes(recipes: Mapping[str, NamedRecipe] = RECIPES) -> dict[str, type[Settings]]:
    """Return what can be set in `xray.yaml`: of each asset, the checks on models, PACS, runs and the inbox."""
    kinds = {asset.name: with_recipes(asset.settings, recipes) for asset in STANDING if asset.settings}
    others: dict[str, type[Settings]] = {
        MODEL_CHECKS: ModelCheckSettings,
        PACS: PacsSettings,
        RUNS: RetentionSettings,
        INBOX: InboxSettings,
    }
    return {**kinds, **others}


def assets(settings: Mapping[str, Settings] | None = None) -> list[PlatformAsset]:
    """Return all assets of a store with these settings (else the defaults), in the order of their stages."""
    if settings is None:
        settings = {name: kind() for name, kind in settings_classes().items()}
    made = [tensors_asset(tensors) for tensors in tensors_in_use(settings.values())]
    follows = [predictions_asset([asset.name for asset in made]), *monitoring.ASSETS]
    return [*archive.ASSETS, *imaging.ASSETS, *made, *data_report.ASSETS, *models.ASSETS, *evaluation.ASSETS, *follows]


def definitions() -> dg.Definitions:
    """Return the code location, with settings and recipes of the store at $XRAY_ROOT (else the current folder).

    One process runs all steps of a run: the steps themselves use all cores, and on a small machine a process for each
    step costs more than it brings (about one second a step).
    """
    places = Places(root_folder())
    recipes = known_recipes(places)
    settings = read_settings(places, settings_classes(recipes))
    checks = cast("ModelCheckSettings", settings[MODEL_CHECKS])
    tensors = {one.asset: one for one in tensors_in_use(settings.values())}
    described = {"dataset": digest} if (digest := dataset_digest(places)) else {}
    recipe_ids = {name: recipes[one.recipe].recipe(one.tensor_side).id for name, one in tensors.items()}
    standing = assets(settings)
    in_use = {"", *models_in_use(places)}
    unasked = [asset.name for asset in standing if asset.declared.on_request or asset.declared.model not in in_use]
    return dg.Definitions(
        assets=[
            asset.definition(
                own := settings.get(asset.name),
                own_recipe(own or tensors.get(asset.name), recipes)
                | (described if asset.declared.shows_dataset else {}),
                unasked=asset.name in unasked,
            )
            for asset in standing
        ],
        asset_checks=[
            *CHECKS,
            drift_check(cast("DriftSettings", settings["data_report"])),
            monitoring.as_before,
            *(tensors_checks(name, recipe) for name, recipe in recipe_ids.items()),
            *model_checks(checks),
        ],
        jobs=[
            intake_job,
            cohort_job,
            monitoring_job,
            retraining_job(unasked),
            retention_job(cast("RetentionSettings", settings[RUNS])),
        ],
        schedules=[weekly_retraining, nightly_forgetting],
        sensors=[sensor, inbox_sensor, drift_sensor, labels_sensor, alerts, failure_record],
        resources={"store": Store(root="")},
        executor=dg.in_process_executor,
    )
