"""Train: fit one model on the cohort, followed by an MLflow run, and keep it with its record."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from xray_platform.defs.cohort import Cohort, data_digest, read_cohort
from xray_platform.defs.launchpad import TensorSettings, part_of
from xray_platform.defs.model_card import description_of_training, origin_of
from xray_platform.defs.model_store import MODEL, TrainingRecord, keep_record, model_folder
from xray_platform.defs.progress import logged
from xray_platform.defs.provenance import provenance
from xray_platform.dicom.standard.standard_images import settings_of
from xray_platform.errors import DataError
from xray_platform.models.contract import FitContext, FittedModel, ModelKind, Part
from xray_platform.settings import Settings
from xray_platform.tables.places import Places
from xray_platform.tracking.datasets import PARTS
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.runs import RunLink, TrackedRun, open_run

STANDARD = "standard images"
HEADINGS = ("model", "training")


@dataclass(frozen=True)
class Trained:
    """A finished training: its record and where its MLflow run is seen."""

    record: TrainingRecord
    link: RunLink


def train(context: dg.AssetExecutionContext, places: Places, kind: ModelKind, config: Settings) -> Trained:
    """Fit a model of this kind on the cohort and keep it.

    Raises DataError where the labelled pictures do not allow it.
    """
    model, prepared = kind.name, part_of(TensorSettings, config)
    recipe = prepared.made(places)
    if recipe.gives not in kind.takes:
        allowed = "; ".join(map(str, kind.takes))
        raise DataError(f"the recipe {prepared.recipe} gives {recipe.gives}; {model} takes {allowed}")
    cohort = read_cohort(places, recipe)
    _enough(cohort, kind)
    standard = {STANDARD: settings_of(places, cohort.rows["batch"].unique()).model_dump(mode="json")}
    origin, inputs = origin_of(places, cohort.rows), _inputs(cohort)
    began = time.monotonic()
    with open_run(
        open_tracking(places),
        model=model,
        name=f"{model}-{len(cohort.rows)}-{origin}s-{inputs['train'][:6]}",
        dagster_run_id=context.run.run_id,
        asset_key=context.asset_key.to_user_string(),
        tags={
            "model": model,
            "family": kind.family,
            "recipe": prepared.recipe,
            "origin": origin,
            "data": inputs["train"],
            "stage": "trained",
        },
    ) as run:
        context.instance.add_run_tags(context.run.run_id, {f"mlflow/{model}": run.run_id})
        settings = {**_settings(kind, config), **standard}
        run.log_parameters(_parameters(settings, prepared, cohort, inputs))
        log_data(run, cohort, inputs)
        fitted = _fit(context, cohort, kind, config, run)
        record = TrainingRecord(
            model=model,
            family=kind.family,
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
        keep_record(places, record, run)
        run.log_metrics({"training/seconds": record.seconds})
        run.describe(description_of_training(record, origin))
        return Trained(record, run.link)


def _fit(
    context: dg.AssetExecutionContext, cohort: Cohort, kind: ModelKind, config: Settings, run: TrackedRun
) -> FittedModel:
    classes = cohort.classes()
    train, val = (
        Part(cohort.images(rows), cohort.labels(rows), classes, cohort.present(rows, classes))
        for rows in (cohort.part("train"), cohort.part("val"))
    )
    settings = tuple(part_of(part, config) for part in kind.settings)
    around = FitContext(cohort.places.models / kind.name / "checkpoints", run.log_epoch, logged(context))
    return kind.fit(train, val, settings, around)


def _enough(cohort: Cohort, kind: ModelKind) -> None:
    """Refuse early, with counts, what cannot be learnt."""
    train, val = cohort.part("train"), cohort.part("val")
    counts = ", ".join(
        f"{split}: {int((~cohort.labels(part)).sum())} normal and {int(cohort.labels(part).sum())} abnormal"
        for split, part in (("train", train), ("val", val))
    )
    if cohort.labels(train).all():
        raise DataError(f"{kind.name} learns from normal pictures, and the training part has none ({counts})")
    if kind.learns_from_abnormal and any(part["abnormal"].nunique() < 2 for part in (train, val)):
        raise DataError(
            f"{kind.name} needs normal and abnormal pictures in the training and the validation part ({counts})"
        )
    if val.empty:
        raise DataError(f"{kind.name} cannot be evaluated: the validation part is empty ({counts})")


def _settings(kind: ModelKind, config: Settings) -> dict[str, Any]:
    """Return the settings by the headings of a report: those of the model itself, then those of its training."""
    parts = zip(HEADINGS, kind.settings, strict=False)
    return {heading: part_of(part, config).model_dump(mode="json") for heading, part in parts}


def _parameters(
    settings: dict[str, Any], prepared: TensorSettings, cohort: Cohort, inputs: dict[str, str]
) -> dict[str, Any]:
    """Return what MLflow shows of the settings: names without blanks, and `seed` for the seed that the fit had."""
    parts = {heading.replace(" ", "_"): dict(values) for heading, values in settings.items()}
    seeds = [values.pop("seed") for values in parts.values() if "seed" in values]
    recipe = {"name": prepared.recipe, "side": prepared.tensor_side, "fingerprint": cohort.recipe.id}
    pictures = {split: len(cohort.part(split)) for split in PARTS}
    return {
        "recipe": {**recipe, **cohort.recipe.model_dump(mode="json")},
        **parts,
        **({"seed": seeds[0]} if seeds else {}),
        "data": {**inputs, "pictures": pictures},
    }


def _inputs(cohort: Cohort) -> dict[str, str]:
    """Return the digest of each part of the cohort: which pictures, which labels."""
    return {split: data_digest(cohort.part(split)) for split in PARTS}


def log_data(run: TrackedRun, cohort: Cohort, inputs: Mapping[str, str]) -> None:
    """Say which pictures each part of the cohort holds, by the digests of the parts."""
    for split, context in PARTS.items():
        rows = cohort.part(split)[["image", "subject", "abnormal"]]
        run.log_dataset(f"{split}_pictures", rows, inputs[split], context, "data/tables/splits/all.parquet")
