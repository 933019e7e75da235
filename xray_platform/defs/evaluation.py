"""Evaluation assets: scores and report of each model, the leaderboard, and the champion."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import numpy as np

from xray_platform.defs.asset import PlatformAsset, platform_asset
from xray_platform.defs.asset_result import AssetResult
from xray_platform.defs.automation import AFTER_TRAINING
from xray_platform.defs.metadata_images import colour_image_sheet
from xray_platform.defs.model_card import cautions_of
from xray_platform.defs.model_store import current_record
from xray_platform.defs.models import NAMES
from xray_platform.defs.pages import report_address
from xray_platform.defs.progress import logged
from xray_platform.defs.promotion import PromotionResult, PromotionSettings, promote
from xray_platform.defs.reporting import report
from xray_platform.defs.score_cohort import judge, stored_evaluation
from xray_platform.defs.store import Store
from xray_platform.errors import DataError
from xray_platform.evaluation.cautions import Caution, other_pictures
from xray_platform.evaluation.curves import curves_of
from xray_platform.evaluation.evaluate import Evaluation, EvaluationSettings
from xray_platform.evaluation.heatmap import overlay
from xray_platform.evaluation.leaderboard import Entry
from xray_platform.evaluation.leaderboard import leaderboard as rank
from xray_platform.evaluation.leaderboard_page import write_leaderboard
from xray_platform.tables.all import LEADERBOARD, SCORES
from xray_platform.tables.manifest import keep_files
from xray_platform.tables.places import Places
from xray_platform.tracking.links import registered_url
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.names import CHAMPION_MODEL
from xray_platform.tracking.promotion import is_of
from xray_platform.tracking.registry import champion as in_use

GROUP = "evaluation"


def scores_asset(model: str) -> PlatformAsset:
    """Return the asset that scores and judges one model."""

    def body(context: dg.AssetExecutionContext, store: Store, config: EvaluationSettings) -> AssetResult:
        began = time.monotonic()
        evaluation, link = judge(store.places, model, config, logged(context))
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

    return platform_asset(
        name=f"{model}_scores",
        group=GROUP,
        version="2",
        deps=[model],
        kinds={"parquet", "mlflow"},
        automation=AFTER_TRAINING,
        description=f"What {model} says of every labelled picture; threshold and calibration from the validation part.",
    )(body)


def report_asset(model: str) -> PlatformAsset:
    """Return the asset that writes one model's report and registers the model."""

    def body(context: dg.AssetExecutionContext, store: Store) -> AssetResult:
        began = time.monotonic()
        made = report(store.places, model, logged(context))
        shown = [
            overlay(image, heat, made.scale)
            for image, heat in zip(made.samples.images[:4], made.samples.heatmaps[:4], strict=True)  # type: ignore[index]
            if made.scale
        ]
        return AssetResult(
            content=made.page.parent.name + str(made.evaluation.dump()),
            metadata={
                **figures_of(made.evaluation),
                "seconds": round(time.monotonic() - began, 2),
                "cautions": len(made.cautions),
                "read before the figures": dg.MetadataValue.md(
                    "\n".join(f"- **{caution.title}**: {caution.text}" for caution in made.cautions) or "nothing"
                ),
                "report": dg.MetadataValue.path(str(made.page)),
                "open the report": dg.MetadataValue.url(report_address(store.places, made.page)),
                "MLflow run": dg.MetadataValue.url(made.link.url),
                "worst mistakes": colour_image_sheet(np.array(shown)),
            },
        )

    return platform_asset(
        name=f"{model}_report",
        group=GROUP,
        version="2",
        deps=[f"{model}_scores"],
        kinds={"html", "mlflow"},
        automation=AFTER_TRAINING,
        description=f"The report of {model}: one self-contained page, and its bundle in the MLflow registry.",
    )(body)


@platform_asset(
    group=GROUP,
    version="2",
    deps=[f"{model}_report" for model in NAMES],
    kinds={"parquet", "html"},
    automation=AFTER_TRAINING,
)
def leaderboard(context: dg.AssetExecutionContext, store: Store) -> AssetResult:
    """All models side by side on the same test part, ranked by the validation part."""
    entries = [_entry(store.places, model) for model in NAMES]
    frame = rank(entries)
    LEADERBOARD.write(store.places, frame)
    best = next(entry.evaluation for entry in entries if entry.evaluation.model == frame["model"].iloc[0])
    each = {
        f"{name} of {entry.evaluation.model}": value for entry in entries for name, value in _aurocs(entry.evaluation)
    }
    return AssetResult(LEADERBOARD, frame, {"first": best.model, **figures_of(best), **each})


