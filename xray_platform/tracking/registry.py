"""Registry: every model by name, and on top the one that is in use, whose bundle is opened for predictions."""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from mlflow.artifacts import download_artifacts
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_MODEL_VERSIONS

from xray_platform.errors import DataError, StoreError
from xray_platform.serving.bundle import Bundle
from xray_platform.tracking.mlflow_store import Tracking
from xray_platform.tracking.names import (
    ARTIFACT,
    BUNDLE,
    CHAMPION,
    CHAMPION_MODEL,
    CURRENT,
    LOGGED,
    LOGGED_AT,
    MODEL,
    PREFIX,
)  # fmt: skip


@dataclass(frozen=True)
class Registered:
    """A version of a registered model."""

    name: str
    version: str
    model: str
    run_id: str
    bundle: str
    aliases: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


def register(
    tracking: Tracking,
    run_id: str,
    *,
    tags: Mapping[str, object] | None = None,
    description: str = "",
    kind: str = "",
) -> Registered:
    """Register the bundle logged by the run as a version of `xray-<model>`; the same bundle is not registered twice.

    `description` says in Markdown what this version is, `kind` what all versions of this model are.
    """
    model_id = logged_by(tracking, run_id)
    model = str(tracking.client.get_logged_model(model_id).tags[MODEL])
    name = f"{PREFIX}{model}"
    version = version_of(tracking, name, model_id, run_id, tags or {}, description)
    tracking.client.set_registered_model_alias(name, CURRENT, version.version)
    if kind:
        tracking.client.update_registered_model(name, description=kind)
    return registered(tracking.client.get_model_version(name, version.version))


def champion(tracking: Tracking) -> Registered | None:
    """Return the champion, or None where there is none yet."""
    held = version_with_alias(tracking, CHAMPION)
    return registered(held) if held is not None else None


def champion_bundle(tracking: Tracking) -> Bundle:
    """Return the champion's bundle, see `model_bundle`; DataError where there is none yet."""
    held = version_with_alias(tracking, CHAMPION)
    if held is None:
        raise DataError("there is no champion yet; train the models and materialise `champion` (xray run)")
    return bundle_of(tracking, held)


def model_bundle(tracking: Tracking, name: str) -> Bundle:
    """Return the bundle of a model's current version, found to be the one whose digest MLflow's database holds.

    Raises DataError where there is no model of that name, StoreError where its bundle is gone, damaged or another.
    """
    if name == CHAMPION:
        return champion_bundle(tracking)
    return bundle_of(tracking, current_version(tracking, name))


def current_version(tracking: Tracking, model: str) -> ModelVersion:
    """Return the version of a model that its last report is about; DataError where there is no model of that name."""
    name = f"{PREFIX}{model}"
    held, versions = version_with_alias(tracking, CURRENT, name), versions_of(tracking, name)
    if held is None and not versions:
        known = ", ".join(model_names(tracking)) or "none is trained yet"
        raise DataError(f"there is no model {model!r}; there are: {known}")
    return held or versions[-1]


def bundle_faults(tracking: Tracking) -> Iterator[tuple[str, str]]:
    """Yield each registered version whose bundle is not the one that MLflow's database vouches for, and why."""
    names = [found.name for found in tracking.client.search_registered_models() if found.name.startswith(PREFIX)]
    for version in (version for name in sorted(names) for version in versions_of(tracking, name)):
        try:
            bundle_of(tracking, version)
        except StoreError as error:
            yield f"{version.name} version {version.version}", str(error)


def model_names(tracking: Tracking) -> list[str]:
    """Return the names of the registered models."""
    names = [found.name for found in tracking.client.search_registered_models()]
    return sorted(name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX) and name != CHAMPION_MODEL)


def logged_by(tracking: Tracking, run_id: str) -> str:
    """Return the id of the model that a run logged last; DataError where it has logged none."""
    try:
        tags = tracking.client.get_run(run_id).data.tags
    except MlflowException as error:
        raise DataError(f"there is no MLflow run {run_id}") from error
    if "xray.model_id" not in tags:
        raise DataError(f"run {run_id} has logged no bundle; evaluate its model first")
    return str(tags["xray.model_id"])


