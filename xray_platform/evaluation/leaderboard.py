"""Leaderboard: the models side by side on the same test part, ranked by the validation part."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.tables.all import LEADERBOARD
from xray_platform.tables.columns import Family


@dataclass(frozen=True)
class Entry:
    """One model on the board. `run`: MLflow run id (32 hexadecimal digits); `report`: path relative to data/reports.

    `size_mb`: of the files of the trained model, None where it is not known.
    """

    evaluation: Evaluation
    family: Family
    run: str
    report: str
    size_mb: float | None = None


def leaderboard(entries: Sequence[Entry]) -> pd.DataFrame:
    """Return the table LEADERBOARD, best first.

    The rank goes by validation AUROC alone (undefined last, then by name): a rank by the test part would make the test
    part a part of the choice, and the champion's test figures too good.
    """
    rows = [_row(entry) for entry in entries]
    rows.sort(key=lambda row: (row["val_auroc"] is None, -(row["val_auroc"] or 0), row["model"]))
    return LEADERBOARD.frame([row | {"rank": place} for place, row in enumerate(rows, start=1)])


def _row(entry: Entry) -> dict[str, Any]:
    evaluation, test = entry.evaluation, entry.evaluation.metrics["test"]
    same = ("auroc", "average_precision", "sensitivity", "specificity", "brier")
    return {
        "model": evaluation.model,
        "family": entry.family,
        "val_auroc": evaluation.value("auroc", "val"),
        **{name: test[name].value for name in same},
        "auroc_low": test["auroc"].low,
        "auroc_high": test["auroc"].high,
        "threshold": evaluation.threshold.value,
        "pictures": len(evaluation.part("test")),
        "ms_per_picture": evaluation.ms_per_picture,
        "size_mb": entry.size_mb,
        "run": entry.run,
        "report": entry.report,
    }
