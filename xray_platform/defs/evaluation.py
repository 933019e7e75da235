"""Evaluation assets: scores and report of each model, the leaderboard, and the champion."""

import math
from datetime import UTC, datetime

import dagster as dg
import numpy as np

from xray_platform.defs.asset import PlatformAsset, platform_asset
from xray_platform.defs.automation import AFTER_TRAINING
from xray_platform.defs.judge import judge, kept_evaluation
from xray_platform.defs.made import Made
from xray_platform.defs.model_store import current_record
from xray_platform.defs.models import NAMES
from xray_platform.defs.pages import report_address
from xray_platform.defs.pictures import colour_sheet
from xray_platform.defs.progress import logged
from xray_platform.defs.reporting import report
from xray_platform.defs.store import Store
from xray_platform.errors import DataError
from xray_platform.evaluation.curves import curves_of
from xray_platform.evaluation.evaluate import EvaluationSettings
from xray_platform.evaluation.heatmap import overlay
from xray_platform.evaluation.leaderboard import Entry
from xray_platform.evaluation.leaderboard import leaderboard as rank
from xray_platform.evaluation.leaderboard_page import write_leaderboard
from xray_platform.tables.all import LEADERBOARD, SCORES
from xray_platform.tables.manifest import keep_files
from xray_platform.tables.places import Places
from xray_platform.tracking.experiments import open_tracking
from xray_platform.tracking.registry import crown

GROUP = "evaluation"


def scores_asset(model: str) -> PlatformAsset:
    """Return the asset that scores and judges one model."""

    def body(context: dg.AssetExecutionContext, store: Store, config: EvaluationSettings) -> Made:
        evaluation, link = judge(store.places, model, config, logged(context))
        figures = {name: evaluation.value(name) for name in ("auroc", "sensitivity", "specificity")}
        return Made(
            SCORES,
            evaluation.rows,
            {
                "threshold": evaluation.threshold.explanation,
                "test": dg.MetadataValue.json(figures),
                "MLflow run": dg.MetadataValue.url(link.url),
            },
        )

    return platform_asset(
        name=f"{model}_scores",
        group=GROUP,
        version="1",
        deps=[model],
        kinds={"parquet", "mlflow"},
        automation=AFTER_TRAINING,
        description=f"What {model} says of every labelled picture; threshold and calibration from the validation part.",
    )(body)


def report_asset(model: str) -> PlatformAsset:
    """Return the asset that writes one model's report and registers the model."""

    def body(context: dg.AssetExecutionContext, store: Store) -> Made:
        made = report(store.places, model, logged(context))
        shown = [
            overlay(image, heat, made.scale)
            for image, heat in zip(made.samples.images[:4], made.samples.heatmaps[:4], strict=True)  # type: ignore[index]
            if made.scale
        ]
        return Made(
            content=made.page.parent.name + str(made.evaluation.dump()),
            metadata={
                "report": dg.MetadataValue.path(str(made.page)),
                "open the report": dg.MetadataValue.url(report_address(store.places, made.page)),
                "MLflow run": dg.MetadataValue.url(made.link.url),
                "worst mistakes": colour_sheet(np.array(shown)),
            },
        )

    return platform_asset(
        name=f"{model}_report",
        group=GROUP,
        version="1",
        deps=[f"{model}_scores"],
        kinds={"html", "mlflow"},
        automation=AFTER_TRAINING,
        description=f"The report of {model}: one self-contained page, and its bundle in the MLflow registry.",
    )(body)


@platform_asset(
    group=GROUP,
    version="1",
    deps=[f"{model}_report" for model in NAMES],
    kinds={"parquet", "html"},
    automation=AFTER_TRAINING,
)
def leaderboard(context: dg.AssetExecutionContext, store: Store) -> Made:
    """All models side by side on the same test part, ranked by the validation part."""
    entries = [_entry(store.places, model) for model in NAMES]
    frame = rank(entries)
    LEADERBOARD.write(store.places, frame)
    curves = {entry.evaluation.model: curves_of(entry.evaluation) for entry in entries}
    page = write_leaderboard(
        store.places.reports,
        frame,
        curves,
        champion=str(frame["model"].iloc[0]),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    keep_files(store.places, "reports/leaderboard", [page])
    return Made(
        LEADERBOARD,
        frame,
        {
            "page": dg.MetadataValue.path(str(page)),
            "open the leaderboard": dg.MetadataValue.url(report_address(store.places, page)),
        },
    )


@platform_asset(group=GROUP, version="1", deps=["leaderboard"], kinds={"mlflow"}, automation=AFTER_TRAINING)
def champion(context: dg.AssetExecutionContext, store: Store) -> Made:
    """The first of the leaderboard, as the alias `champion` of the MLflow registry; `xray predict` asks for it."""
    board = LEADERBOARD.read(store.places)
    if board.empty:
        raise DataError("the leaderboard is empty; materialise `leaderboard` first")
    best = board.sort_values("rank").iloc[0]
    auroc = float(best["auroc"])
    crowned = crown(open_tracking(store.places), str(best["run"]), auroc=auroc if math.isfinite(auroc) else None)
    return Made(
        content=crowned.run_id,
        metadata={
            "model": crowned.model,
            "version": crowned.version,
            "MLflow run id": crowned.run_id,
            "bundle": crowned.bundle,
        },
    )


def _entry(places: Places, model: str) -> Entry:
    record = current_record(places, model)
    page = f"{model}/{record.run}/report.html"
    return Entry(kept_evaluation(places, record), record.family, record.run, page)


ASSETS = [*(scores_asset(model) for model in NAMES), *(report_asset(model) for model in NAMES), leaderboard, champion]
