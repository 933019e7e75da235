"""Webserver: Dagster's own, and beside it the reports and Data Docs of the store, which links of its pages open."""

import sys
from pathlib import Path
from typing import Any

import dagster_webserver.app
from dagster_webserver.cli import main
from dagster_webserver.webserver import DagsterWebserver
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from xray_platform.defs.pages import DOCS, REPORTS
from xray_platform.defs.store import root_folder
from xray_platform.tables.places import Places


class StoreWebserver(DagsterWebserver[Any, Any]):
    """Dagster's webserver with two more folders to read: `data/reports` and the Data Docs. Neither holds identity."""

    def build_routes(self) -> list[BaseRoute]:
        """Return the routes; those of the store come first, since Dagster answers any other address with its page."""
        places = Places(root_folder())
        served = ((REPORTS, places.reports), (DOCS, places.docs))
        return [*(_folder(address, folder) for address, folder in served), *super().build_routes()]  # type: ignore[no-untyped-call]


def _folder(address: str, folder: Path) -> Mount:
    return Mount(address, StaticFiles(directory=folder, html=True, check_dir=False))


if __name__ == "__main__":
    vars(dagster_webserver.app)["DagsterWebserver"] = StoreWebserver  # its command has no option for more routes
    sys.exit(main())  # type: ignore[no-untyped-call]
