"""Bundle model: the code that MLflow keeps beside a bundle and runs to serve it."""

import base64
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from xray_platform.errors import InputError
from xray_platform.serving.model_input import ModelInput, prepare
from xray_platform.serving.predict import Predictor
from xray_platform.serving.prediction import Prediction
from xray_platform.serving.said_facts import said_facts
from xray_platform.serving.uncertainty import uncertainty
from xray_platform.tables.findings import SEPARATOR
from xray_platform.tracking.bundles import OUTPUTS

PICTURE, PIXELS, HEATMAP = "picture", "pixels", "heatmap"


class BundleModel(PythonModel):
    """Takes pictures, one a row: as `picture`, the bytes of a DICOM, JPEG or PNG file, or as `pixels`, an array.

    `pixels` are (rows, columns) of 0 to 65535, white where X-rays were stopped, as the frontal view is looked at. For a
    model that takes clinical columns a row may have `age` (years), `sex` and `view`, for what the file does not state.
    Of a model of several classes a row also has those that are `named` (`|` between) and all `classes`, as JSON. With
    the parameter `heatmap` it has the heat map over the whole picture, as base64 PNG of 8 bits from `heatmap_low` to
    `heatmap_high`. What cannot be judged has its `error` instead; it does not stop the others. Through HTTP (`mlflow
    models serve`) bytes are base64 text, in the form `dataframe_split` or `dataframe_records` alone.
    """

    def load_context(self, context: PythonModelContext) -> None:
        self._bundle = (context.model_config or {}).get("bundle")
        self._predictor = Predictor.load(Path(context.artifacts["bundle"]), expected=self._bundle)

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002 - MLflow's signature
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Return a frame with a row a picture; what a row has not is None, which JSON can say."""
        heatmap = bool((params or {}).get(HEATMAP))
        rows = [self._row(given, heatmap=heatmap) for given in model_input.to_dict("records")]
        return pd.DataFrame(rows, columns=list(OUTPUTS), dtype=object)

    def _row(self, given: dict[Any, Any], *, heatmap: bool) -> dict[str, object]:
        predictor = self._predictor
        by = {**dict.fromkeys(OUTPUTS), "model": predictor.facts.model, "bundle": self._bundle}
        try:
            made = _prepared(given, predictor)
        except InputError as error:
            return {**by, "error": str(error)}
        prediction = predictor.predict_inputs([made], heatmap=heatmap)[0]
        return {**by, **_said(prediction), **_shown(predictor, prediction, made)}


def _prepared(given: dict[Any, Any], predictor: Predictor) -> ModelInput:
    """Return what the model takes of a row; InputError where no picture can be read, or what it says is not allowed."""
    return prepare(_file(given), predictor.preparation, said_facts(given))[0]


def _file(given: dict[Any, Any]) -> bytes:
    """Return a row's picture as the bytes of a file; InputError where it has none, or pixels that are none."""
    if isinstance(given.get(PICTURE), bytes):
        return bytes(given[PICTURE])
    if given.get(PIXELS) is None:
        raise InputError(f"the row has neither {PICTURE!r} (bytes) nor {PIXELS!r} (an array)")
    pixels = np.asarray(given[PIXELS])
    whole = pixels.dtype.kind in "iu" and bool((pixels == pixels.astype(np.uint16)).all())
    if pixels.ndim != 2 or not pixels.size or not whole:
        found = f"pixels {pixels.shape} {pixels.dtype}"
        raise InputError(f"{found}: (rows, columns) of whole numbers 0 to 65535 are allowed")
    return cv2.imencode(".png", pixels.astype(np.uint16))[1].tobytes()


def _said(prediction: Prediction) -> dict[str, object]:
    placed = prediction.placed
    return {
        **{name: getattr(prediction, name) for name in ("score", "threshold", "probability", "threshold_probability")},
        "uncertainty": uncertainty(prediction.probability, prediction.threshold_probability),
        "distance": placed.distance if placed else None,
        "distance_limit": placed.limit if placed else None,
        "verdict": prediction.verdict,
        "named": SEPARATOR.join(prediction.named) or None,
        "classes": json.dumps([one.as_json() for one in prediction.classes]) if prediction.classes else None,
        "warnings": "; ".join(prediction.warnings) or None,
    }


def _shown(predictor: Predictor, prediction: Prediction, made: ModelInput) -> dict[str, object]:
    if prediction.heatmap is None:
        return {}
    shown = predictor.heatmap_picture(prediction.heatmap, made)
    return {
        "heatmap": base64.b64encode(shown.png).decode(),
        "heatmap_low": shown.scale.low,
        "heatmap_high": shown.scale.high,
    }


set_model(BundleModel())
