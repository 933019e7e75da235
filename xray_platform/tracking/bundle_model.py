"""Bundle model: the code that MLflow keeps beside a bundle and runs to serve it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from xray_platform.serving.judge import Judge


class BundleModel(PythonModel):
    """Takes pictures made by the bundle's recipe, (N, S, S) float32 in [0, 1]; gives score, probability, verdict."""

    def load_context(self, context: PythonModelContext) -> None:
        expected = (context.model_config or {}).get("bundle")
        self._judge = Judge.load(Path(context.artifacts["bundle"]), expected=expected)

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002 - MLflow's signature
        model_input: np.ndarray,  # MLflow knows the bare class only
        params: dict[str, Any] | None = None,  # noqa: ARG002 - likewise
    ) -> pd.DataFrame:
        """Return a frame with a row a picture."""
        scores = self._judge.score(np.asarray(model_input, dtype=np.float32))
        abnormal = self._judge.facts.threshold.verdicts(scores)
        return pd.DataFrame(
            {
                "score": scores,
                "probability": self._judge.probability(scores),
                "verdict": np.where(abnormal, "abnormal", "normal"),
            }
        )


set_model(BundleModel())
