"""Runs: one MLflow run a trained model, opened by training and taken up again by evaluation."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NOTE

from xray_platform.errors import DataError, StoreError
from xray_platform.evaluation.threshold import Threshold
from xray_platform.serving.bundle import Bundle
from xray_platform.tracking.bundles import EPOCH, PICTURE, LoggedBundle, log_bundle
from xray_platform.tracking.code import code_tags
from xray_platform.tracking.datasets import dataset_input
from xray_platform.tracking.links import artifact_url, base_url, run_url
from xray_platform.tracking.mlflow_store import Tracking
from xray_platform.tracking.names import BUNDLE, MODEL
from xray_platform.tracking.parameters import flat

PARAMETERS_AT_ONCE = 100  # MLflow's limit
METRICS_AT_ONCE = 1000
DAGSTER_RUN = "dagster.run_id"
DAGSTER_ASSET = "dagster.asset_key"
FAILURE = "xray.failure"
LOGGED_MODEL = "xray.model_id"
TAKES = "xray.takes"  # the column that this model takes
REPORT = "report"  # the folder of the artifacts that holds the report


@dataclass(frozen=True)
class RunLink:
    """Where a run is found in the MLflow UI; `report`: the page of its report, once that is there."""

    run_id: str
    url: str
    report: str


@dataclass(frozen=True)
class TrackedRun:
    """An open run; each method writes at once."""

    tracking: Tracking
    run_id: str
    model: str

    @property
    def link(self) -> RunLink:
        where = (self.tracking.experiment_id, self.run_id)
        base = base_url(self.tracking.uri)
        return RunLink(self.run_id, run_url(*where, base), artifact_url(*where, f"{REPORT}/report.html", base))

    def log_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Log settings, nested as they are. DataError where this run already has another value of one of them."""
        texts = iter([Param(name, text) for name, text in flat(parameters).items()])
        try:
            while some := list(islice(texts, PARAMETERS_AT_ONCE)):
                self.tracking.client.log_batch(self.run_id, params=some)
        except MlflowException as error:
            raise DataError(f"run {self.run_id}: the parameters of a run are written once: {error.message}") from error

    def log_epoch(self, step: int, metrics: Mapping[str, float]) -> None:
        """Log what an epoch measured, in one write, as `epoch/<name>`, apart from figures of the finished model."""
        self.log_metrics({f"{EPOCH}{name}": value for name, value in metrics.items()}, step=step)

    def log_metrics(self, metrics: Mapping[str, float], *, step: int = 0) -> None:
        """Log numbers; what is not finite is left out, for MLflow's database would bend it."""
        now = int(time.time() * 1000)
        sound = iter([Metric(name, float(value), now, step) for name, value in metrics.items() if np.isfinite(value)])
        while some := list(islice(sound, METRICS_AT_ONCE)):
            self.tracking.client.log_batch(self.run_id, metrics=some)

    def log_dataset(self, name: str, frame: pd.DataFrame, digest: str, context: str, source: str = "") -> None:
        """Say that the run saw this table, as `context` (training, validation, test)."""
        self.tracking.client.log_inputs(self.run_id, [dataset_input(name, frame, digest, context, source)])

    def log_tags(self, tags: Mapping[str, object]) -> None:
        """Set tags in one write; a tag may be set again."""
        self.tracking.client.log_batch(self.run_id, tags=[RunTag(name, str(value)) for name, value in tags.items()])

    def describe(self, text: str) -> None:
        """Say in Markdown what this run is; the UI shows it above everything else."""
        self.log_tags({MLFLOW_RUN_NOTE: text})

    def log_thresholds(self, **thresholds: Threshold) -> None:
        """Log each threshold's value as a metric `threshold/<name>`, its rule and explanation as tags."""
        self.log_metrics({f"threshold/{name}": threshold.value for name, threshold in thresholds.items()})
        for name, threshold in thresholds.items():
            about = {"rule": threshold.rule, "explanation": threshold.explanation}
            self.log_tags({f"threshold.{name}.{what}": text for what, text in about.items()})

    def log_figure(self, name: str, figure: object) -> None:
        """Keep a matplotlib or plotly figure as `figures/<name>` (`.png` for the one, `.html` for the other)."""
        self.tracking.client.log_figure(self.run_id, figure, f"figures/{name}")

    def log_file(self, file: Path, under: str | None = None) -> None:
        """Keep a copy of a file in the folder `under` of the run's artifacts."""
        self.tracking.client.log_artifact(self.run_id, str(file), under)

    def log_folder(self, folder: Path, under: str | None = None) -> None:
        """Keep a copy of a folder's content in the folder `under` of the run's artifacts."""
        self.tracking.client.log_artifacts(self.run_id, str(folder), under)

    def log_bundle(self, folder: Path, *, step: int = 0) -> LoggedBundle:
        """Log the bundle as an MLflow model that serves; the one that this run logged last is not logged again.

        It is where an older version logged it as a model that takes arrays.
        """
        bundle = Bundle.open(folder)
        tags = self.tracking.client.get_run(self.run_id).data.tags
        if (tags.get(BUNDLE), tags.get(TAKES)) == (bundle.id, PICTURE):
            return LoggedBundle(tags[LOGGED_MODEL], f"models:/{tags[LOGGED_MODEL]}")
        with tempfile.TemporaryDirectory() as waiting:
            logged = log_bundle(self.tracking, self.run_id, bundle, Path(waiting), step=step)
        self.log_tags({LOGGED_MODEL: logged.model_id, BUNDLE: bundle.id, TAKES: PICTURE})
        return logged


