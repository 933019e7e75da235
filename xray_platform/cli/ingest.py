"""`xray ingest`: take pictures into the store."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xray_platform.cli.run import materialise
from xray_platform.cli.screen import OUT, say, show
from xray_platform.cli.session import opened_store
from xray_platform.tables.all import CATALOGUE, QUALITY

if TYPE_CHECKING:
    from xray_platform.defs.headless import Headless
    from xray_platform.dicom.label_file import LabelOptions

SHOWN = 20
ORDER = ("pass", "warn", "quarantine", "reject")
DECISIONS = ("accepted", "accepted", "quarantined", "rejected")


def ingest(
    path: Annotated[Path, typer.Argument(help="a folder, a zip archive, or one file: DICOM, JPEG or PNG")],
    labels: Annotated[
        Path | None,
        typer.Option(
            help="CSV: file,label[,subject,split,…], or a metadata.csv with PatientID, DicomPath, Abnormal, …"
        ),
    ] = None,
    file_column: Annotated[str, typer.Option(help="column that names the file")] = "file",
    label_column: Annotated[str, typer.Option(help="column with the label")] = "label",
    normal: Annotated[
        list[str] | None, typer.Option(help="label that means normal, may be repeated; all others are abnormal")
    ] = None,
    subject_column: Annotated[
        str | None, typer.Option(help="column that names the subject [default: subject, if there]")
    ] = None,
    split_column: Annotated[
        str | None, typer.Option(help="column with train, val or test [default: split, if there]")
    ] = None,
) -> None:
    """Take pictures in: keep their bytes, judge their quality, de-identify them, prepare their tensors.

    Files that are already in the store are left alone. `xray run` then trains the models.
    """
    options = None
    if labels is not None:
        from xray_platform.dicom.label_file import LabelOptions  # pydicom and OpenCV take a second to import

        given = {"normal": tuple(normal)} if normal else {}
        options = LabelOptions(
            labels, file_column, label_column, subject_column=subject_column, split_column=split_column, **given
        )
    with opened_store() as store:
        take_in(store, path, options)


def take_in(store: "Headless", path: Path, labels: "LabelOptions | None", origin: str = "archive") -> None:
    """Open batches for what is new at `path`, make everything that goes by batch, and show what was found."""
    from xray_platform.dicom.plan import plan_batches  # see above

    new = plan_batches(store.places, path, labels, origin=origin)  # type: ignore[arg-type]
    if not new:
        say(f"Nothing new in {path}.")
    else:
        say(f"{sum(len(plan.files) for plan in new)} files in {len(new)} batches of up to 1,000")
    keys = [key for key, spec in store.graph.specs.items() if spec.group_name in ("archive", "imaging")]
    materialise(store, keys, quiet=not new)
    for plan in new:
        _show(store, plan.batch)


def _show(store: "Headless", batch: str) -> None:
    """Show the decisions on a batch, and the files that were not accepted, by their names in the source."""
    catalogue = CATALOGUE.read(store.places, batch)
    parts = [QUALITY.read(store.places, part) for part in (batch, f"{batch}-publish")]
    findings: list[dict[Any, Any]] = [row for part in parts for row in part.to_dict("records")]
    worst: dict[str, int] = {}
    for row in findings:
        worst[row["sha256"]] = max(worst.get(row["sha256"], 0), ORDER.index(row["severity"]))
    decisions = [DECISIONS[worst[sha256]] if sha256 in worst else "not judged" for sha256 in catalogue["sha256"]]
    counts = [*sorted(Counter(decisions).items()), *sorted(Counter(catalogue["intake"]).items())]
    OUT.print(f"{batch}: " + ", ".join(f"{number} {word}" for word, number in counts))
    rows = [
        [str(file["relative"]), decision, str(file["reason"]) or _why(findings, file["sha256"])]
        for file, decision in zip(catalogue.to_dict("records"), decisions, strict=True)
        if decision != "accepted"
    ]
    if rows:
        more = f" (the first {SHOWN} of {len(rows)}; data/processed/rejected has all)" if len(rows) > SHOWN else ""
        show(f"Not accepted{more}", ["file", "decision", "why"], rows[:SHOWN])


def _why(findings: list[dict[Any, Any]], sha256: str) -> str:
    reasons = [row for row in findings if row["sha256"] == sha256 and row["severity"] in ("quarantine", "reject")]
    return "; ".join(f"{row['rule']} {row['evidence']}" for row in reasons)
