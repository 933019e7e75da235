"""`xray restore-store`: make a store from a backup, and verify every byte of it."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xray_platform.cli.screen import bar, complain, say
from xray_platform.cli.session import opened_store, places
from xray_platform.errors import InputError, StoreError

if TYPE_CHECKING:
    from xray_platform.defs.local_runner import LocalRunner


def restore_store(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="a folder that `xray backup` has made")],
    key: Annotated[
        Path | None, typer.Option(help="file with the pseudonym key [default: the one of this machine]")
    ] = None,
    snapshot: Annotated[str | None, typer.Option(help="name of a snapshot [default: the newest]")] = None,
    forgotten: Annotated[
        list[Path] | None,
        typer.Option(help="a store, a backup or its forgotten.json whose forgotten people go from this one too"),
    ] = None,
) -> None:
    """Bring a store back from a backup into the empty --root, and verify every byte.

    Nothing is written where the backup lacks anything. People who were forgotten after the snapshot was made are
    forgotten again: those that the backup knows of, and those of each --forgotten. Ends with 1 where anything is not as
    it was.
    """
    # Dagster and pydicom take a second to import
    from xray_platform.dicom.pseudonym import FILE_VARIABLE, KEY_VARIABLE, known_key
    from xray_platform.keeping.backup import forgotten_in
    from xray_platform.keeping.bring_back import bring_back
    from xray_platform.keeping.snapshot import read_snapshot

    kept = read_snapshot(source, snapshot)
    if key is not None:
        os.environ.pop(KEY_VARIABLE, None)
        os.environ[FILE_VARIABLE] = str(key.expanduser().resolve())
    store = places()
    secret = known_key(outside=[store.root, source])
    if secret is None or secret.id != kept.key:
        here = f"this is {secret.id}" if secret else "this machine has none"
        raise InputError(f"the store was signed with the pseudonym key {kept.key}, {here}; give it with --key FILE")
    gone = dict(forgotten_in(source))
    for other in forgotten or ():
        gone |= _tombstones(other)
    with bar("bringing back") as progress:
        bring_back(source, kept, store.root, progress)
    say(f"{len(kept.files):,} files are back in {store.root}, as of {kept.made_at}.")
    with opened_store(least_free_bytes=0) as opened:
        _forget(opened, gone)
        faults = _verify(opened)
    if not kept.with_derived:
        say("Standard images, tensors and patches are not in this backup; `xray run` makes them anew.")
    if key is not None:
        say(f"Keep using that key: set {FILE_VARIABLE}={key}, or copy it to where the key of this machine lies.")
    if faults:
        raise typer.Exit(1)


def _tombstones(other: Path) -> dict[str, str]:
    """Return what a store, a backup or a list has of the forgotten; InputError where it is none of them."""
    from xray_platform.dicom.intake.forget import tombstones  # see above
    from xray_platform.keeping.backup import forgotten_in
    from xray_platform.tables.places import Places

    if (other / "data" / "raw").is_dir():
        return tombstones(Places(other))
    found = forgotten_in(other)
    if not found and not other.is_file():
        raise InputError(f"{other} is no store, and lists nobody who was forgotten")
    return found


def _forget(store: "LocalRunner", gone: dict[str, str]) -> None:
    """Forget those who are back though they were forgotten. Raises StoreError where anything of them is left."""
    from xray_platform.defs.forget import forget, whom_to_forget  # see above
    from xray_platform.dicom.pseudonym import load_key
    from xray_platform.keeping.bring_back import forgotten_subjects

    key = load_key(outside=[store.places.root])
    subjects = list(forgotten_subjects(store.places, gone, key)) if gone else []
    for subject in subjects:
        person = whom_to_forget(store, subject)
        if person is not None and forget(store, person).left:
            raise StoreError("somebody who was forgotten is back, in part; look at `xray forget --finish`")
    if subjects:
        say(f"{len(subjects)} people who were forgotten since the snapshot are forgotten again.")


def _verify(store: "LocalRunner") -> int:
    """Show what is not as it was, and return how much; what `xray run` makes anew is counted apart."""
    from xray_platform.defs.verify import verify_store  # see above
    from xray_platform.keeping.backup import is_derived

    with bar("verifying") as progress:
        zones = verify_store(store, deep=True, progress=progress)
    faults = [fault for zone in zones for fault in zone.faults]
    left_out = [fault for fault in faults if fault.kind == "missing" and is_derived(fault.where)]
    for fault in faults:
        if fault not in left_out:
            complain(fault.line)
    count = len(faults) - len(left_out)
    say(f"{count} faults." if count else "The store is whole.")
    return count
