"""Load evaluation: read back the evaluation of a model from what its report wrote."""

import json
from pathlib import Path

import pandas as pd

from xray_platform.errors import StoreError
from xray_platform.evaluation.bootstrap import Metric
from xray_platform.evaluation.calibration import Calibration
from xray_platform.evaluation.class_evaluation import ClassEvaluation
from xray_platform.evaluation.evaluate import Evaluation, EvaluationSettings
from xray_platform.evaluation.robustness import Robustness
from xray_platform.evaluation.subgroups import Subgroups
from xray_platform.evaluation.threshold import Threshold


def load_evaluation(
    file: Path,
    rows: pd.DataFrame,
    class_rows: pd.DataFrame | None = None,
    spreads: pd.DataFrame | None = None,
) -> Evaluation:
    """Read back what a report wrote to `metrics/metrics.json`, with the model's rows of SCORES, CLASS_SCORES, SPREADS.

    Raises StoreError where the file is missing or is no such file.
    """
    try:
        stored = json.loads(file.read_text())
        metrics = {
            split: {name: Metric.model_validate(metric) for name, metric in part.items()}
            for split, part in stored["metrics"].items()
        }
        return Evaluation(
            stored["model"],
            EvaluationSettings.model_validate(stored["settings"]),
            Threshold.model_validate(stored["threshold"]),
            Calibration.model_validate(stored["calibration"]),
            metrics,
            rows,
            ClassEvaluation.model_validate(stored["classes"]) if stored.get("classes") else None,
            Robustness.model_validate(stored["robustness"]) if stored.get("robustness") else None,
            tuple(Subgroups.model_validate(one) for one in stored.get("subgroups", ())),
            pd.DataFrame() if class_rows is None else class_rows,
            pd.DataFrame() if spreads is None else spreads,
            stored.get("ms_per_picture"),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{file} holds no evaluation: {error}") from error
