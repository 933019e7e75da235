"""`xray backup`: copy the store into a folder, as often as wanted."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xray_platform.cli.screen import bar, complain, say, visible
from xray_platform.cli.session import existing_store, opened_store
from xray_platform.errors import InputError, MachineError

if TYPE_CHECKING:
    from xray_platform.dicom.pseudonym import PseudonymKey
    from xray_platform.tables.places import Places


def backup(
    folder: Annotated[Path, typer.Argument(metavar="DEST", help="a new or empty folder, or an earlier backup")],
    with_derived: Annotated[
        bool,
        typer.Option("--with-derived", help="also standard images, tensors and patches, which `xray run` makes anew"),
    ] = False,
    key_to: Annotated[
        Path | None, typer.Option(help="write the pseudonym key, which no backup holds, to this new file apart from it")
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="then remove the earlier snapshots, and what they alone hold")
    ] = False,
) -> None:
    """Back the store up: raw files, journal, plans, tables, models, reports, MLflow, Dagster's memory, settings.

    Only what is not in DEST yet is copied; every file lies there once, by the digest of its bytes. The raw zone is in
    it, and so is identity: keep it as you keep the store. The pseudonym key is not: without it a restored store cannot
    be signed, nor joined with new images. Refused while a run is under way.
    """
    existing_store()
    with opened_store(least_free_bytes=0) as store:
        # Dagster and pydicom take a second to import
        from xray_platform.defs.forget import last_run, run_under_way
        from xray_platform.dicom.intake.forget import tombstones
        from xray_platform.dicom.pseudonym import load_key
        from xray_platform.keeping.backup import back_up, keep_forgotten
        from xray_platform.keeping.backup import prune as remove_earlier
        from xray_platform.keeping.person import unfinished

        key = load_key(outside=[store.places.root])
        if key_to is not None:
            _write_key(key, key_to, folder, store.places)
        if unfinished(store.places):
            raise MachineError("an erasure is not done; finish it first: `xray forget --finish`")
        began = last_run(store)
        if running := run_under_way(store):
            raise MachineError(f"run {running} is under way; back up when it is over")
        with bar("backing up") as progress:
            made = back_up(store.places, folder, key.id, with_derived=with_derived, progress=progress)
        keep_forgotten(folder, tombstones(store.places))
        if last_run(store) != began:
            raise MachineError("a run began meanwhile, so the backup may hold halves; `xray backup` once more")
    say(
        f"Snapshot {made.snapshot}: {made.files:,} files, {made.size_bytes / 1e6:,.1f} MB; of these {made.copied:,} "
        f"files, {made.copied_bytes / 1e6:,.1f} MB, were not there yet."
    )
    if prune:
        snapshots, files = remove_earlier(folder)
        say(f"{snapshots} earlier snapshots are gone, and {files:,} files that they alone held.")
    if key_to is None:
        complain(f"the pseudonym key {key.id} is not in the backup; keep a copy of it elsewhere (--key-to FILE)")


def _write_key(key: "PseudonymKey", path: Path, folder: Path, places: "Places") -> None:
    """Write the key for its owner alone; InputError in the backup, in the store, or over another file."""
    for held in (folder.resolve(), places.data.resolve(), places.mlruns.resolve()):
        if held == path.resolve() or held in path.resolve().parents:
            raise InputError(f"{path} lies with the data ({held}); who takes the data must not take the key along")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InputError(f"cannot write the key to {visible(str(path))}: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key.secret.hex() + "\n")
    say(f"The pseudonym key {key.id} is in {visible(str(path))}; keep it apart from the backup.")
