"""Bundles: log a bundle as an MLflow model from code: no pickle, a signature, pinned requirements."""

import shutil
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import mlflow.pyfunc
import numpy as np
import numpy.typing as npt
from mlflow import MlflowClient
from mlflow.entities import LoggedModelOutput, Metric
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec

from xray_platform.serving.bundle import Bundle
from xray_platform.tracking.experiments import Tracking
from xray_platform.tracking.names import ARTIFACT, BUNDLE

CODE = Path(__file__).with_name("bundle_model.py")
NEEDED = ("xray-platform", "torch", "numpy", "scikit-learn", "scipy", "safetensors", "pydantic", "mlflow")


@dataclass(frozen=True)
class LoggedBundle:
    """A bundle in MLflow: `model_uri` is `models:/<model_id>`."""

    model_id: str
    model_uri: str


def log_bundle(
    tracking: Tracking, run_id: str, bundle: Bundle, example: npt.NDArray[np.float32], waiting: Path, *, step: int = 0
) -> LoggedBundle:
    """Log the bundle as a model of the run; `waiting` is an empty folder for the time being."""
    client, facts = tracking.client, bundle.facts
    model = client.create_logged_model(
        experiment_id=tracking.experiment_id,
        name=facts.model,
        source_run_id=run_id,
        params={"threshold": repr(facts.threshold.value), "threshold.rule": facts.threshold.rule},
        tags={"xray.model": facts.model, "xray.family": facts.family, BUNDLE: bundle.id},
        model_type=facts.family,
    )
    try:
        _save(model.artifact_location, model.model_id, run_id, bundle, example, waiting / "model")
        client.log_model_artifacts(model.model_id, str(waiting / "model"))
        client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=step)])
    except BaseException:
        client.finalize_logged_model(model.model_id, "FAILED")
        raise
    client.finalize_logged_model(model.model_id, "READY")
    _say_how_good(client, model.model_id, run_id)
    return LoggedBundle(str(model.model_id), f"models:/{model.model_id}")


def _say_how_good(client: MlflowClient, model_id: str, run_id: str) -> None:
    """Give the logged model the last value of each of its run's metrics, so that models can be compared in the UI."""
    last = [client.get_metric_history(run_id, name)[-1] for name in client.get_run(run_id).data.metrics]
    client.log_batch(
        run_id, metrics=[Metric(one.key, one.value, one.timestamp, one.step, model_id=model_id) for one in last]
    )


def _save(
    location: str, model_id: str, run_id: str, bundle: Bundle, example: npt.NDArray[np.float32], folder: Path
) -> None:
    named = shutil.copytree(bundle.folder, folder.with_name(ARTIFACT))  # MLflow keeps a folder under its own name
    mlflow.pyfunc.save_model(
        path=str(folder),
        python_model=str(CODE),
        artifacts={ARTIFACT: str(named)},
        signature=signature(example),
        input_example=example[:1] if len(example) else np.zeros((1, *example.shape[1:]), np.float32),
        pip_requirements=[f"{name}=={version(name)}" for name in NEEDED],
        model_config={ARTIFACT: bundle.id},
        mlflow_model=Model(artifact_path=location, model_uuid=model_id, run_id=run_id, model_id=model_id),
    )


def signature(example: npt.NDArray[np.float32]) -> ModelSignature:
    """Return: takes (any number, S, S) float32 in [0, 1]; gives a score, a probability and a verdict a picture."""
    taken = Schema([TensorSpec(np.dtype(np.float32), (-1, *example.shape[1:]))])
    given = Schema([ColSpec("double", "score"), ColSpec("double", "probability"), ColSpec("string", "verdict")])
    return ModelSignature(inputs=taken, outputs=given)
