"""Reporting: from a judged model to its report, its bundle, and its place in the registry."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from xray_platform.defs.clinical_results import clinical_reliance_of
from xray_platform.defs.cohort import Cohort, data_digest
from xray_platform.defs.data_card import data_card
from xray_platform.defs.drawn_boxes import MapsHeld, drawn_boxes, hold_maps
from xray_platform.defs.label_shortcut_results import stored_label_shortcuts
from xray_platform.defs.map_results import maps_of
from xray_platform.defs.model_card import cautions_of, description_of_kind, description_of_model, pictures_of
from xray_platform.defs.model_store import (
    BUNDLE,
    TrainingRecord,
    current_record,
    model_folder,
    part_manifest,
    trained_folder,
)
from xray_platform.defs.promotion_settings import PromotionSettings
from xray_platform.defs.reference_images import reference_images
from xray_platform.defs.score_cohort import cohort_of, explain_images, scorer_of, stored_evaluation
from xray_platform.defs.store_settings import settings_of
from xray_platform.defs.train import STANDARD
from xray_platform.dicom.standard.standard_images import StandardSettings
from xray_platform.evaluation.cautions import Caution
from xray_platform.evaluation.dataset.data_card import DataCard
from xray_platform.evaluation.dataset.description import DatasetDescription
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.evaluation.gallery import Samples, pick_pictures
from xray_platform.evaluation.guard_settings import GuardSettings
from xray_platform.evaluation.guards import guard_figures, guards
from xray_platform.evaluation.heatmap import MapScale, map_scale
from xray_platform.evaluation.nuisance_facts import nuisance_facts
from xray_platform.evaluation.reliance import reliance_of
from xray_platform.evaluation.report import AUDIT_FILE, write_report
from xray_platform.evaluation.report_input import ReportInput
from xray_platform.evaluation.shortcut_audit import shortcut_audit
from xray_platform.evaluation.shortcut_result import ShortcutAudit, read_audit
from xray_platform.image_stack import unpack_view
from xray_platform.imaging.recipe import Recipe
from xray_platform.models.all import MODELS
from xray_platform.models.contract import FittedModel
from xray_platform.progress import Progress
from xray_platform.serving.bundle import ORIGIN, BundleFacts, write_bundle
from xray_platform.serving.made_with import made_with
from xray_platform.serving.reference import Reference
from xray_platform.tables.all import LABELS, STANDARD_IMAGES
from xray_platform.tables.columns import PHANTOM
from xray_platform.tables.manifest import keep_folder, read_checked
from xray_platform.tables.places import Places
from xray_platform.tracking.evaluations import evaluated_in, inherited_tags
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.registry import register
from xray_platform.tracking.runs import REPORT, RunLink, open_run

NORMALS_FOR_SCALE = 64


@dataclass(frozen=True)
class WrittenReport:
    """A written report."""

    page: Path
    evaluation: Evaluation
    samples: Samples
    scale: MapScale | None
    boxes: MapsHeld
    cautions: Sequence[Caution]
    card: DataCard
    link: RunLink


@dataclass(frozen=True)
class _Saved:
    """A model that lies in a folder as it was saved."""

    files: Path

    def save(self, folder: Path) -> None:
        shutil.copytree(self.files, folder, dirs_exist_ok=True)


def report(places: Places, model: str, progress: Progress) -> WrittenReport:
    """Write a model's report, pack its bundle, and hand both to MLflow, where the bundle becomes a model version."""
    record = current_record(places, model)
    evaluation = stored_evaluation(places, record)
    cohort, scorer = cohort_of(places, record), scorer_of(places, record)
    samples, scale, held = _gallery(cohort, scorer, evaluation, progress)
    findings = _findings(places)
    maps = maps_of(cohort, scorer, scale, findings, progress)
    pictures = pictures_of(places, evaluation.rows)
    facts = nuisance_facts(pictures, STANDARD_IMAGES.read(places))
    card = data_card(places, evaluation.rows)
    audit = shortcut_audit(evaluation, facts, stored_label_shortcuts(places))
    clinical = clinical_reliance_of(cohort, scorer, evaluation, progress)
    found = [*cautions_of(places, evaluation), *audit.cautions(), *(clinical.cautions() if clinical else [])]
    folder = places.reports / model / record.run
    given = _input(record, evaluation, samples, scale, held, pictures, findings)
    page = write_report(folder, replace(given, audit=audit, card=card, maps=maps, clinical=clinical), progress=progress)
    keep_folder(places, report_manifest(record), folder)
    reference = reference_images(cohort, scorer, record.model)
    bundle = _pack(places, record, _bundle_facts(record, scorer, evaluation, scale, _origin(pictures)), reference)
    kept = guards(evaluation, audit, _guard_settings(places))
    figures = {**audit.figures(), **reliance_of(evaluation).figures(), **guard_figures(kept)}
    figures |= maps.figures() if maps else {}
    figures |= clinical.figures() if clinical else {}
    said = {f"guard.{one.guard}": str(one) for one in kept}
    link = _hand_over(places, record, evaluation, found, card.described, [folder, bundle], figures, said)
    return WrittenReport(page, evaluation, samples, scale, held, found, card, link)