def version_of(
    tracking: Tracking, name: str, model_id: str, run_id: str, tags: Mapping[str, object], description: str = ""
) -> ModelVersion:
    """Return the version of `name` that holds this logged model, made where there is none, with these tags."""
    client = tracking.client
    logged = client.get_logged_model(model_id)
    made_at = datetime.fromtimestamp(logged.creation_timestamp / 1000, UTC).isoformat(timespec="milliseconds")
    ours = {LOGGED: model_id, BUNDLE: logged.tags[BUNDLE], "model": logged.tags[MODEL], LOGGED_AT: made_at}
    texts = {tag: str(value) for tag, value in {**tags, **ours}.items()}
    Bundle.open(_folder(tracking, str(logged.artifact_location), name, model_id), texts[BUNDLE])
    known = [version for version in versions_of(tracking, name) if version.tags.get(LOGGED) == model_id]
    if known:
        for tag, text in texts.items():
            client.set_model_version_tag(name, known[-1].version, tag, text)
        if description:
            client.update_model_version(name, known[-1].version, description)
        return known[-1]
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    made = client.create_model_version(
        name, logged.artifact_location, run_id=run_id, model_id=model_id, tags=texts, description=description or None
    )
    linked = [*json.loads(logged.tags.get(MLFLOW_MODEL_VERSIONS, "[]")), {"name": name, "version": made.version}]
    client.set_logged_model_tags(model_id, {MLFLOW_MODEL_VERSIONS: json.dumps(linked)})  # the UI links them by this
    return made


def versions_of(tracking: Tracking, name: str) -> list[ModelVersion]:
    """Return the versions of a registered model, the oldest first."""
    return sorted(tracking.client.search_model_versions(f"name = '{name}'"), key=lambda version: int(version.version))


def version_with_alias(tracking: Tracking, alias: str, name: str = CHAMPION_MODEL) -> ModelVersion | None:
    """Return the version of a registered model, `xray-champion` if not said otherwise, that has this alias."""
    try:
        return tracking.client.get_model_version_by_alias(name, alias)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise StoreError(f"cannot read the registry: {error.message}") from error


def registered(version: ModelVersion) -> Registered:
    """Return what others than MLflow want to know of a version."""
    return Registered(
        name=version.name,
        version=str(version.version),
        model=version.tags.get("model", ""),
        run_id=version.run_id or "",
        bundle=version.tags.get(BUNDLE, ""),
        aliases=tuple(version.aliases),
        tags=dict(version.tags),
    )


def bundle_of(tracking: Tracking, version: ModelVersion) -> Bundle:
    """Return the bundle of a version, if it is the one that was logged.

    The digest of the logged model is asked, which older versions have too; its files are never believed by themselves.
    """
    name = f"{version.name} version {version.version}"
    try:
        held = tracking.client.get_logged_model(str(version.tags.get(LOGGED))).tags.get(BUNDLE)
    except MlflowException as error:
        raise StoreError(f"MLflow knows no logged model of {name}: {error.message}") from error
    if not held or version.tags.get(BUNDLE, held) != held:
        raise StoreError(f"MLflow holds no digest that vouches for the bundle of {name}; train the model again")
    where = (tracking, str(version.source), name, str(version.tags.get(LOGGED)))
    try:
        return Bundle.open(_folder(*where), held)
    except StoreError:
        if not (cached := _cached(tracking, where[-1])).is_dir():
            raise
        shutil.rmtree(cached)  # a copy of a server's files; they are fetched once more
        return Bundle.open(_folder(*where), held)


def _folder(tracking: Tracking, source: str, name: str, model_id: str) -> Path:
    """Return the bundle of a version: where it lies, if on this machine, or a copy of it."""
    uri = f"{source.rstrip('/')}/artifacts/{ARTIFACT}"
    cached = _cached(tracking, model_id)
    if cached.is_dir():
        return cached
    try:
        return _in_cache(Path(download_artifacts(artifact_uri=uri, tracking_uri=tracking.uri)), cached, tracking)
    except (MlflowException, OSError) as error:
        raise StoreError(f"the files of {name} are gone from {uri}") from error


def _cached(tracking: Tracking, model_id: str) -> Path:
    return tracking.cache / model_id / ARTIFACT


def _in_cache(downloaded: Path, cached: Path, tracking: Tracking) -> Path:
    """Move a server's files into the cache at a stroke; the embedded store's files stay where they are."""
    if tracking.artifacts is not None:
        return downloaded
    cached.parent.mkdir(parents=True, exist_ok=True)
    waiting = Path(shutil.move(downloaded, cached.with_name(f".{ARTIFACT}.{uuid4().hex}")))
    try:
        waiting.rename(cached)
    except OSError:  # another process was faster
        shutil.rmtree(waiting)
    return cached
