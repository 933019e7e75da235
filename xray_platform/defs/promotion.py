"""Promotion: the best of the newest models against the champion, on the same pictures; or a person's choice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from xray_platform.defs.challenge import judged_by_both, relative_guards
from xray_platform.defs.decisions import Decision, keep_decisions
from xray_platform.defs.known_batches import published_batches
from xray_platform.defs.model_store import current_record
from xray_platform.defs.promotion_settings import PromotionSettings
from xray_platform.defs.reporting import stored_audit
from xray_platform.defs.score_cohort import stored_evaluation
from xray_platform.errors import StoreError, XrayError
from xray_platform.evaluation.challenger import Superiority, superiority
from xray_platform.evaluation.guards import GuardOutcome, guards, refusals
from xray_platform.tables.places import Places
from xray_platform.tracking import champion_aliases
from xray_platform.tracking.mlflow_store import Tracking, open_tracking
from xray_platform.tracking.registry import Registered, champion

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


@dataclass(frozen=True)
class _Asked:
    """Where a champion is asked for: the store, the table LEADERBOARD, the settings, and the Dagster run that asks."""

    tracking: Tracking
    places: Places
    board: pd.DataFrame
    settings: PromotionSettings
    run: str

    def result(
        self, held: Registered, why: str, aurocs: tuple[float | None, float | None], tried: Sequence[Decision] = ()
    ) -> PromotionResult:
        """Write down what was decided about those that were `tried`, and name the challenger of who is champion now."""
        keep_decisions(self.places, tried, by=BOARD, run=self.run)
        changed = any(one.decision == "promoted" for one in tried)
        found = tried[-1].guards if tried else ()
        challenger = _challenger(self.tracking, self.places, self.board)
        return PromotionResult(held, challenger, changed, why, BOARD, *aurocs, found)


def promote(places: Places, board: pd.DataFrame, settings: PromotionSettings, run: str) -> PromotionResult:
    """Settle who is champion, by a person's choice or by what is better, and write it into the registry.

    `board`: the table LEADERBOARD; `run`: the Dagster run that asks. Raises DataError for a choice that there is not.
    """
    tracking = open_tracking(places)
    asked, before = _Asked(tracking, places, board, settings, run), champion(tracking)
    return _chosen(asked, before) if settings.promote else _by_margin(asked, before)


def _chosen(asked: _Asked, before: Registered | None) -> PromotionResult:
    settings, tracking = asked.settings, asked.tracking
    rival = champion_aliases.named(tracking, settings.promote)
    by = settings.by or "a person at the launchpad"
    why = settings.why or "no reason was given"
    newest = (published_batches(asked.places) or [""])[-1]
    held = champion_aliases.promote(tracking, rival.version, by=by, why=why, chosen=True, run=asked.run, newest=newest)
    auroc = _registered_auroc(held)
    against = Superiority(True, why, auroc, _registered_auroc(before) if before else None)
    keep_decisions(asked.places, [Decision("chosen", rival, before, why, against)], by=by, run=asked.run)
    challenger = _challenger(tracking, asked.places, asked.board)
    changed = before is None or before.version != held.version
    return PromotionResult(held, challenger, changed, why, by, auroc)


def _by_margin(asked: _Asked, before: Registered | None) -> PromotionResult:
    """Promote the first of the leaderboard that is better than the champion and breaks no guard, if there is one."""
    tried: list[Decision] = []
    ranked = asked.board.sort_values("rank")[["model", "run"]].astype(str).to_numpy()
    for model, training in ranked:
        rival = champion_aliases.candidate(asked.tracking, training)
        if before is not None and before.version == rival.version:
            leads = f"the champion leads {'what is left of ' if tried else ''}the leaderboard"
            return asked.result(before, _told(tried, leads), (_registered_auroc(before), None), tried)
        found = _tried(asked, model, rival, before)
        tried.append(found)
        auroc, theirs = found.against.auroc, found.against.champion_auroc
        if found.decision == "kept" and before is not None:
            return asked.result(before, _told(tried), (theirs, auroc), tried)
        if found.decision == "promoted":
            held = champion_aliases.promote(asked.tracking, rival.version, by=BOARD, why=_told(tried), run=asked.run)
            return asked.result(held, _told(tried), (auroc, None), tried)
        broken = "; ".join(refusals(found.guards, asked.settings))
        champion_aliases.refuse(asked.tracking, rival.version, by=BOARD, why=broken, run=asked.run)
    if before is not None:
        told = _told(tried, "no model of the leaderboard is left")
        return asked.result(before, told, (_registered_auroc(before), None), tried)
    return _first(asked, tried)


def _told(tried: Sequence[Decision], end: str = "") -> str:
    return "; ".join([*(one.why for one in tried), *([end] if end else [])])


def _tried(asked: _Asked, model: str, rival: Registered, before: Registered | None) -> Decision:
    """Hold a model against the champion, and say what becomes of it."""
    if before is None:
        why = "the first of the leaderboard, and there was no champion"
        against = Superiority(True, why, _registered_auroc(rival), None)
        found = guards_of(asked.places, model, asked.settings)
    else:
        against, rows = _against(asked, rival, before)
        if not against.better:
            return Decision("kept", rival, before, against.text, against)
        found = (
            *guards_of(asked.places, model, asked.settings),
            *relative_guards(asked.tracking, asked.places, model, rows, asked.settings),
        )
    if broken := refusals(found, asked.settings):
        why = f"{model} (version {rival.version}) is refused, {against.text}: {'; '.join(broken)}"
        return Decision("refused", rival, before, why, against, found)
    return Decision("promoted", rival, before, against.text, against, found)


def _first(asked: _Asked, tried: Sequence[Decision]) -> PromotionResult:
    """Let the first of the leaderboard serve, though it breaks a guard: there is no champion yet."""
    rival, why = tried[0].rival, "every model breaks a guard; the first serves until a better one comes"
    told = _told(tried, why)
    held = champion_aliases.promote(asked.tracking, rival.version, by=BOARD, why=told, run=asked.run)
    serves = Decision("promoted", rival, None, why, tried[0].against, tried[-1].guards)
    return asked.result(held, told, (tried[0].against.auroc, None), [*tried, serves])


def guards_of(places: Places, model: str, settings: PromotionSettings) -> tuple[GuardOutcome, ...]:
    """Return what each guard finds of a model's current training."""
    record = current_record(places, model)
    try:
        audit = stored_audit(places, record)
    except StoreError:
        audit = None
    return guards(stored_evaluation(places, record), audit, settings)


def _against(asked: _Asked, rival: Registered, before: Registered) -> tuple[Superiority, pd.DataFrame]:
    """Hold a model against the champion on the same pictures; return these too, as `judged_by_both` does."""
    names = f"{rival.model} (version {rival.version}) against {before.model} (version {before.version})"
    if doubt := chosen_since(rival, before):
        return Superiority(False, f"{names}: {doubt}", None, None), pd.DataFrame()
    try:
        rows = judged_by_both(asked.tracking, asked.places, before, rival.model)
    except XrayError as error:
        doubt = f"they cannot be compared on the same pictures: {error}"
        return Superiority(False, f"{names}: {doubt}", None, None), pd.DataFrame()
    settings = asked.settings
    found = superiority(rows[rows["split"] == "val"], settings.margin, settings.level, len(asked.board))
    return replace(found, text=f"{names}: {found.text}"), rows


def chosen_since(rival: Registered, before: Registered) -> str:
    """Say why a model does not challenge a champion that a person chose when it was there already; else nothing."""
    if before.tags.get("promoted_how") == "chosen" and rival.tags["logged_at"] < before.tags["promoted_at"]:
        return "a person chose the champion when this model was there already"
    return ""


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
