"""Bundle model: the code that MLflow keeps beside a bundle and runs to serve it."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from xray_platform.errors import InputError
from xray_platform.serving.predict import Predictor
from xray_platform.tables.findings import SEPARATOR

PICTURE = "picture"
OUTPUTS = ("score", "probability", "verdict", "named", "classes", "warnings", "error")


class BundleModel(PythonModel):
    """Takes files as they are, the bytes of a DICOM, JPEG or PNG picture a row; gives score, probability, verdict.

    Of a model of several classes also those that are `named` (`|` between) and all `classes`, as JSON.
    A file that cannot be judged has its `error` instead; it does not stop the others. Through HTTP (`mlflow models
    serve`) bytes are base64 text, in the form `dataframe_split` or `dataframe_records` alone.
    """

    def load_context(self, context: PythonModelContext) -> None:
        expected = (context.model_config or {}).get("bundle")
        self._predictor = Predictor.load(Path(context.artifacts["bundle"]), expected=expected)

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002 - MLflow's signature
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,  # noqa: ARG002 - likewise
    ) -> pd.DataFrame:
        """Return a frame with a row a picture; what a row has not is None, which JSON can say."""
        rows = [self._row(bytes(data)) for data in model_input[PICTURE]]
        return pd.DataFrame(rows, columns=list(OUTPUTS), dtype=object)

    def _row(self, data: bytes) -> dict[str, object]:
        try:
            prediction = self._predictor.predict(data)
        except InputError as error:
            return {**dict.fromkeys(OUTPUTS), "error": str(error)}
        return {
            "score": prediction.score,
            "probability": prediction.probability,
            "verdict": prediction.verdict,
            "named": SEPARATOR.join(prediction.named) or None,
            "classes": json.dumps([one.as_json() for one in prediction.classes]) if prediction.classes else None,
            "warnings": "; ".join(prediction.warnings) or None,
            "error": None,
        }


set_model(BundleModel())