@platform_asset(
    group=GROUP,
    version="2",
    deps=["leaderboard"],
    kinds={"mlflow"},
    automation=AFTER_TRAINING,
    description="The model in use, as the alias `champion` of the MLflow registry; `xray predict` asks for it.\n\n"
    "It changes where the first of the leaderboard is better by the margin on the same validation pictures, or where a "
    "person says so here: `promote`, with `by` and `why`.",
)
def champion(context: dg.AssetExecutionContext, store: Store, config: PromotionSettings) -> AssetResult:
    """Settle who is champion."""
    board = LEADERBOARD.read(store.places)
    if board.empty:
        raise DataError("the leaderboard is empty; materialise `leaderboard` first")
    promoted = promote(store.places, board, config, context.run.run_id)
    held = promoted.champion
    return AssetResult(
        content=f"{held.bundle} {held.version}", metadata={**_metadata_of(promoted), "margin": config.margin}
    )


@platform_asset(
    group=GROUP,
    version="1",
    deps=["leaderboard", "champion"],
    kinds={"html"},
    automation=AFTER_TRAINING,
)
def leaderboard_page(context: dg.AssetExecutionContext, store: Store) -> AssetResult:
    """The leaderboard as a page, with the champion and what every reader must know before the figures."""
    frame, tracking = LEADERBOARD.read(store.places), open_tracking(store.places)
    held = in_use(tracking)
    entries = [_entry(store.places, model) for model in frame["model"]]
    using = [model for run, model in frame[["run", "model"]].to_numpy() if held and is_of(tracking, held, run)]
    page = write_leaderboard(
        store.places.reports,
        frame,
        {entry.evaluation.model: curves_of(entry.evaluation) for entry in entries},
        champion=using[0] if using else "",
        elsewhere=f"{held.model}, version {held.version}, which is none of these" if held else "",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        cautions=_cautions(store.places, entries),
    )
    keep_files(store.places, "reports/leaderboard", [page])
    version = held.version if held else ""
    return AssetResult(
        content=f"{frame.to_json()} {version}",
        metadata={
            "page": dg.MetadataValue.path(str(page)),
            "open the leaderboard": dg.MetadataValue.url(report_address(store.places, page)),
            "models": len(frame),
            "champion": held.model if held else "",
        },
    )


def figures_of(evaluation: Evaluation) -> dict[str, float | int]:
    """Return the figures that Dagster plots over materialisations; what is undefined is left out."""
    named = {"auroc": "test", "sensitivity": "test", "specificity": "test", "brier": "test"}
    found = {name: evaluation.value(name, split) for name, split in named.items()}
    found |= {"validation auroc": evaluation.value("auroc", "val"), "threshold": evaluation.threshold.value}
    defined: dict[str, float | int] = {name: float(value) for name, value in found.items() if value is not None}
    return {**defined, "pictures": len(evaluation.rows), "test pictures": len(evaluation.part("test"))}


def _aurocs(evaluation: Evaluation) -> list[tuple[str, float]]:
    found = (("auroc", evaluation.value("auroc")), ("validation auroc", evaluation.value("auroc", "val")))
    return [(name, float(value)) for name, value in found if value is not None]


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


def _cautions(places: Places, entries: Sequence[Entry]) -> dict[str, list[Caution]]:
    """Return the cautions of each model's report, after what makes the models incomparable."""
    apart = other_pictures([entry.evaluation for entry in entries])
    first = [apart] if apart else []
    return {entry.evaluation.model: [*first, *cautions_of(places, entry.evaluation)] for entry in entries}


def _entry(places: Places, model: str) -> Entry:
    record = current_record(places, model)
    page = f"{model}/{record.run}/report.html"
    return Entry(stored_evaluation(places, record), record.family, record.run, page)


ASSETS = [
    *(scores_asset(model) for model in NAMES),
    *(report_asset(model) for model in NAMES),
    leaderboard,
    champion,
    leaderboard_page,
]
