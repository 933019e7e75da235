"""Leaderboard results: the table and the page of the models that there are, and what is missing or out of date."""

from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg

from xray_platform.defs.asset_result import AssetResult
from xray_platform.defs.decisions import newest_decisions
from xray_platform.defs.evaluation_results import figures_of
from xray_platform.defs.materializations import failed_since
from xray_platform.defs.model_card import cautions_of
from xray_platform.defs.model_store import MODEL, current_record, model_folder
from xray_platform.defs.models import NAMES
from xray_platform.defs.models_in_use import models_in_use
from xray_platform.defs.pages import report_address
from xray_platform.defs.reporting import stored_audit
from xray_platform.defs.score_cohort import stored_evaluation
from xray_platform.errors import DataError, StoreError
from xray_platform.evaluation.cautions import Caution, other_pictures, outdated
from xray_platform.evaluation.curves import curves_of
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.evaluation.leaderboard import Entry
from xray_platform.evaluation.leaderboard import leaderboard as rank
from xray_platform.evaluation.leaderboard_page import write_leaderboard
from xray_platform.evaluation.paired_models import pair_models
from xray_platform.evaluation.subgroups import origins_of
from xray_platform.tables.all import LEADERBOARD
from xray_platform.tables.manifest import keep_files
from xray_platform.tables.places import Places
from xray_platform.tracking.champion_aliases import is_of
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.registry import champion as in_use

SHOWN = 100  # decisions on the page; the table DECISIONS holds all


def leaderboard_of(places: Places) -> AssetResult:
    """Rank all models that there are by the validation part, and say which are missing and why."""
    entries, missing = _entries(places)
    if not entries:
        raise DataError("; ".join(missing.values()))
    frame = rank(entries)
    LEADERBOARD.write(places, frame)
    best = next(entry.evaluation for entry in entries if entry.evaluation.model == frame["model"].iloc[0])
    each = {
        f"{name} of {entry.evaluation.model}": value for entry in entries for name, value in _aurocs(entry.evaluation)
    }
    return AssetResult(LEADERBOARD, frame, {"first": best.model, "missing": missing, **figures_of(best), **each})


def leaderboard_page_of(instance: dg.DagsterInstance, places: Places) -> AssetResult:
    """Write the leaderboard as a page, with the champion and what every reader must know before the figures."""
    frame, tracking = LEADERBOARD.read(places), open_tracking(places)
    held = in_use(tracking)
    every, missing = _entries(places)
    entries = [entry for entry in every if entry.evaluation.model in set(frame["model"])]
    using = [model for run, model in frame[["run", "model"]].to_numpy() if held and is_of(tracking, held, run)]
    found = {entry.evaluation.model: entry.evaluation for entry in entries}
    reference = using[0] if using else str(frame["model"].iloc[0]) if len(frame) else ""
    page = write_leaderboard(
        places.reports,
        frame,
        {entry.evaluation.model: curves_of(entry.evaluation) for entry in entries},
        champion=using[0] if using else "",
        elsewhere=f"{held.model}, version {held.version}, which is none of these" if held else "",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        cautions=_cautions(instance, places, entries),
        missing=missing,
        pairs=pair_models([found[model] for model in frame["model"] if model in found], reference),
        decisions=newest_decisions(places, SHOWN),
        origins={model: origins for model, one in found.items() if (origins := origins_of(one.subgroups))},
    )
    keep_files(places, "reports/leaderboard", [page])
    version = held.version if held else ""
    return AssetResult(
        content=f"{frame.to_json()} {version}",
        metadata={
            "page": dg.MetadataValue.path(str(page)),
            "open the leaderboard": dg.MetadataValue.url(report_address(places, page)),
            "models": len(frame),
            "champion": held.model if held else "",
        },
    )


def _cautions(instance: dg.DagsterInstance, places: Places, entries: Sequence[Entry]) -> dict[str, list[Caution]]:
    """Return the cautions of each model's report, after what makes the models incomparable or old."""
    apart = other_pictures([entry.evaluation for entry in entries])
    first = [apart] if apart else []
    evaluations = {entry.evaluation.model: entry.evaluation for entry in entries}
    return {
        model: [*first, *_outdated(instance, model), *cautions_of(places, evaluation), *_audited(places, model)]
        for model, evaluation in evaluations.items()
    }


def _audited(places: Places, model: str) -> list[Caution]:
    """Return the cautions of a model's shortcut audit; none where its report is not made yet."""
    try:
        return stored_audit(places, current_record(places, model)).cautions()
    except StoreError:
        return []


def _outdated(instance: dg.DagsterInstance, model: str) -> list[Caution]:
    """Say where a model's last training or evaluation failed, so that its figures are those of the one before."""
    steps = (model, f"{model}_scores", f"{model}_report")
    failed = [name for name in steps if failed_since(instance, dg.AssetKey(name))]
    return [outdated(model, failed[0])] if failed else []


def _entries(places: Places) -> tuple[list[Entry], dict[str, str]]:
    """Return the models that can stand on the board, and of each other one that is in use why it cannot."""
    entries, missing, used = [], {}, models_in_use(places)
    for model in NAMES:
        try:
            entries.append(_entry(places, model))
        except (DataError, StoreError) as error:
            if model in used:
                missing[model] = str(error)
    return entries, missing


def _entry(places: Places, model: str) -> Entry:
    record = current_record(places, model)
    page = f"{model}/{record.run}/report.html"
    files = [file for file in (model_folder(places, record) / MODEL).rglob("*") if file.is_file()]
    size = round(sum(file.stat().st_size for file in files) / 1e6, 3)
    return Entry(stored_evaluation(places, record), record.family, record.run, page, size)


def _aurocs(evaluation: Evaluation) -> list[tuple[str, float]]:
    found = (("auroc", evaluation.value("auroc")), ("validation auroc", evaluation.value("auroc", "val")))
    return [(name, float(value)) for name, value in found if value is not None]