def report_manifest(record: TrainingRecord) -> str:
    """Name of the manifest of the report of a training."""
    return f"reports/{record.model}/{record.run}"


def stored_audit(places: Places, record: TrainingRecord) -> ShortcutAudit:
    """Return the shortcut audit of a training's report; raises StoreError where there is none, or it was changed."""
    file = places.reports / record.model / record.run / AUDIT_FILE
    return read_audit(read_checked(places, report_manifest(record), file))


def _gallery(
    cohort: Cohort, scorer: FittedModel, evaluation: Evaluation, progress: Progress
) -> tuple[Samples, MapScale | None, MapsHeld]:
    """Return the pictures worth a look with maps and boxes, and one colour scale from normal validation pictures.

    And how the maps of all test pictures with boxes lie to these.
    """
    names = pick_pictures(evaluation)
    rows = cohort.rows.set_index("image").loc[names].reset_index()
    normals = cohort.part("val", normal_only=True).head(NORMALS_FOR_SCALE)
    target = evaluation.settings.mask_target
    scale = map_scale(explain_images(scorer, cohort.images(normals))[1], target) if len(normals) else None
    held = hold_maps(cohort, scorer, scale, progress)
    if rows.empty:
        none = np.zeros((0, cohort.side, cohort.side), np.float32)
        return Samples((), none, none), scale, held
    images, maps = explain_images(scorer, cohort.images(rows))
    samples = Samples(tuple(names), unpack_view(images, 0, cohort.side), maps, drawn_boxes(cohort, rows))
    return samples, scale, held


def _findings(places: Places) -> dict[str, str]:
    """Return the word of the labels for each picture that has one."""
    labels = LABELS.read(places).dropna(subset=["label"])
    return dict(zip(labels["image"].astype(str), labels["label"].astype(str), strict=True))


def _origin(pictures: pd.DataFrame) -> str:
    """Return the one origin of all pictures, or `mixed`."""
    origins = set(pictures["origin"])
    return str(origins.pop()) if len(origins) == 1 else "mixed"


