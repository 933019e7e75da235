"""Pages: where the Dagster UI opens what the store holds for reading, as addresses below its own."""

from pathlib import Path

from xray_platform.tables.places import Places

REPORTS = "/store/reports"
DOCS = "/store/docs"


def report_address(places: Places, page: Path) -> str:
    """Return the address of a page below `data/reports`: relative, so that it holds for any host and port."""
    return f"{REPORTS}/{page.relative_to(places.reports).as_posix()}"


def docs_address(page: str = "") -> str:
    """Return the address of the Data Docs, or of one of their pages."""
    return f"{DOCS}/{page}"
