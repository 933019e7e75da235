"""`xray forget`: erase a person from the whole store, and prove it by a search."""

import os
import sys
from getpass import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from xray_platform.cli.screen import OUT, bar, complain, say, show, visible
from xray_platform.cli.session import existing_store, opened_store
from xray_platform.errors import DataError, InputError

if TYPE_CHECKING:
    from xray_platform.keeping.person import Person
    from xray_platform.keeping.proof import Searched
    from xray_platform.tables.places import Places

SHOWN = 50
AGAIN = "remove what was found and run `xray forget --finish`"


def forget(
    subject: Annotated[
        str | None, typer.Argument(help="the subject's pseudonym as the tables have it: sub- and 16 digits")
    ] = None,
    identity: Annotated[
        bool,
        typer.Option(
            "--identity",
            help="read the patient ID from standard input instead, and on a second line who issued it, if anybody did",
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what would go, and change nothing")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    finish: Annotated[bool, typer.Option("--finish", help="go on with an erasure that was cut off")] = False,
) -> None:
    """Erase a person: raw files, published ones, arrays, rows, reports, references, logs; then search for the rest.

    A tombstone stays in the journal: how many files, when, by whom, and digests that tell nobody without the key. The
    same bytes are not taken in again. Models keep what they learnt: those that had the person in their data are listed.
    Backups and files outside of the store are not reached. Ends with 1 where anything is left.
    """
    existing_store()
    if sum((subject is not None, identity, finish)) != 1:
        raise InputError("whom? give a subject, or --identity and the patient ID on standard input, or --finish")
    with opened_store(least_free_bytes=0) as store:
        # OpenCV and Dagster take a second to import
        from xray_platform.defs.forget import forget as erase
        from xray_platform.defs.forget import whom_to_forget
        from xray_platform.keeping.find_person import still_outside
        from xray_platform.keeping.person import unfinished

        person = unfinished(store.places)
        if finish and person is None:
            raise DataError("no erasure is unfinished")
        if not finish and person is not None:
            raise DataError("an erasure was cut off; go on with it first: `xray forget --finish`")
        if person is None:
            wanted = _subject(store.places) if identity else str(subject)
            with bar("looking") as progress:
                person = whom_to_forget(store, wanted, progress)
        if person is None:
            raise DataError("the store holds nothing of this subject")
        _show(person)
        if dry_run:
            return
        if not finish and not yes and not typer.confirm("Erase all of it? It cannot be brought back"):
            raise typer.Exit(1)
        with bar("erasing") as progress:
            searched = erase(store, person, progress)
        outside = still_outside(store.places, person)
    _tell(person, searched)
    _tell_elsewhere(store.places)
    for folder, count in outside.items():
        say(f"{count} of the files are still where they came from, outside of the store: in {visible(folder)}")
    if searched.left:
        raise typer.Exit(1)


def _tell_elsewhere(places: "Places") -> None:
    """Say which databases do not lie in the store, and so were neither changed nor searched."""
    from xray_platform.defs.instance import is_embedded  # see above

    if not is_embedded(places.root):
        complain("Dagster's database lies elsewhere (dagster.yaml): its event log may name the person still")
    if os.environ.get("MLFLOW_TRACKING_URI"):
        complain("MLflow's server (MLFLOW_TRACKING_URI) was not searched: its copies of reports and bundles stay")


def _subject(places: "Places") -> str:
    """Return the pseudonym of the patient whose ID stands on standard input; nothing of it is shown."""
    from xray_platform.dicom.pseudonym import load_key  # see above

    if sys.stdin.isatty():
        patient, issuer = getpass("Patient ID (not shown): "), getpass("Issued by (empty if nobody): ")
    else:
        patient, issuer = sys.stdin.readline(), sys.stdin.readline()
    if not patient.strip():
        raise InputError("there is no patient ID on standard input")
    return load_key(outside=[places.root]).subject(patient, issuer)


def _show(person: "Person") -> None:
    rows = [
        ["raw files", f"{len(person.hashes):,}"],
        ["of these the same pixels under another name", f"{person.duplicates:,}"],
        ["of these lists of several people (DICOMDIR)", f"{person.listings:,}"],
        ["published files", f"{len(person.published):,}"],
        ["batches they came in", f"{len(person.batches):,}"],
    ]
    show("What is found of this person", ["what", "number"], rows)
    if person.learnt:
        rows = [
            [one.model, one.run, ", ".join(one.versions) or "–", "champion" if one.champion else "", one.part]
            for one in person.learnt
        ]
        show("Models that had the person in their data", ["model", "run", "version", "", "part"], rows)
        say(
            "What these models learnt cannot be taken out of them: retire those of `train` and `val`, and train anew "
            "(`xray run`). Their reports are removed and made anew with them."
        )


def _tell(person: "Person", searched: "Searched") -> None:
    say(
        f"Searched {searched.files:,} files ({searched.size_bytes / 1e6:,.1f} MB with what they hold packed) and "
        f"{searched.arrays:,} arrays of pixels for {len(person.digits) + len(person.marks)} digests, pseudonyms, UIDs "
        f"and paths, {len(person.numbers)} numbers, {len(person.names)} names with {len(person.words)} words and "
        f"{len(person.arrays)} digests of pixels."
    )
    for trace in searched.traces[:SHOWN]:
        word = "left" if trace.sure else "perhaps"
        OUT.print(visible(f"{word}: {trace.where}: {trace.what}"), soft_wrap=True, markup=False)
    if searched.left:
        say(f"{len(searched.left)} places still speak of the person; {AGAIN}.")
        return
    say(f"Nothing is left. Tombstone {person.tombstone}: {len(person.hashes)} files.")
    say("`xray run` makes anew what is stale: labels, splits, models, reports.")
    say("Backups that were made before still hold the person: see `xray restore-store --forgotten`.")
