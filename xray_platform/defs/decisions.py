"""Decisions: what became of each model that would have been champion, and why; kept for good, a part each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import pandas as pd

from xray_platform.evaluation.challenger import Superiority
from xray_platform.evaluation.guards import GuardOutcome
from xray_platform.tables.all import DECISIONS
from xray_platform.tables.places import Places
from xray_platform.tracking.registry import Registered


@dataclass(frozen=True)
class Decision:
    """What became of a model that was held against the champion, `before`: None where there was none.

    `kept`: the champion stays, for the model is not better; `refused`: it is better and breaks a guard.
    """

    decision: Literal["promoted", "kept", "refused", "chosen"]
    rival: Registered
    before: Registered | None
    why: str
    against: Superiority
    guards: tuple[GuardOutcome, ...] = ()


def keep_decisions(places: Places, decisions: Sequence[Decision], *, by: str, run: str) -> None:
    """Write decisions down as rows of DECISIONS; `run`: the Dagster run in which they were taken."""
    if not decisions:
        return
    at = datetime.now(UTC)
    rows = [
        {
            "decided_at": at.isoformat(timespec="milliseconds"),
            "decision": one.decision,
            "model": one.rival.model,
            "version": int(one.rival.version),
            "champion": one.before.model if one.before else None,
            "champion_version": int(one.before.version) if one.before else None,
            "val_auroc": one.against.auroc,
            "champion_val_auroc": one.against.champion_auroc,
            "chance": one.against.chance,
            "by": by,
            "why": one.why,
            "guards": [str(guard) for guard in one.guards],
            "dagster_run": run,
        }
        for one in decisions
    ]
    DECISIONS.write(places, DECISIONS.frame(rows), f"{at:%Y%m%dT%H%M%S%f}")


def newest_decisions(places: Places, most: int) -> pd.DataFrame:
    """Return so many decisions, the newest first."""
    return DECISIONS.read(places).iloc[::-1].head(most)
