"""Train: fit one detector or network on the cohort, followed by an MLflow run, and keep it with its record."""

import time
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pandas as pd

from xray_platform.defs.cohort import Cohort, read_cohort
from xray_platform.defs.launchpad import TensorSettings, part_of
from xray_platform.defs.made import frame_digest
from xray_platform.defs.model_store import MODEL, TrainingRecord, keep_record, model_folder
from xray_platform.defs.progress import logged
from xray_platform.defs.provenance import provenance
from xray_platform.detectors.all import DETECTORS
from xray_platform.dicom.standard import settings_of
from xray_platform.errors import DataError
from xray_platform.networks.all import NETWORKS
from xray_platform.settings import Settings
from xray_platform.tables.places import Places
from xray_platform.tracking.experiments import open_tracking
from xray_platform.tracking.runs import RunLink, TrackedRun, open_run
from xray_platform.training.fit import fit_network
from xray_platform.training.training_settings import TrainingSettings

STANDARD = "standard images"
PARTS = {"train": "training", "val": "validation", "test": "test"}


@dataclass(frozen=True)
class Trained:
    """A finished training: its record and where its MLflow run is seen."""

    record: TrainingRecord
    link: RunLink


def train(context: dg.AssetExecutionContext, places: Places, model: str, config: Settings) -> Trained:
    """Fit the model named on the training part (a detector on its normal pictures) and keep it.

    Raises DataError where the labelled pictures do not allow it.
    """
    recipe = part_of(TensorSettings, config).made()
    cohort = read_cohort(places, recipe)
    _enough(cohort, model)
    standard = {STANDARD: settings_of(places, cohort.rows["batch"].unique()).model_dump(mode="json")}
    began = time.monotonic()
    with open_run(
        open_tracking(places),
        model=model,
        dagster_run_id=context.run.run_id,
        asset_key=context.asset_key.to_user_string(),
    ) as run:
        context.instance.add_run_tags(context.run.run_id, {f"mlflow/{model}": run.run_id})
        settings, inputs = {**_settings(model, config), **standard}, _inputs(cohort)
        run.log_parameters({"recipe": recipe.model_dump(mode="json"), **settings})
        _log_data(run, cohort, inputs)
        fitted = _fit(context, cohort, model, config, run)
        record = TrainingRecord(
            model=model,
            family="detector" if model in DETECTORS else "network",
            run=run.run_id,
            recipe=recipe.model_dump(mode="json"),
            settings=settings,
            description=tuple(fitted.describe()),
            history=tuple(getattr(fitted, "history", ())),
            inputs=inputs,
            dagster_run=context.run.run_id,
            provenance=provenance(),
            seconds=round(time.monotonic() - began, 2),
            pictures={split: len(cohort.part(split)) for split in PARTS},
        )
        fitted.save(model_folder(places, record) / MODEL)
        keep_record(places, record)
        run.log_metrics({"seconds": record.seconds})
        return Trained(record, run.link)


def _fit(context: dg.AssetExecutionContext, cohort: Cohort, model: str, config: Settings, run: TrackedRun) -> Any:
    if model in DETECTORS:
        kind = DETECTORS[model]
        normal = cohort.images(cohort.part("train", normal_only=True))
        return kind.fit(normal, part_of(kind.settings, config), progress=logged(context))
    rows = {split: cohort.part(split) for split in ("train", "val")}
    return fit_network(
        model,
        part_of(NETWORKS[model].settings, config),
        part_of(TrainingSettings, config),
        *((cohort.images(part), cohort.truth(part)) for part in rows.values()),
        folder=cohort.places.models / model / "checkpoints",
        progress=logged(context),
        on_epoch=run.log_epoch,
    )


def _enough(cohort: Cohort, model: str) -> None:
    """Refuse early, with counts, what cannot be learnt."""
    train, val = cohort.part("train"), cohort.part("val")
    counts = ", ".join(
        f"{split}: {int((~cohort.truth(part)).sum())} normal and {int(cohort.truth(part).sum())} abnormal"
        for split, part in (("train", train), ("val", val))
    )
    if model in DETECTORS and cohort.truth(train).all():
        raise DataError(f"{model} learns from normal pictures, and the training part has none ({counts})")
    if model in NETWORKS and any(part["abnormal"].nunique() < 2 for part in (train, val)):
        raise DataError(
            f"{model} needs normal and abnormal pictures in the training and the validation part ({counts})"
        )
    if val.empty:
        raise DataError(f"{model} cannot be judged: the validation part is empty ({counts})")


def _settings(model: str, config: Settings) -> dict[str, Any]:
    kinds: dict[str, Any] = {**DETECTORS, **NETWORKS}
    named = {"model": part_of(kinds[model].settings, config).model_dump(mode="json")}
    if model in NETWORKS:
        named["training"] = part_of(TrainingSettings, config).model_dump(mode="json")
    return named


def _inputs(cohort: Cohort) -> dict[str, str]:
    """Return the digest of each part of the cohort: which pictures, which truth, which tensors."""
    return {split: frame_digest(cohort.part(split))[:16] for split in PARTS}


def _log_data(run: TrackedRun, cohort: Cohort, inputs: dict[str, str]) -> None:
    for split, context in PARTS.items():
        rows: pd.DataFrame = cohort.part(split)[["image", "subject", "abnormal"]]
        run.log_dataset(f"{split} pictures", rows, inputs[split], context, "data/tables/splits/all.parquet")
