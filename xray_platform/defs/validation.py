"""Validation: run a suite on a de-identified frame with Great Expectations and keep its Data Docs, without values."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from xray_platform.defs.data_docs import DocsRow, first_page, publish
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
    result = _run(suite, view_of(frame, suite.view), part)
    outcomes = result.results
    failures = tuple(_line(outcome) for outcome in outcomes if not outcome.success)
    page = publish(
        places,
        DocsRow(
            table=suite.table.name,
            suite=suite.name,
            part=part,
            passed=bool(result.success),
            checked=len(outcomes),
            failed=len(failures),
            when=datetime.now(UTC).isoformat(timespec="microseconds"),
        ),
        _rendered(result),
    )
    return Validation(bool(result.success), len(outcomes), failures, first_page(places), docs_address(page))


def _run(suite: Suite, frame: pd.DataFrame, part: str) -> Any:
    """Return what Great Expectations found, in a context of its own: one that stays slows down with each validation."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx  # takes 3 s: paid once a process, only where something is validated

    context: Any = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas(f"{suite.title}.{part}").add_dataframe_asset(suite.view)
    batch = asset.add_batch_definition_whole_dataframe(part).get_batch({"dataframe": frame})
    expectations = [_expectation(**expectation) for expectation in suite.expectations]
    result = batch.validate(gx.ExpectationSuite(name=suite.title, expectations=expectations), result_format=COUNTS)
    run = {"run_name": part, "run_time": datetime.now(UTC).isoformat(timespec="seconds")}
    result.meta |= {"run_id": run, "batch_kwargs": {"data_asset_name": f"{suite.table.name}, {suite.view}"}}
    return result


def _rendered(result: Any) -> str:
    """Return the page of Great Expectations about a validation."""
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer  # see _run
    from great_expectations.render.view.view import DefaultJinjaPageView

    content, view = ValidationResultsPageRenderer(run_info_at_end=True), DefaultJinjaPageView()
    return str(view.render(content.render(result)))  # type: ignore[no-untyped-call]


def _expectation(kind: str, **arguments: Any) -> Any:
    import great_expectations.expectations as gxe  # see _run

    return getattr(gxe, kind)(**arguments)


def _line(outcome: Any) -> str:
    settings = {key: value for key, value in outcome.expectation_config.kwargs.items() if key != "batch_id"}
    found = outcome.result.get("unexpected_count")
    broken = "raised_exception" in str(outcome.exception_info) and outcome.exception_info.get("raised_exception")
    told = "could not be looked at" if broken else "not so" if found is None else f"{found} values fail"
    return f"{outcome.expectation_config.type} {settings}: {told}"
