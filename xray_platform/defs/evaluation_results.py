"""Evaluation results: what the evaluation assets make: scores, reports, leaderboard, champion; with its metadata."""

import time
from typing import Any

import dagster as dg
import numpy as np

from xray_platform.defs.asset_result import AssetResult
from xray_platform.defs.drawn_boxes import MapsHeld
from xray_platform.defs.metadata_images import colour_image_sheet
from xray_platform.defs.pages import report_address
from xray_platform.defs.progress import logged
from xray_platform.defs.promotion import PromotionResult, promote
from xray_platform.defs.promotion_settings import PromotionSettings
from xray_platform.defs.reporting import report
from xray_platform.defs.score_cohort import judge
from xray_platform.errors import DataError
from xray_platform.evaluation.evaluate import Evaluation, EvaluationSettings
from xray_platform.evaluation.heatmap import overlay
from xray_platform.tables.all import LEADERBOARD, SCORES
from xray_platform.tables.places import Places
from xray_platform.tracking.links import registered_url
from xray_platform.tracking.names import CHAMPION_MODEL


def scores_of(context: dg.AssetExecutionContext, places: Places, model: str, config: EvaluationSettings) -> AssetResult:
    """Score and evaluate one model."""
    began = time.monotonic()
    evaluation, link = judge(places, model, config, logged(context))
    return AssetResult(
        SCORES,
        evaluation.rows,
        {
            **figures_of(evaluation),
            "seconds": round(time.monotonic() - began, 2),
            "how the threshold was chosen": evaluation.threshold.explanation,
            "MLflow run": dg.MetadataValue.url(link.url),
        },
    )


def report_of(context: dg.AssetExecutionContext, places: Places, model: str) -> AssetResult:
    """Write the report of one model and register the model."""
    began = time.monotonic()
    made = report(places, model, logged(context))
    shown = [
        overlay(image, heat, made.scale)
        for image, heat in zip(made.samples.images[:4], made.samples.heatmaps[:4], strict=True)  # type: ignore[index]
        if made.scale
    ]
    return AssetResult(
        content=made.page.parent.name
        + str(made.evaluation.dump())
        + str(made.boxes.findings or "")
        + str(made.card.dump()),
        metadata={
            **figures_of(made.evaluation),
            "seconds": round(time.monotonic() - began, 2),
            "cautions": len(made.cautions),
            **_boxes_of(made.boxes),
            "read before the figures": dg.MetadataValue.md(
                "\n".join(f"- **{caution.title}**: {caution.text}" for caution in made.cautions) or "nothing"
            ),
            "report": dg.MetadataValue.path(str(made.page)),
            "open the report": dg.MetadataValue.url(report_address(places, made.page)),
            "MLflow run": dg.MetadataValue.url(made.link.url),
            "worst mistakes": colour_image_sheet(np.array(shown)),
        },
    )


def _boxes_of(held: MapsHeld) -> dict[str, float | int]:
    """Return the pointing game over all findings, which Dagster plots over materialisations; nothing without boxes."""
    if not held.findings:
        return {}
    return {"test pictures with boxes": held.pictures, "highest point in a box": held.findings[-1].hit_share}


def champion_of(context: dg.AssetExecutionContext, places: Places, config: PromotionSettings) -> AssetResult:
    """Settle who is champion."""
    board = LEADERBOARD.read(places)
    if board.empty:
        raise DataError("the leaderboard is empty; materialise `leaderboard` first")
    promoted = promote(places, board, config, context.run.run_id)
    held = promoted.champion
    return AssetResult(
        content=f"{held.bundle} {held.version}", metadata={**_metadata_of(promoted), "margin": config.margin}
    )


def figures_of(evaluation: Evaluation) -> dict[str, float | int]:
    """Return the figures that Dagster plots over materialisations; what is undefined is left out."""
    named = {"auroc": "test", "sensitivity": "test", "specificity": "test", "brier": "test"}
    found = {name: evaluation.value(name, split) for name, split in named.items()}
    found |= {"validation auroc": evaluation.value("auroc", "val"), "threshold": evaluation.threshold.value}
    defined: dict[str, float | int] = {name: float(value) for name, value in found.items() if value is not None}
    return {**defined, "pictures": len(evaluation.rows), "test pictures": len(evaluation.part("test"))}


def _metadata_of(promoted: PromotionResult) -> dict[str, Any]:
    held, other = promoted.champion, promoted.challenger
    numbers = {
        "validation auroc": promoted.champion_auroc,
        "validation auroc of the challenger": promoted.challenger_auroc,
    }
    test = {"auroc": float(held.tags["test_auroc"])} if "test_auroc" in held.tags else {}
    return {
        "model": held.model,
        "version": int(held.version),
        "changed": promoted.changed,
        "why": promoted.why,
        "guards": dg.MetadataValue.md("\n".join(f"- {one}" for one in promoted.guards) or "not asked"),
        "by": promoted.by,
        "promoted": f"{held.tags.get('promoted_at', '')} by {held.tags.get('promoted_by', '')}: "
        f"{held.tags.get('promoted_why', '')}",
        **test,
        **{name: value for name, value in numbers.items() if value is not None},
        "challenger": f"{other.model}, version {other.version}" if other else "nobody",
        "MLflow run id": held.run_id,
        "bundle": held.bundle,
        "MLflow model": dg.MetadataValue.url(registered_url(CHAMPION_MODEL)),
    }
