"""Champion aliases: which version is champion, challenger or previous; and who decided that, and why."""

from collections.abc import Iterator
from datetime import UTC, datetime

from mlflow.entities.model_registry import ModelVersion

from xray_platform.errors import DataError
from xray_platform.tracking.evaluations import evaluated_in
from xray_platform.tracking.mlflow_store import Tracking
from xray_platform.tracking.names import CHALLENGER, CHAMPION, CHAMPION_MODEL, LOGGED, PREFIX, PREVIOUS
from xray_platform.tracking.registry import (
    Registered,
    bundle_of,
    current_version,
    logged_by,
    model_names,
    registered,
    version_of,
    version_with_alias,
    versions_of,
)

PROMOTED, DISPLACED, REFUSED = "promoted", "displaced", "refused"
ABOUT = """The model in use: `xray predict` takes the version with the alias `champion`.

`challenger` is the best of the newest models that are not the champion, `previous` the champion before. A version
becomes champion where it is better on the same validation pictures by the stated margin and breaks no guard, or where a
person says so (`xray promote`, or the launchpad of the asset `champion`); the tags `promoted_…` say who, when and why,
`refused_…` which guard it broke.
**Research software, not a medical device.**
"""


def candidate(tracking: Tracking, training: str) -> Registered:
    """Return the version of `xray-champion` with the bundle of a training's last judgement, made where there is none.

    Raises DataError where that run has logged no bundle, StoreError where the bundle is not the one that was logged.
    """
    run_id = evaluated_in(tracking, training)
    return _candidate(tracking, logged_by(tracking, run_id), run_id)


def is_of(tracking: Tracking, version: Registered, training: str) -> bool:
    """Tell whether a version holds the bundle of a training's last judgement; nothing is made or changed."""
    return version.tags.get(LOGGED) == logged_by(tracking, evaluated_in(tracking, training))


def promote(
    tracking: Tracking, version: str, *, by: str, why: str, chosen: bool = False, run: str = "", newest: str = ""
) -> Registered:
    """Make a version of `xray-champion` the champion and write down who decided it, and why.

    `chosen`: a person did; `run`: in this Dagster run; `newest`: the batch that was the newest then. The one that it
    displaces becomes `previous`.
    """
    held, client = version_with_alias(tracking, CHAMPION), tracking.client
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    record = {"at": now, "by": by, "why": why, "how": "chosen" if chosen else "by margin", "dagster_run": run}
    if held is not None and str(held.version) != version:
        _tag(tracking, held.version, DISPLACED, record)
        client.set_registered_model_alias(CHAMPION_MODEL, PREVIOUS, held.version)
        record["instead_of"] = str(held.version)
    _tag(tracking, version, PROMOTED, {**record, "newest_batch": newest})
    client.set_registered_model_alias(CHAMPION_MODEL, CHAMPION, version)
    for alias in (CHALLENGER, PREVIOUS):
        _remove_alias(tracking, alias, version)
    client.update_registered_model(CHAMPION_MODEL, description=ABOUT)
    return registered(client.get_model_version(CHAMPION_MODEL, version))


def refuse(tracking: Tracking, version: str, *, by: str, why: str, run: str = "") -> None:
    """Write down at a version of `xray-champion` that it does not become champion, and why."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    _tag(tracking, version, REFUSED, {"at": now, "by": by, "why": why, "dagster_run": run})


def set_challenger(tracking: Tracking, version: str) -> Registered:
    """Make a version of `xray-champion` the challenger; DataError where it is the champion."""
    held = version_with_alias(tracking, CHAMPION)
    if held is not None and str(held.version) == version:
        raise DataError(f"{CHAMPION_MODEL} version {version} is the champion, which cannot challenge itself")
    tracking.client.set_registered_model_alias(CHAMPION_MODEL, CHALLENGER, version)
    return registered(tracking.client.get_model_version(CHAMPION_MODEL, version))


def clear_challenger(tracking: Tracking) -> None:
    """Take the alias of the challenger away, where one has it."""
    if version_with_alias(tracking, CHALLENGER) is not None:
        tracking.client.delete_registered_model_alias(CHAMPION_MODEL, CHALLENGER)


def champion_versions(tracking: Tracking) -> list[Registered]:
    """Return all versions of `xray-champion` with their aliases, the newest first."""
    versions = [
        tracking.client.get_model_version(CHAMPION_MODEL, one.version) for one in versions_of(tracking, CHAMPION_MODEL)
    ]
    return [registered(one) for one in reversed(versions)]


def named(tracking: Tracking, name: str) -> Registered:
    """Return the version of `xray-champion` that a person means: by alias, number, or model (its newest version).

    Its bundle is found to be the one that was logged. Raises DataError for any other name, with those that there are.
    """
    found = _named(tracking, name.strip())
    if found is None:
        raise DataError(f"nothing to promote is called {name!r}; there are {', '.join(_choices(tracking))}")
    bundle_of(tracking, tracking.client.get_model_version(CHAMPION_MODEL, found.version))
    return found


def _named(tracking: Tracking, name: str) -> Registered | None:
    if name in (CHALLENGER, PREVIOUS, CHAMPION):
        held = version_with_alias(tracking, name)
        return registered(held) if held is not None else None
    if name.isdecimal():
        return next(
            (registered(one) for one in versions_of(tracking, CHAMPION_MODEL) if int(one.version) == int(name)), None
        )
    if name in model_names(tracking):
        newest = current_version(tracking, name)
        return _candidate(tracking, newest.tags[LOGGED], str(newest.run_id))
    return None


def _choices(tracking: Tracking) -> Iterator[str]:
    aliases = ((alias, version_with_alias(tracking, alias)) for alias in (CHALLENGER, PREVIOUS))
    yield from (f"{alias} ({registered(held).model}, version {held.version})" for alias, held in aliases if held)
    yield from (f"{one.version} ({registered(one).model})" for one in versions_of(tracking, CHAMPION_MODEL))
    yield from model_names(tracking) or ["no models yet: train and report them first (xray run)"]


def _candidate(tracking: Tracking, model_id: str, run_id: str) -> Registered:
    """Return the version of `xray-champion` of a logged model, told of as the version of its own name is."""
    model = tracking.client.get_logged_model(model_id).tags["xray.model"]
    same = [one for one in versions_of(tracking, f"{PREFIX}{model}") if one.tags.get(LOGGED) == model_id]
    tags, description = (same[-1].tags, same[-1].description or "") if same else ({}, "")
    made = version_of(tracking, CHAMPION_MODEL, model_id, run_id, tags, description)
    return registered(tracking.client.get_model_version(CHAMPION_MODEL, made.version))


def _tag(tracking: Tracking, version: str, what: str, record: dict[str, str]) -> None:
    for name, text in record.items():
        tracking.client.set_model_version_tag(CHAMPION_MODEL, version, f"{what}_{name}", text)


def _remove_alias(tracking: Tracking, alias: str, version: str) -> None:
    held: ModelVersion | None = version_with_alias(tracking, alias)
    if held is not None and str(held.version) == version:
        tracking.client.delete_registered_model_alias(CHAMPION_MODEL, alias)
