"""MLflow store: open the store of runs and models, and set it up once, however many processes come at the same time."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE
from sqlalchemy.exc import SQLAlchemyError

from xray_platform.errors import StoreError, first_line, without_password
from xray_platform.tables.places import Places
from xray_platform.tracking.names import DATABASE, EXPERIMENT
from xray_platform.tracking.relocate import relocate

ABOUT = """Chest radiographs told normal or abnormal. **Research software, not a medical device.**

A run is one training of one model. Charts under `epoch/` are what it measured while it learnt; `train/`, `val/` and
`test/` are the figures of the finished model on the three parts of the data (`…/interval/`: their confidence
intervals). The threshold is chosen on `val`; nothing is chosen on `test`. A run that was judged once more, with other
settings or pictures, has a nested run for each judgement.

Columns to filter by: the tags `model`, `family`, `recipe`, `origin` (`phantom`: made-up pictures), `data` (a digest of
pictures and truth: equal means the same data) and `stage`.
"""
TAGS = {
    "mlflow.experimentKind": "custom_model_development",  # the UI would take it for language models
    MLFLOW_RUN_NOTE: ABOUT,
}
SETUP_SECONDS = 120


@dataclass(frozen=True)
class Tracking:
    """An opened store: its address, and the experiment that all runs belong to.

    `artifacts` is the folder of the embedded store's artifacts, None where a server keeps them; `cache` is where
    copies of a server's artifacts may lie.
    """

    uri: str
    experiment_id: str
    artifacts: Path | None
    cache: Path

    @property
    def client(self) -> MlflowClient:
        """A client of this store and its registry; MLflow's global state is left alone."""
        return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)


def open_tracking(places: Places, *, uri: str | None = None) -> Tracking:
    """Open the store at `uri`, else at $MLFLOW_TRACKING_URI, else the embedded one under `mlruns/`.

    The embedded store is SQLite (`mlflow.db`) with its files in `mlruns/artifacts`; it is made where there is none.
    Two processes that make it at once break it (MLflow 3.17), so opening happens under a file lock. Where the whole
    root was moved or copied since, the store is told where its files lie now.
    Raises StoreError where the store cannot be opened.
    """
    address = uri or os.environ.get("MLFLOW_TRACKING_URI") or embedded_uri(places)
    artifacts = places.mlruns.resolve() / "artifacts" if address == embedded_uri(places) else None
    _quiet_loggers()
    try:
        places.mlruns.mkdir(parents=True, exist_ok=True)
        with FileLock(places.mlruns / ".setup.lock", timeout=SETUP_SECONDS):
            return Tracking(address, _experiment(address, artifacts), artifacts, places.mlruns / "cache")
    except Timeout as error:
        raise StoreError(f"another process has been setting up {places.mlruns} for {SETUP_SECONDS} s") from error
    except OSError as error:
        raise StoreError(f"cannot write {places.mlruns}: {error.strerror or error}") from error
    except (MlflowException, SQLAlchemyError) as error:
        why = f"cannot open the MLflow store {address}: {first_line(error)}"
        raise StoreError(without_password(why)) from error


def embedded_uri(places: Places) -> str:
    """Return the address of the store under `mlruns/`."""
    return f"sqlite:///{places.mlruns.resolve() / DATABASE}"


def _experiment(address: str, artifacts: Path | None) -> str:
    """Return the id of the experiment; it is made where there is none."""
    client = MlflowClient(tracking_uri=address, registry_uri=address)
    known = client.get_experiment_by_name(EXPERIMENT)
    location = artifacts.as_uri() if artifacts else None
    if known is not None:
        if artifacts and location != known.artifact_location:
            relocate(artifacts.with_name(DATABASE), str(known.artifact_location), str(location))
        for tag in TAGS.keys() - known.tags.keys():  # an older version made it; what people wrote stays
            client.set_experiment_tag(known.experiment_id, tag, TAGS[tag])
        return str(known.experiment_id)
    try:
        return str(client.create_experiment(EXPERIMENT, artifact_location=location, tags=TAGS))
    except MlflowException:
        known = client.get_experiment_by_name(EXPERIMENT)  # a process on another machine was faster
        if known is None:
            raise
        return str(known.experiment_id)


def _quiet_loggers() -> None:
    """Keep the migrations of a fresh database from telling their story on the terminal."""
    for name in ("alembic", "mlflow"):
        logging.getLogger(name).setLevel(logging.ERROR)
