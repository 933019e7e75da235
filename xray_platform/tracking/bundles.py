"""Bundles: log a bundle as an MLflow model from code: no pickle, a signature, pinned requirements."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import mlflow.pyfunc
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import LoggedModelOutput, Metric
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec
from mlflow.types.schema import Array
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT, MLFLOW_RUN_NOTE

from xray_platform.serving.bundle import Bundle
from xray_platform.tracking.datasets import PARTS
from xray_platform.tracking.example import example_picture
from xray_platform.tracking.mlflow_store import Tracking
from xray_platform.tracking.names import ARTIFACT, BUNDLE, MODEL

CODE = Path(__file__).with_name("bundle_model.py")
OUTPUTS = (
    "score", "threshold", "probability", "threshold_probability", "uncertainty", "distance", "distance_limit",
    "verdict", "named", "classes", "warnings", "heatmap", "heatmap_low", "heatmap_high", "model", "bundle", "error",
)  # fmt: skip
PICTURE = "picture"  # the column of files that a registered model takes
NUMBERS = {*OUTPUTS[:7], "heatmap_low", "heatmap_high"}
EPOCH = "epoch/"  # how the names of metrics begin that are measured while a model learns
RUN_TAGS = ("model", "family", "recipe", "origin", "data", MLFLOW_RUN_NOTE)  # tags that a model has from its run
NEEDED = ("xray-platform", "torch", "numpy", "scikit-learn", "scipy", "safetensors", "pydantic", "mlflow")


@dataclass(frozen=True)
class LoggedBundle:
    """A bundle in MLflow: `model_uri` is `models:/<model_id>`."""

    model_id: str
    model_uri: str


def log_bundle(tracking: Tracking, run_id: str, bundle: Bundle, waiting: Path, *, step: int = 0) -> LoggedBundle:
    """Log the bundle as a model of the run, with its parameters and figures; `waiting` is an empty folder."""
    client, facts = tracking.client, bundle.facts
    run = client.get_run(run_id).data
    model = client.create_logged_model(
        experiment_id=tracking.experiment_id,
        name=facts.model,
        source_run_id=run_id,
        params={**run.params, "threshold": repr(facts.threshold.value), "threshold.rule": facts.threshold.rule},
        tags={**{name: run.tags[name] for name in RUN_TAGS if name in run.tags}, MODEL: facts.model, BUNDLE: bundle.id},
        model_type=facts.family,
    )
    try:
        _save(model.artifact_location, model.model_id, run_id, bundle, waiting / "model")
        client.log_model_artifacts(model.model_id, str(waiting / "model"))
        client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=step)])
    except BaseException:
        client.finalize_logged_model(model.model_id, "FAILED")
        raise
    client.finalize_logged_model(model.model_id, "READY")
    _log_figures(client, model.model_id, run_id)
    return LoggedBundle(str(model.model_id), f"models:/{model.model_id}")


def _log_figures(client: MlflowClient, model_id: str, run_id: str) -> None:
    """Give the logged model its run's figures, each with the dataset that it was measured on, to be compared in the UI.

    What was measured while it learnt stays with the run.
    """
    run = client.get_run(run_id)
    entries = run.inputs.dataset_inputs if run.inputs is not None else []
    seen = {tag.value: entry.dataset for entry in entries for tag in entry.tags if tag.key == MLFLOW_DATASET_CONTEXT}
    metrics = []
    for name in run.data.metrics:
        if name.startswith(EPOCH):
            continue
        last = max(client.get_metric_history(run_id, name), key=lambda metric: (metric.step, metric.timestamp))
        data = seen.get(PARTS.get(name.split("/")[0], ""))
        on = {"dataset_name": data.name, "dataset_digest": data.digest} if data is not None else {}
        metrics.append(Metric(last.key, last.value, last.timestamp, last.step, model_id=model_id, **on))
    client.log_batch(run_id, metrics=metrics)


def _save(location: str, model_id: str, run_id: str, bundle: Bundle, folder: Path) -> None:
    named = shutil.copytree(bundle.folder, folder.with_name(ARTIFACT))  # MLflow keeps a folder under its own name
    mlflow.pyfunc.save_model(
        path=str(folder),
        python_model=str(CODE),
        artifacts={ARTIFACT: str(named)},
        signature=signature(bundle.facts.clinical_columns),
        input_example=pd.DataFrame({PICTURE: [example_picture()]}),
        pip_requirements=[f"{name}=={version(name)}" for name in NEEDED],
        model_config={ARTIFACT: bundle.id},
        mlflow_model=Model(artifact_path=location, model_uuid=model_id, run_id=run_id, model_id=model_id),
    )


def signature(columns: Sequence[str] = ()) -> ModelSignature:
    """Return: takes files as bytes, or arrays of pixels; gives a prediction each, or what is wrong with the picture.

    Beside a picture it takes the clinical columns of the model: age in years, sex and view in DICOM's words.
    """
    takes: list[ColSpec | TensorSpec] = [
        ColSpec("binary", PICTURE, required=False),
        ColSpec(Array(Array("long")), "pixels", required=False),
        *(ColSpec("double" if name == "age" else "string", name, required=False) for name in columns),
    ]
    gives: list[ColSpec | TensorSpec] = [
        ColSpec("double" if name in NUMBERS else "string", name, required=False) for name in OUTPUTS
    ]
    params = ParamSchema([ParamSpec("heatmap", "boolean", default=False)])
    return ModelSignature(inputs=Schema(takes), outputs=Schema(gives), params=params)
