"""Train: fit one model on the cohort, followed by an MLflow run, and keep it with its record."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from xray_platform.defs.cohort import Cohort, clinical_digest, data_digest, findings_digest, read_cohort
from xray_platform.defs.launchpad import part_of
from xray_platform.defs.model_card import description_of_training, origin_of
from xray_platform.defs.model_data import ModelData, model_data
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
from xray_platform.tracking.registered_weights import with_registered
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
    tracking = open_tracking(places)
    begins_with, config = with_registered(tracking, config)
    model, data = kind.name, model_data(places, kind, config)
    cohort = read_cohort(places, data.recipes, data.clinical_columns)
    _enough(cohort, kind)
    standard = {STANDARD: settings_of(places, cohort.rows["batch"].unique()).model_dump(mode="json")}
    origin, inputs = origin_of(places, cohort.rows), _inputs(cohort)
    began = time.monotonic()
    with open_run(
        tracking,
        model=model,
        name=f"{model}-{len(cohort.rows)}-{origin}s-{inputs['train'][:6]}",
        dagster_run_id=context.run.run_id,
        asset_key=context.asset_key.to_user_string(),
        tags=_tags(kind, data, origin, inputs, begins_with),
    ) as run:
        context.instance.add_run_tags(context.run.run_id, {f"mlflow/{model}": run.run_id})
        settings = {**_settings(kind, config, data), **standard}
        run.log_parameters(_parameters(settings, data, cohort, inputs))
        log_data(run, cohort, inputs)
        checkpoints = cohort.places.models / model / "checkpoints"
        fitted = fit_on(cohort, kind, config, data, FitContext(checkpoints, run.log_epoch, logged(context), data.parts))
        recipes = [data.recipes[view] for view in getattr(fitted, "views", ())] or data.recipes
        record = TrainingRecord(
            model=model,
            family=kind.family,
            run=run.run_id,
            recipe=recipes[0].model_dump(mode="json"),
            views=tuple(recipe.model_dump(mode="json") for recipe in recipes[1:]),
            settings=settings,
            description=tuple(fitted.describe()),
            history=tuple(getattr(fitted, "history", ())),
            inputs=inputs,
            dagster_run=context.run.run_id,
            provenance=provenance(),
            seconds=round(time.monotonic() - began, 2),
            pictures={split: len(cohort.part(split)) for split in PARTS},
            batches=data.batches or tuple(sorted(cohort.part("train")["batch"].astype(str).unique())),
        )
        fitted.save(model_folder(places, record) / MODEL)
        keep_record(places, record, run)
        run.log_metrics({"training/seconds": record.seconds})
        run.describe(description_of_training(record, origin))
        return Trained(record, run.link)


def _tags(
    kind: ModelKind, data: ModelData, origin: str, inputs: Mapping[str, str], begins_with: str
) -> dict[str, object]:
    """Return the tags of the MLflow run of a training."""
    return {
        "model": kind.name,
        "family": kind.family,
        "recipe": data.name,
        "origin": origin,
        "data": inputs["train"],
        "stage": "trained",
        **({"begins_with": begins_with} if begins_with else {}),
    }


def fit_on(cohort: Cohort, kind: ModelKind, config: Settings, data: ModelData, around: FitContext) -> FittedModel:
    """Return a model of this kind, fitted on the training part of a cohort and validated on the validation part."""
    classes = cohort.classes()
    train, val = (
        Part(cohort.images(rows), cohort.labels(rows), classes, cohort.present(rows, classes))
        for rows in (cohort.part("train"), cohort.part("val"))
    )
    settings = tuple(part_of(part, config, _known(part, data)) for part in kind.settings)
    return kind.fit(train, val, settings, around)


def _enough(cohort: Cohort, kind: ModelKind) -> None:
    """Refuse early, with counts, what cannot be learnt."""
    train, val = cohort.part("train"), cohort.part("val")
    counts = ", ".join(
        f"{split}: {int((~cohort.labels(part)).sum())} normal and {int(cohort.labels(part).sum())} abnormal"
        for split, part in (("train", train), ("val", val))
    )
    if kind.learns_from_abnormal and any(part["abnormal"].nunique() < 2 for part in (train, val)):
        raise DataError(
            f"{kind.name} needs normal and abnormal pictures in the training and the validation part ({counts})"
        )
    if cohort.labels(train).all():
        raise DataError(f"{kind.name} learns from normal pictures, and the training part has none ({counts})")
    if val.empty:
        raise DataError(f"{kind.name} cannot be evaluated: the validation part is empty ({counts})")


def _settings(kind: ModelKind, config: Settings, data: ModelData) -> dict[str, Any]:
    """Return the settings by the headings of a report: those of the model itself, then those of its training."""
    parts = zip(HEADINGS, kind.settings, strict=False)
    return {heading: part_of(part, config, _known(part, data)).model_dump(mode="json") for heading, part in parts}


def _known(part: type[Settings], data: ModelData) -> dict[str, Any]:
    """Return the settings of this part that follow from the patches."""
    return {name: value for name, value in data.known.items() if name in part.model_fields}


def _parameters(settings: dict[str, Any], data: ModelData, cohort: Cohort, inputs: dict[str, str]) -> dict[str, Any]:
    """Return what MLflow shows of the settings: names without blanks, and `seed` for the seed that the fit had."""
    parts = {heading.replace(" ", "_"): dict(values) for heading, values in settings.items()}
    seeds = [values.pop("seed") for values in parts.values() if "seed" in values]
    first = data.recipes[0]
    recipe = {"name": data.name, "side": cohort.side, "fingerprint": " ".join(recipe.id for recipe in data.recipes)}
    pictures = {split: len(cohort.part(split)) for split in PARTS}
    return {
        "recipe": {**recipe, **first.model_dump(mode="json")},
        **parts,
        **({"seed": seeds[0]} if seeds else {}),
        "data": {**inputs, "findings": findings_digest(cohort.rows), **clinical_digest(cohort), "pictures": pictures},
    }


def _inputs(cohort: Cohort) -> dict[str, str]:
    """Return the digest of each part of the cohort: which pictures, which labels."""
    return {split: data_digest(cohort.part(split)) for split in PARTS}


def log_data(run: TrackedRun, cohort: Cohort, inputs: Mapping[str, str]) -> None:
    """Say which pictures each part of the cohort holds, by the digests of the parts."""
    for split, context in PARTS.items():
        rows = cohort.part(split)[["image", "subject", "abnormal"]]
        run.log_dataset(f"{split}_pictures", rows, inputs[split], context, "data/tables/splits/all.parquet")
