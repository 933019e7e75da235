"""`xray report`: the report about the data alone."""

from xray_platform.cli.run import materialise
from xray_platform.cli.screen import OUT
from xray_platform.cli.session import existing_store, opened_store
from xray_platform.errors import DataError

STEPS = "labels,splits,data_report"


def report() -> None:
    """Make the report about the data alone: what came in, what was left out and why, what the pictures are.

    It needs no model and no label. What is done is not done again; `xray run` makes it too.
    """
    existing_store()
    with opened_store() as store:
        if not store.batches():
            raise DataError(f"{store.places.root} holds no images yet; bring some: `xray ingest PATH` or `xray demo`")
        materialise(store, store.select([], STEPS))
        OUT.print(f"data: {store.places.reports / 'data' / 'report.html'}", soft_wrap=True)
