"""Promotion: the best of the newest models against the champion, on the same pictures; or a person's choice."""

from dataclasses import dataclass

import pandas as pd

from xray_platform.defs.cohort import data_digest, read_cohort
from xray_platform.defs.model_store import current_record
from xray_platform.defs.promotion_settings import PromotionSettings
from xray_platform.defs.reporting import stored_audit
from xray_platform.defs.score_cohort import score_images, stored_evaluation
from xray_platform.dicom.standard.standard_images import settings_of
from xray_platform.errors import DataError, StoreError, XrayError
from xray_platform.evaluation.guards import GuardOutcome, guards, refusals
from xray_platform.evaluation.metrics import auroc as auroc_of
from xray_platform.models.named import load_model
from xray_platform.progress import silent
from xray_platform.tables.places import Places
from xray_platform.tracking import champion_aliases
from xray_platform.tracking.mlflow_store import Tracking, open_tracking
from xray_platform.tracking.registry import Registered, champion, champion_bundle

BOARD = "the leaderboard"


@dataclass(frozen=True)
class PromotionResult:
    """Who is champion and who challenges it, whether that is new, and why; AUROC on the same validation pictures.

    `guards`: what the guards found of the model that was tried last; nothing where a person chose.
    """

    champion: Registered
    challenger: Registered | None
    changed: bool
    why: str
    by: str
    champion_auroc: float | None
    challenger_auroc: float | None = None
    guards: tuple[GuardOutcome, ...] = ()


def promote(places: Places, board: pd.DataFrame, settings: PromotionSettings, run: str) -> PromotionResult:
    """Settle who is champion, by a person's choice or by the margin, and write it into the registry.

    `board`: the table LEADERBOARD; `run`: the Dagster run that asks. Raises DataError for a choice that there is not.
    """
    tracking = open_tracking(places)
    before = champion(tracking)
    if settings.promote:
        chosen = champion_aliases.named(tracking, settings.promote)
        by = settings.by or "a person at the launchpad"
        why = settings.why or "no reason was given"
        held = champion_aliases.promote(tracking, chosen.version, by=by, why=why, chosen=True, run=run)
        changed = before is None or before.version != held.version
        return PromotionResult(held, _challenger(tracking, places, board), changed, why, by, _registered_auroc(held))
    return _by_margin(tracking, places, board, settings, before, run)


def _by_margin(
    tracking: Tracking,
    places: Places,
    board: pd.DataFrame,
    settings: PromotionSettings,
    before: Registered | None,
    run: str,
) -> PromotionResult:
    """Promote the first of the leaderboard that is better by the margin and breaks no guard, if there is one."""
    refused: list[str] = []
    found: tuple[GuardOutcome, ...] = ()
    theirs = auroc = None

    def kept(held: Registered, why: str, *, changed: bool = False) -> PromotionResult:
        told = "; ".join([*refused, why])
        figures = (auroc, None) if changed or held is rival else (theirs, auroc)
        return PromotionResult(held, _challenger(tracking, places, board), changed, told, BOARD, *figures, found)

    for model, training in board.sort_values("rank")[["model", "run"]].astype(str).to_numpy():
        rival = champion_aliases.candidate(tracking, training)
        auroc = _registered_auroc(rival)
        if before is not None and before.version == rival.version:
            return kept(rival, f"the champion leads {'what is left of ' if refused else ''}the leaderboard")
        better, why, theirs = _is_better(tracking, places, rival, before, model, settings.margin)
        if before is not None and not better:
            return kept(before, why)
        found = guards_of(places, model, settings)
        if not (broken := refusals(found, settings)):
            held = champion_aliases.promote(tracking, rival.version, by=BOARD, why="; ".join([*refused, why]), run=run)
            return kept(held, why, changed=True)
        refused.append(f"{model} (version {rival.version}) is refused, {why}: {'; '.join(broken)}")
        champion_aliases.refuse(tracking, rival.version, by=BOARD, why="; ".join(broken), run=run)
    if before is not None:
        return kept(before, "no model of the leaderboard is left")
    rival = champion_aliases.candidate(tracking, str(board.sort_values("rank").iloc[0]["run"]))
    auroc, why = _registered_auroc(rival), "every model breaks a guard; the first serves until a better one comes"
    held = champion_aliases.promote(tracking, rival.version, by=BOARD, why="; ".join([*refused, why]), run=run)
    return kept(held, why, changed=True)


