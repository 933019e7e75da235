"""Server command: the command that shows runs and models in the browser."""

import os
import sys

from xray_platform.tracking.mlflow_store import Tracking

SERVER_ENVIRONMENT = {
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # the job runner costs 250 MB and nothing here uses it
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}


def ui_command(tracking: Tracking, port: int = 5000) -> list[str]:
    """Return the command that serves the UI of this store on the loopback address; run it with `ui_environment()`."""
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", tracking.uri, "--registry-store-uri", tracking.uri]
    return [*command, "--default-artifact-root", tracking.artifacts.as_uri()] if tracking.artifacts else command


def ui_environment() -> dict[str, str]:
    """Return this process's environment, made calm for the UI's processes."""
    return {**os.environ, **SERVER_ENVIRONMENT}