@contextmanager
def open_run(
    tracking: Tracking,
    *,
    model: str,
    run_id: str | None = None,
    name: str | None = None,
    parent: str | None = None,
    dagster_run_id: str | None = None,
    asset_key: str | None = None,
    tags: Mapping[str, object] | None = None,
) -> Iterator[TrackedRun]:
    """Open a new run for `model`, or the run `run_id` again, and close it: FINISHED, or FAILED where the block raised.

    A new run is called `name` (else like its model); with a `parent` it is shown nested below that run.

    A failure leaves the name of the error's class as a tag, never its text, which may hold what must not leave the
    raw zone. Raises DataError where there is no run of that id.
    """
    ours = {MODEL: model, DAGSTER_RUN: dagster_run_id, DAGSTER_ASSET: asset_key, MLFLOW_PARENT_RUN_ID: parent}
    said = {tag: str(value) for tag, value in {**ours, **(tags or {})}.items() if value is not None}
    run = TrackedRun(tracking, _reopened(tracking, run_id) if run_id else _created(tracking, name or model), model)
    run.log_tags(said)
    try:
        yield run
    except BaseException as error:
        tracking.client.set_tag(run.run_id, FAILURE, type(error).__name__)
        tracking.client.set_terminated(run.run_id, "FAILED")
        raise
    tracking.client.set_terminated(run.run_id, "FINISHED")


def tags_of(tracking: Tracking, run_id: str) -> dict[str, str]:
    """Return the tags of a run as MLflow's database holds them; DataError where there is no run of that id."""
    try:
        return dict(tracking.client.get_run(run_id).data.tags)
    except MlflowException as error:
        raise DataError(f"there is no MLflow run {run_id}; train the model again") from error


def fail_runs(tracking: Tracking, dagster_run_id: str) -> list[str]:
    """Mark as FAILED what a killed Dagster run left RUNNING, and return those run ids."""
    left = tracking.client.search_runs(
        [tracking.experiment_id], f"tags.`{DAGSTER_RUN}` = '{dagster_run_id}' and attributes.status = 'RUNNING'"
    )
    for run in left:
        tracking.client.set_tag(run.info.run_id, FAILURE, "its process was killed")
        tracking.client.set_terminated(run.info.run_id, "FAILED")
    return [run.info.run_id for run in left]


def _created(tracking: Tracking, name: str) -> str:
    try:
        run = tracking.client.create_run(tracking.experiment_id, run_name=name, tags=code_tags())
    except MlflowException as error:
        raise StoreError(f"cannot open a run: {error.message}") from error
    return str(run.info.run_id)


def _reopened(tracking: Tracking, run_id: str) -> str:
    try:
        tracking.client.get_run(run_id)
    except MlflowException as error:
        raise DataError(f"there is no MLflow run {run_id}; train the model again") from error
    tracking.client.update_run(run_id, status="RUNNING")
    if FAILURE in tracking.client.get_run(run_id).data.tags:
        tracking.client.delete_tag(run_id, FAILURE)
    return run_id
