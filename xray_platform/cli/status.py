"""`xray status`: what the store holds, and what is pending."""

from xray_platform.cli.screen import OUT, say, show, warn
from xray_platform.cli.session import read_store
from xray_platform.object_store.cache import shown, url_of


def status() -> None:
    """Show batches, images and models of the store, and what `xray run` would do; nothing is changed.

    Batches that failed or were never run are named.
    """
    # pandas and Dagster take a second to import
    from xray_platform.cli.results import show_results

    with read_store() as store:
        from xray_platform.defs.batch_states import describe, unfinished
        from xray_platform.tables.all import ALL

        root = store.places.root
        OUT.print(f"store: {shown(root)}" + (f"\ncopy:  {root}" if url_of(root) else ""), soft_wrap=True)
        batches = store.batches()
        if not batches:
            say("It holds no images yet; bring some with `xray ingest PATH`, or try `xray demo`.")
            return
        rows = [[table.name, str(table.count(store.places)), table.description] for table in ALL if not table.raw]
        show(f"Tables of {len(batches)} batches", ["table", "rows", "what"], rows)
        for line in describe(unfinished(store)):
            warn(line)
        pending = store.pending()
        OUT.print("pending: " + (", ".join(pending) if pending else "nothing, everything is up to date"))
        show_results(store.places)
