"""Registry file: which bundle a model's name means, read from the embedded registry's SQLite file in milliseconds.

MLflow takes two seconds of processor time to import, and judging one picture needs two of its texts: where the bundle
lies, and the digest that vouches for it. Whatever is not as MLflow of today leaves it is answered with None, and MLflow
itself is asked (`registry.model_bundle`), which also knows what to say.
"""

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

from xray_platform.tables.places import Places
from xray_platform.tracking.names import (
    ARTIFACT,
    BUNDLE,
    CHAMPION,
    CHAMPION_MODEL,
    CURRENT,
    DATABASE,
    EXPERIMENT,
    LOGGED,
    PREFIX,
)

WAIT_SECONDS = 10
_OF_ALIAS = """
SELECT version FROM registered_model_aliases WHERE name = ? AND alias = ? AND workspace = 'default'
"""
_NEWEST = """
SELECT max(version) FROM model_versions
WHERE name = ? AND workspace = 'default' AND current_stage <> 'Deleted_Internal'
"""
# where a version lies, with the digests that it and its logged model hold
_VERSION = """
SELECT v.source, t.value, g.tag_value, v.version
FROM model_versions v
JOIN model_version_tags m ON m.name = v.name AND m.version = v.version AND m.workspace = v.workspace AND m.key = :logged
JOIN logged_models l ON l.model_id = m.value AND l.lifecycle_stage = 'active'
JOIN logged_model_tags g ON g.model_id = m.value AND g.tag_key = :bundle
LEFT JOIN model_version_tags t
  ON t.name = v.name AND t.version = v.version AND t.workspace = v.workspace AND t.key = :bundle
WHERE v.name = :name AND v.version = :version AND v.workspace = 'default' AND v.current_stage <> 'Deleted_Internal'
"""
_PLACE = "SELECT artifact_location FROM experiments WHERE name = ? AND workspace = 'default'"


@dataclass(frozen=True)
class BundleLocation:
    """Where a bundle lies, the id that MLflow's database holds of it, and the version of the registered model."""

    folder: Path
    id: str
    version: str = ""


def registered_bundle(places: Places, name: str) -> BundleLocation | None:
    """Return the bundle of the champion, or of a model's current or else newest version; None: MLflow must be asked.

    That is where a server keeps the registry, the root was moved, the database is of another form, or there is no such
    model. Nothing is written.
    """
    database = places.mlruns.resolve() / DATABASE
    if os.environ.get("MLFLOW_TRACKING_URI") or not database.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=WAIT_SECONDS)) as connection:
            found = connection.execute(_PLACE, (EXPERIMENT,)).fetchall()
            if found != [((database.parent / "artifacts").as_uri(),)]:
                return None
            return _vouched(_rows(connection, name))
    except sqlite3.Error:
        return None


def _rows(connection: sqlite3.Connection, name: str) -> list[tuple[str, str | None, str, int]]:
    registered, alias = (CHAMPION_MODEL, CHAMPION) if name == CHAMPION else (f"{PREFIX}{name}", CURRENT)
    versions = connection.execute(_OF_ALIAS, (registered, alias)).fetchall()
    if not versions and registered != CHAMPION_MODEL:
        versions = connection.execute(_NEWEST, (registered,)).fetchall()
    if len(versions) != 1:
        return []
    wanted = {"logged": LOGGED, "bundle": BUNDLE, "name": registered, "version": versions[0][0]}
    return connection.execute(_VERSION, wanted).fetchall()


def _vouched(rows: list[tuple[str, str | None, str, int]]) -> BundleLocation | None:
    if len(rows) != 1:
        return None
    source, of_version, held, version = rows[0]
    address = urlparse(source)
    if address.scheme != "file" or not held or of_version not in (None, held):
        return None
    return BundleLocation(Path(url2pathname(address.path)) / "artifacts" / ARTIFACT, held, str(version))