def guards_of(places: Places, model: str, settings: PromotionSettings) -> tuple[GuardOutcome, ...]:
    """Return what each guard finds of a model's current training."""
    record = current_record(places, model)
    try:
        audit = stored_audit(places, record)
    except StoreError:
        audit = None
    return guards(stored_evaluation(places, record), audit, settings)


def _is_better(
    tracking: Tracking, places: Places, rival: Registered, before: Registered | None, model: str, margin: float
) -> tuple[bool, str, float | None]:
    """Tell whether a model is better than the champion by the margin, why or why not, and the champion's AUROC."""
    if before is None:
        return True, "the first of the leaderboard, and there was no champion", None
    theirs, doubt = _same_pictures(tracking, places, before, model)
    return *compare(rival, _registered_auroc(rival), before, theirs, doubt, margin), theirs


def compare(
    first: Registered, ours: float | None, before: Registered, theirs: float | None, doubt: str, margin: float
) -> tuple[bool, str]:
    """Tell whether the first of the leaderboard takes the champion's place, and why or why not."""
    names = f"{first.model} (version {first.version}) against {before.model} (version {before.version})"
    if doubt:
        return False, f"{names}: {doubt}"
    if ours is None:
        return False, f"{names}: its validation AUROC is undefined"
    if before.tags.get("promoted_how") == "chosen" and first.tags["logged_at"] < before.tags["promoted_at"]:
        return False, f"{names}: a person chose the champion when this model was there already"
    if theirs is None:
        return True, f"{names}: {ours:.4f} on the validation pictures, where the champion's AUROC is undefined"
    said = f"{names}: validation AUROC {ours:.4f} against {theirs:.4f} on the same pictures"
    if ours - theirs >= margin and ours > theirs:
        return True, f"{said}, better by the margin of {margin:g}"
    return False, f"{said}, not better by the margin of {margin:g}"


def _challenger(tracking: Tracking, places: Places, board: pd.DataFrame) -> Registered | None:
    """Give the alias to the first of the leaderboard that is not the champion; the board knows only newest models."""
    held = champion(tracking)
    for run in board.sort_values("rank")["run"]:
        found = champion_aliases.candidate(tracking, str(run))
        if held is None or found.version != held.version:
            return champion_aliases.set_challenger(tracking, found.version)
    champion_aliases.clear_challenger(tracking)
    return None


def _registered_auroc(version: Registered) -> float | None:
    """Return the validation AUROC with which a version was registered."""
    return float(version.tags["val_auroc"]) if "val_auroc" in version.tags else None


def _same_pictures(tracking: Tracking, places: Places, before: Registered, model: str) -> tuple[float | None, str]:
    """Return the champion's AUROC on the validation pictures that `model` was judged on, or why there is none.

    It is computed anew where the champion was judged on other pictures.
    """
    val = stored_evaluation(places, current_record(places, model)).part("val")
    if before.tags.get("val_data") == data_digest(val):
        return _registered_auroc(before), ""
    try:
        return _auroc_of_champion(tracking, places, val), ""
    except XrayError as error:
        return None, f"they cannot be compared on the same pictures: {error}"


def _auroc_of_champion(tracking: Tracking, places: Places, val: pd.DataFrame) -> float | None:
    bundle = champion_bundle(tracking)
    cohort = read_cohort(places, bundle.facts.recipes)
    rows = cohort.rows[cohort.rows["image"].isin(val["image"])]
    if len(rows) < len(val):
        raise DataError(f"only {len(rows)} of {len(val)} validation pictures have tensors of the champion's recipe")
    if settings_of(places, rows["batch"].unique()) != bundle.facts.standard:
        raise DataError("the standard images are made otherwise than those that the champion learnt from")
    model = load_model(bundle.facts.model, bundle.model_folder)
    return auroc_of(score_images(model, cohort.images(rows), silent), cohort.labels(rows))
