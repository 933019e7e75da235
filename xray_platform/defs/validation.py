"""Validation: run a suite on a de-identified frame with Great Expectations and keep its Data Docs, without values."""

import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pandas as pd
from filelock import FileLock

from xray_platform.defs.data_docs import DocsRow, first_page, pages, publish
from xray_platform.defs.expectations import Suite, view_of
from xray_platform.defs.pages import docs_address
from xray_platform.errors import StoreError
from xray_platform.tables.places import Places

COUNTS = {
    "result_format": "BASIC",
    "exclude_unexpected_values": True,
    "include_unexpected_rows": False,
    "partial_unexpected_count": 0,
    "return_unexpected_index_query": False,
}
"""How Great Expectations says what it found: how many values failed, and none of them."""


@dataclass(frozen=True)
class Validation:
    """What a suite found: a line for each expectation that failed, how often, and where it is read.

    `page` is the first of the Data Docs, `address` that of this validation in the Dagster UI.
    """

    passed: bool
    checked: int
    failures: tuple[str, ...]
    page: Path
    address: str


def validate(places: Places, suite: Suite, frame: pd.DataFrame, part: str) -> Validation:
    """Validate a frame, write its page in the Data Docs, and say what failed.

    Values that fail are counted and nowhere shown or kept: what is wrong with one may be that it names a person, and
    pages and databases remember. Raises StoreError for a table of the raw zone: only de-identified ones are validated.
    """
    if suite.table.raw:
        raise StoreError(f"the table {suite.table.name} holds identity; only de-identified tables are validated")
    places.docs.mkdir(parents=True, exist_ok=True)
    with FileLock(places.docs / ".lock"):
        _forget_earlier(places.docs)
        context = _context(places.docs)
        result = _run(context, suite, view_of(frame, suite.view), part)
        outcomes = [outcome for run in result.run_results.values() for outcome in run.results]
        failures = tuple(_line(outcome) for outcome in outcomes if not outcome.success)
        page = _page(context, result).relative_to(pages(places).resolve()).as_posix()
        publish(
            places,
            DocsRow(
                table=suite.table.name,
                suite=suite.name,
                part=part,
                passed=bool(result.success),
                checked=len(outcomes),
                failed=len(failures),
                when=datetime.now(UTC).isoformat(timespec="seconds"),
                page=page,
            ),
        )
    return Validation(bool(result.success), len(outcomes), failures, first_page(places), docs_address(page))


def _forget_earlier(folder: Path) -> None:
    """Take away the pages of earlier versions, which showed values that had failed, or fetched from elsewhere."""
    mark = folder / "offline-without-values"
    if not mark.exists():
        shutil.rmtree(folder / "gx", ignore_errors=True)
        mark.touch()


def _context(folder: Path) -> Any:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx  # takes 3 s: paid once a process, only where something is validated

    context: Any = gx.get_context(mode="file", project_root_dir=str(folder))
    context.variables.progress_bars = {"globally": False}
    return context


def _run(context: Any, suite: Suite, frame: pd.DataFrame, part: str) -> Any:
    import great_expectations as gx  # see _context

    source = context.data_sources.add_or_update_pandas(f"{suite.title}.{part}")
    batch = source.add_dataframe_asset(suite.view).add_batch_definition_whole_dataframe(part)
    expectations = [_expectation(**expectation) for expectation in suite.expectations]
    suites = context.suites.add_or_update(gx.ExpectationSuite(name=suite.title, expectations=expectations))
    name = f"{suite.title}.{part}"
    definition = gx.ValidationDefinition(name=name, data=batch, suite=suites)
    checkpoint = gx.Checkpoint(
        name=name,
        validation_definitions=[context.validation_definitions.add_or_update(definition)],
        actions=[gx.checkpoint.actions.UpdateDataDocsAction(name="data docs")],
        result_format=COUNTS,
    )
    return context.checkpoints.add_or_update(checkpoint).run(batch_parameters={"dataframe": frame})


def _page(context: Any, result: Any) -> Path:
    """Return the page that this validation has written."""
    (identifier,) = result.run_results
    (site,) = context.get_docs_sites_urls(resource_identifier=identifier)
    return Path(unquote(urlsplit(site["site_url"]).path)).resolve()


def _expectation(kind: str, **arguments: Any) -> Any:
    import great_expectations.expectations as gxe  # see _context

    return getattr(gxe, kind)(**arguments)


def _line(outcome: Any) -> str:
    settings = {key: value for key, value in outcome.expectation_config.kwargs.items() if key != "batch_id"}
    found = outcome.result.get("unexpected_count")
    broken = "raised_exception" in str(outcome.exception_info) and outcome.exception_info.get("raised_exception")
    told = "could not be looked at" if broken else "not so" if found is None else f"{found} values fail"
    return f"{outcome.expectation_config.type} {settings}: {told}"
