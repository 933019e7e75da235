"""`xray verify`: hold all zones of the store against what is recorded of them."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from xray_platform.cli.screen import OUT, bar, say, show, visible
from xray_platform.cli.session import existing_store, opened_store

if TYPE_CHECKING:
    from xray_platform.defs.verify import Zone
    from xray_platform.dicom.intake.history import RecordedHead
    from xray_platform.tables.places import Places


def verify(
    deep: Annotated[bool, typer.Option("--deep", help="read and compare every byte, of the raw archive too")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="sign journal and plans as they are now, whatever was changed in them")
    ] = False,
) -> None:
    """Hold every file of the store against its record: presence and size, with --deep every byte; 1 on a fault.

    Without --deep only files that were written to since are read. Nothing is changed: `xray run` makes anew what is
    missing or damaged, `xray run --deep` also what only --deep finds. Raw files come back from a copy alone. Journal
    and plans are held against their signatures, bundles against the digests in MLflow's database. Of a store in object
    storage each object is looked for too, and --deep fetches all raw files.
    """
    existing_store()
    with opened_store(least_free_bytes=0) as store, bar("verifying") as progress:
        # OpenCV and Dagster take a second to import
        from xray_platform.defs.verify import verify_objects, verify_store
        from xray_platform.dicom.intake.accept import accept as sign
        from xray_platform.dicom.intake.history import is_anchored

        recorded = _recorded(store.places)
        if accept:
            sign(store.places, recorded)
            say("Journal and plans are signed as they are now.")
        objects = verify_objects(store.places, deep=deep, progress=progress)
        zones = verify_store(store, deep=deep, recorded=recorded, progress=progress) + objects
        anchored = is_anchored(store.places)
    if as_json:
        OUT.print(json.dumps(_as_json(zones, deep)), soft_wrap=True, markup=False)
    else:
        _show(zones, deep)
    if not anchored:
        say("Journal and plans are not signed yet (an older version wrote them); the next `xray ingest` signs them.")
    if any(zone.faults for zone in zones):
        raise typer.Exit(1)


def _recorded(store: "Places") -> "tuple[RecordedHead, ...]":
    """Return what Dagster recorded of the journal; where it cannot be read, that is said and the seals must do."""
    from xray_platform.defs.recorded_head import recorded_heads  # see above

    try:
        return recorded_heads(store)
    except Exception as error:  # noqa: BLE001 - a database of which Dagster can make nothing raises whatever it likes
        say(f"Dagster's records of the journal cannot be read ({type(error).__name__}); its seals are checked alone.")
        return ()


def _show(zones: "list[Zone]", deep: bool) -> None:
    rows = [
        [zone.name, f"{zone.files:,}", f"{zone.size_bytes / 1e6:,.1f}", str(len(zone.faults) or "–")] for zone in zones
    ]
    show("Every byte" if deep else "Presence and size", ["zone", "files", "MB", "faults"], rows)
    for zone in zones:
        for fault in zone.faults:
            OUT.print(visible(fault.line), soft_wrap=True, markup=False)
    faults = sum(len(zone.faults) for zone in zones)
    say(f"{faults} faults; `xray run --deep` makes anew what was made here." if faults else "The store is whole.")


def _as_json(zones: "list[Zone]", deep: bool) -> dict[str, object]:
    return {
        "deep": deep,
        "zones": [{"zone": zone.name, "files": zone.files, "bytes": zone.size_bytes} for zone in zones],
        "faults": [{"zone": zone.name, **vars(fault)} for zone in zones for fault in zone.faults],
    }
