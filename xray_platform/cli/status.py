"""`xray status`: what the store holds, and what is pending."""

from xray_platform.cli.results import show_results
from xray_platform.cli.screen import OUT, say, show
from xray_platform.cli.session import opened_store


def status() -> None:
    """Show batches, pictures and models of the store, and what `xray run` would do."""
    from xray_platform.tables.all import ALL  # pandas takes a second to import

    with opened_store() as store:
        OUT.print(f"store: {store.places.root}")
        batches = store.batches()
        if not batches:
            say("It holds no pictures yet; bring some with `xray ingest PATH`, or try `xray demo`.")
            return
        rows = [[table.name, str(len(table.read(store.places))), table.description] for table in ALL if not table.raw]
        show(f"Tables of {len(batches)} batches", ["table", "rows", "what"], rows)
        pending = store.pending()
        OUT.print("pending: " + (", ".join(pending) if pending else "nothing, everything is up to date"))
        show_results(store.places)