def _input(
    record: TrainingRecord,
    evaluation: Evaluation,
    samples: Samples,
    scale: MapScale | None,
    held: MapsHeld,
    pictures: pd.DataFrame,
    findings: Mapping[str, str],
) -> ReportInput:
    return ReportInput(
        evaluation=evaluation,
        title=record.model.replace("_", " "),
        family=record.family,
        description=record.description,
        samples=samples,
        boxes=held.findings,
        boxed=held.pictures,
        scale=scale,
        recipe=_described(record.recipes),
        settings={heading.capitalize(): values for heading, values in record.settings.items()},
        history=record.history,
        provenance=trace(record),
        hashes=pictures[["image", "sha256", "pixel_sha256"]],
        findings=findings,
        phantom=_origin(pictures) == PHANTOM,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _described(recipes: Sequence[Recipe]) -> list[str]:
    """Return what recipes do, in words; of several each step says whose it is."""
    if len(recipes) == 1:
        return recipes[0].describe()
    return [f"view {view}: {step}" for view, recipe in enumerate(recipes, start=1) for step in recipe.describe()]


def trace(record: TrainingRecord) -> dict[str, Any]:
    """Return what a figure is traced by: runs, code, packages, and the digests of the data."""
    return {
        "asset": record.model,
        "dagster run": record.dagster_run,
        "mlflow run": record.run,
        "code version": record.provenance["xray_platform"],
        "git commit": record.provenance["commit"],
        "python": record.provenance["python"],
        "training took": f"{record.seconds:.1f} s",
        "packages": record.provenance["packages"],
        "data versions": record.inputs,
    }


def _bundle_facts(
    record: TrainingRecord, scorer: FittedModel, evaluation: Evaluation, scale: MapScale | None, origin: str
) -> BundleFacts:
    recipe, *views = record.recipes
    return BundleFacts(
        model=record.model,
        family=record.family,
        standard=StandardSettings.model_validate(record.settings.get(STANDARD, {})),
        recipe=recipe,
        views=tuple(views),
        made_with=made_with(record.model, record.recipes, scorer),
        clinical_columns=record.clinical_columns,
        threshold=evaluation.threshold,
        calibration=evaluation.calibration,
        classes=evaluation.classes.judgement if evaluation.classes else None,
        heatmap_scale=scale.high if scale and scale.high > 0 else None,
        heatmap_low=scale.low if scale and scale.high > 0 else None,
        provenance={**trace(record), ORIGIN: origin},
    )


def _pack(places: Places, record: TrainingRecord, facts: BundleFacts, reference: Reference | None) -> Path:
    """Write the bundle of a judged model and return its folder."""
    bundle = model_folder(places, record) / BUNDLE
    write_bundle(bundle, facts, _Saved(trained_folder(places, record)), reference)
    keep_folder(places, part_manifest(record, BUNDLE), bundle)
    return bundle


def _hand_over(
    places: Places,
    record: TrainingRecord,
    evaluation: Evaluation,
    found: Sequence[Caution],
    described: DatasetDescription,
    folders: Sequence[Path],
    figures: Mapping[str, float],
    said: Mapping[str, str],
) -> RunLink:
    """Give MLflow the folders of the report and of the bundle, which becomes a version of the registered model.

    `figures` are those that only a report computes; `said`, by tag, what its guards found.
    """
    tracking, about = open_tracking(places), description_of_model(record, evaluation, found, described)
    with open_run(tracking, model=record.model, run_id=evaluated_in(tracking, record.run)) as run:
        report_folder, bundle = folders
        run.log_folder(report_folder, REPORT)
        run.log_metrics(figures)
        run.log_tags({"stage": "reported", **said})
        run.describe(about)
        run.log_bundle(bundle)
        register(
            tracking,
            run.run_id,
            tags={**inherited_tags(tracking, run.run_id), **version_tags(evaluation, found)},
            description=about,
            kind=description_of_kind(MODELS[record.model]),
        )
        return run.link


def version_tags(evaluation: Evaluation, found: Sequence[Caution]) -> dict[str, object]:
    """Return what versions of registered models are filtered and compared by; what is undefined is left out."""
    figures = {"val_auroc": evaluation.value("auroc", "val"), "test_auroc": evaluation.value("auroc")}
    known: dict[str, object] = {name: repr(value) for name, value in figures.items() if value is not None}
    data = {f"{split}_data": data_digest(evaluation.part(split)) for split in ("val", "test")}
    return {**known, **data, "cautions": ",".join(caution.code for caution in found)}


def _guard_settings(places: Places) -> GuardSettings:
    """Return the limits by which the asset `champion` of this store guards promotions."""
    return cast("PromotionSettings", settings_of(places, "champion", PromotionSettings))
