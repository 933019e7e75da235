"""Refitted model: a model as the store sets it, with the cohort without its test part, to be fitted again and again.

Cross-validation and search choose; what chooses must not see the test part.
"""

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import dagster as dg
import pandas as pd

from xray_platform.defs.asset_result import frame_digest
from xray_platform.defs.cohort import Cohort, clinical_digest, read_cohort
from xray_platform.defs.launchpad import MODEL_SETTINGS, with_recipes
from xray_platform.defs.model_data import ModelData, model_data
from xray_platform.defs.store_settings import settings_of
from xray_platform.imaging.recipes import known_recipes
from xray_platform.models.all import MODELS
from xray_platform.models.contract import ModelKind
from xray_platform.settings import Settings
from xray_platform.tables.places import Places
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.registered_weights import with_registered
from xray_platform.tracking.runs import TrackedRun, open_run


@dataclass(frozen=True)
class RefittedModel:
    """A kind of model, its settings in the store, the data that it reads, and the pictures without the test part."""

    kind: ModelKind
    config: Settings
    data: ModelData
    cohort: Cohort

    def digest(self, said: pd.DataFrame, *more: object) -> str:
        """Return 16 hexadecimal digits of the model, its settings, what is said of its pictures, and `more`."""
        kind, recipes = self.kind, [recipe.id for recipe in self.data.recipes]
        made = [kind.name, kind.version, self.config.model_dump(mode="json"), recipes, *more]
        made += clinical_digest(self.cohort).values()
        return frame_digest(said.assign(made=json.dumps(made, sort_keys=True)))[:16]

    def open_run(self, context: dg.AssetExecutionContext, name: str, stage: str) -> AbstractContextManager[TrackedRun]:
        """Open the MLflow run in which it is fitted again and again; `name` comes after the model's."""
        tags = {"model": self.kind.name, "family": self.kind.family, "recipe": self.data.name, "stage": stage}
        return open_run(
            open_tracking(self.cohort.places),
            model=self.kind.name,
            name=f"{self.kind.name}-{name}",
            dagster_run_id=context.run.run_id,
            asset_key=context.asset_key.to_user_string(),
            tags=tags,
        )


def refitted_model(places: Places, name: str) -> RefittedModel:
    """Return the model of that name as the store sets it; raises DataError where its pictures have no tensors."""
    kind = MODELS[name]
    config = settings_of(places, kind.name, with_recipes(MODEL_SETTINGS[kind.name], known_recipes(places)))
    _, config = with_registered(open_tracking(places), config)
    data = model_data(places, kind, config)
    cohort = read_cohort(places, data.recipes, data.clinical_columns)
    rows = cohort.rows[cohort.rows["split"] != "test"].reset_index(drop=True)
    return RefittedModel(kind, config, data, replace(cohort, rows=rows))
