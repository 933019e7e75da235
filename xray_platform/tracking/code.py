"""Code: which version of this package, and which commit of its checkout, made a run; as tags of MLflow."""

from mlflow.utils.mlflow_tags import MLFLOW_GIT_COMMIT, MLFLOW_GIT_DIRTY, MLFLOW_SOURCE_NAME, MLFLOW_SOURCE_TYPE

from xray_platform import __version__
from xray_platform.tracking.git_commit import git_commit, is_changed

CHANGED = "changed since its commit"


def code_tags() -> dict[str, str]:
    """Return the tags by which the MLflow UI shows where a run came from; no commit where there is no checkout."""
    name = f"xray-platform {__version__}" + (f" ({CHANGED})" if is_changed() else "")
    tags = {MLFLOW_SOURCE_NAME: name, MLFLOW_SOURCE_TYPE: "LOCAL"}
    commit = git_commit()
    return {**tags, MLFLOW_GIT_COMMIT: commit, MLFLOW_GIT_DIRTY: str(is_changed()).lower()} if commit else tags
