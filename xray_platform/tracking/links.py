"""Links: where a run, the experiment and the champion are seen in the MLflow UI."""

import os

BASE_VARIABLE = "XRAY_MLFLOW_URL"
BASE = "http://127.0.0.1:5000"
VIEW = "?workflowType=machine_learning"  # else the UI opens with its menus for language models


def is_server(tracking_uri: str) -> bool:
    """Say whether a server of MLflow stands at this address, which shows its runs itself; else it is a database."""
    return tracking_uri.startswith(("http://", "https://"))


def base_url(tracking_uri: str = "") -> str:
    """Return the address of the MLflow UI: $XRAY_MLFLOW_URL, else the tracking server, else what `make ui` uses."""
    server = tracking_uri if is_server(tracking_uri) else BASE
    return (os.environ.get(BASE_VARIABLE) or server).rstrip("/")


def experiment_url(experiment_id: str, base: str | None = None) -> str:
    """Return the address of all runs."""
    return f"{base or base_url()}/#/experiments/{experiment_id}/runs{VIEW}"


def run_url(experiment_id: str, run_id: str, base: str | None = None) -> str:
    """Return the address of one run."""
    return f"{base or base_url()}/#/experiments/{experiment_id}/runs/{run_id}{VIEW}"


def artifact_url(experiment_id: str, run_id: str, path: str, base: str | None = None) -> str:
    """Return the address of a page that a run keeps, such as `report/report.html`."""
    return f"{base or base_url()}/#/experiments/{experiment_id}/runs/{run_id}/artifacts/{path}{VIEW}"


def registered_url(name: str, base: str | None = None) -> str:
    """Return the address of a registered model."""
    return f"{base or base_url()}/#/models/{name}{VIEW}"
