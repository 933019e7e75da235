"""`xray ingest`: take images into the store."""

import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from xray_platform.cli.demo_settings import remove_demo_settings
from xray_platform.cli.run import materialise
from xray_platform.cli.screen import OUT, complain, say, show, visible
from xray_platform.cli.session import opened_store, places
from xray_platform.errors import InputError
from xray_platform.tables.places import Places
from xray_platform.tables.severity import HELD_BACK, Severity, decide

if TYPE_CHECKING:
    from xray_platform.defs.local_runner import LocalRunner
    from xray_platform.dicom.intake.label_file import LabelOptions

SHOWN = 20
WHY_REFUSED = {
    "no image": "their file is no image that was accepted",
    "no number": "x, y, width or height is no number",
    "no area": "width or height is not above 0",
    "outside": "they reach out of their image (x and y count pixels of the file, from its upper left corner)",
    "no finding": "they name no finding",
    "held back": "their finding is held back",
}
DECIDED = {"accept": "accepted", "quarantine": "quarantined", "reject": "rejected"}


def ingest(
    path: Annotated[Path, typer.Argument(help="a folder, a zip archive, or one file: DICOM, JPEG or PNG")],
    labels: Annotated[
        Path | None,
        typer.Option(
            help="CSV: file,label[,subject,split,…], or a metadata.csv with PatientID, DicomPath, Abnormal, …"
        ),
    ] = None,
    boxes: Annotated[
        Path | None,
        typer.Option(
            help="CSV: file,x,y,width,height,finding, in pixels of the file from its upper left corner "
            "[default: boxes.csv in the folder, if there]"
        ),
    ] = None,
    file_column: Annotated[str, typer.Option(help="column that names the file")] = "file",
    label_column: Annotated[str, typer.Option(help="column with the label")] = "label",
    normal: Annotated[
        list[str] | None, typer.Option(help="label that means normal, may be repeated; all others are abnormal")
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(help="declare a label that is no known word, may be repeated; it is remembered"),
    ] = None,
    accept_labels: Annotated[
        bool, typer.Option("--accept-labels", help="declare all new labels that look like classes, not like names")
    ] = False,
    subject_column: Annotated[
        str | None, typer.Option(help="column that names the subject [default: subject, if there]")
    ] = None,
    split_column: Annotated[
        str | None, typer.Option(help="column with train, val or test [default: split, if there]")
    ] = None,
    origin: Annotated[
        str, typer.Option(help="name of the archive that they come from, such as kermany; it must not name a person")
    ] = "archive",
    bring_back: Annotated[
        bool, typer.Option("--bring-back", help="take in also files that were forgotten on request (xray forget)")
    ] = False,
) -> None:
    """Take images in: keep their bytes, judge their quality, de-identify them, prepare their tensors.

    Files that are already in the store are left alone. Labels that are neither known findings nor declared are held
    back, since they may be names. `xray run` then trains the models.
    """
    # pydicom and OpenCV take a second to import
    from xray_platform.dicom.intake.box_file import found_boxes, read_boxes
    from xray_platform.dicom.intake.label_file import LabelOptions, found_labels, read_labels
    from xray_platform.dicom.intake.sources import list_source

    # before anything is made: is there a file, and can the labels be read
    if next(list_source(path), None) is None:
        raise InputError(f"{path} holds no files")
    lying = found_labels(path) if labels is None else None
    file = lying.file if lying is not None else labels
    options = None
    if file is not None:
        given = {"normal": tuple(normal)} if normal else {}
        options = LabelOptions(
            file, file_column, label_column, subject_column=subject_column, split_column=split_column, **given
        )
        read_labels(options)
    boxes = boxes or found_boxes(path)
    if boxes is not None:
        read_boxes(boxes)
    if normal:
        _check_normal(options)
    with opened_store() as store:
        declared = declare_labels(store.places, options, [*(label or ()), *(normal or ())], accept_labels, boxes)
        take_in(store, path, options, origin, relabel=declared, boxes=boxes, bring_back=bring_back)


def _check_normal(options: "LabelOptions | None") -> None:
    """Hold the words of --normal against the labels file before anything is made or declared."""
    from xray_platform.dicom.intake.label_normal import check_normal  # see above
    from xray_platform.dicom.intake.label_words import known_words

    if options is None:
        raise InputError("--normal says what the labels of a file mean, and there is none; give one with --labels")
    check_normal(options, known_words(places()))


def declare_labels(
    store: Places, options: "LabelOptions | None", words: list[str], accept: bool, boxes: Path | None = None
) -> bool:
    """Declare labels: the words given, and of the new ones of the lists those that are accepted; say if any is new.

    At a terminal, new labels that look like classes are shown and asked for. Others may be names and are never shown.
    """
    from xray_platform.dicom.intake.box_file import boxed_findings  # see above
    from xray_platform.dicom.intake.label_file import read_labels
    from xray_platform.dicom.intake.label_words import declare, known_words, new_labels

    declared = declare(store, words)
    rows = read_labels(options) if options else {}
    findings = boxed_findings(boxes, {name: row.subject_id for name, row in rows.items()}) if boxes else []
    new = new_labels([*rows.values(), *findings], known_words(store))
    if new.classes and (accept or _accepted(new.classes)):
        declared = declare(store, new.classes) or declared
    return declared


def _accepted(classes: tuple[str, ...]) -> bool:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    say("Labels that are no known words: " + "; ".join(visible(label) for label in classes))
    return typer.confirm("Are they all classes of findings, and none a name", default=False, err=True)


def take_in(
    store: "LocalRunner",
    path: Path,
    labels: "LabelOptions | None",
    origin: str = "archive",
    *,
    relabel: bool = False,
    boxes: Path | None = None,
    bring_back: bool = False,
) -> None:
    """Open batches for what is new at `path`, make everything that goes by batch, and show what was found.

    Other batches are only looked at where they lack something. Labels, boxes and splits, which are made whole from all
    batches, are left to `xray run`; but with `relabel` and nothing new labels and boxes are joined anew, for more words
    are known now.
    """
    from xray_platform.defs.batch_states import unfinished  # see above
    from xray_platform.dicom.intake.batch_plan import plan_batches

    new = plan_batches(store.places, path, labels, origin=origin, boxes=boxes, brings_back=bring_back)
    if not new:
        say(f"Nothing new in {path}.")
    else:
        say(f"{sum(len(plan.files) for plan in new)} files in {len(new)} batches of up to 1,000")
        _tell_again([file.again for plan in new for file in plan.files])
        if origin != "phantom" and remove_demo_settings(store.places):
            say("The demo's quick settings (xray.yaml) are gone: real images are learnt with the defaults.")
    specs = store.graph.specs.items()
    keys = [key for key, spec in specs if spec.group_name in ("archive", "imaging") and store.graph.partitioned(key)]
    batches = {*(plan.batch for plan in new), *(state.batch for state in unfinished(store))}
    materialise(store, keys, quiet=not new, batches=batches)
    if relabel and not new and store.batches():
        materialise(store, store.select([], "labels,boxes"), force=True)
        materialise(store, store.select([], "labels,boxes,splits"), quiet=True)
    for plan in new:
        _show(store, plan.batch)
    _tell_held_back(store.places, [plan.batch for plan in new])
    _tell_boxes(store.places, [plan.batch for plan in new])


def _tell_again(why: list[str | None]) -> None:
    if failed := why.count("failed"):
        say(f"{failed} of them could not be read before and are tried again")
    if changed := why.count("changed"):
        say(f"{changed} of them were changed since, at the same size and time, and are read again")


def _tell_held_back(store: Places, batches: list[str]) -> None:
    """Say how many labels of new batches are held back, and without new ones of all."""
    from xray_platform.dicom.deidentify.labels import held_back, labels_of
    from xray_platform.dicom.intake.label_words import HOW_TO_DECLARE  # see above

    if count := held_back(store, batches) if batches else labels_of(store).held_back:
        complain(f"the labels of {count} images are held back; {HOW_TO_DECLARE}")


def _tell_boxes(store: Places, batches: list[str]) -> None:
    """Say how many boxes new batches brought, and how many of them cannot be used and why."""
    from xray_platform.dicom.intake.label_words import HOW_TO_DECLARE  # see above
    from xray_platform.dicom.standard.boxes import boxes_of

    joined = boxes_of(store, batches) if batches else None
    if joined is None or (joined.frame.empty and not joined.of_no_file):
        return
    refused = joined.frame["refused"].value_counts()
    used = joined.frame[joined.frame["refused"].isna()]
    say(f"{len(used)} boxes around findings of {used['image'].nunique()} images")
    for why, number in refused.items():
        more = f"; {HOW_TO_DECLARE}" if why == "held back" else ""
        complain(f"{number} boxes are not used: {WHY_REFUSED[str(why)]}{more}")
    if joined.of_no_file:
        complain(f"{joined.of_no_file} boxes are of files that are not there")


def _show(store: "LocalRunner", batch: str) -> None:
    """Show the decisions on a batch, and the files that were not accepted, by their names in the source."""
    from xray_platform.dicom.deidentify.publish import judged_in
    from xray_platform.tables.all import CATALOGUE, QUALITY  # pandas takes a second to import

    catalogue = CATALOGUE.read(store.places, batch)
    # a file whose label is corrected now was judged when it came
    quality = QUALITY.read_some(store.places, judged_in(store.places, catalogue["sha256"].dropna()))
    findings: list[dict[Any, Any]] = quality[quality["sha256"].isin(catalogue["sha256"])].to_dict("records")
    asked: dict[str, list[Severity]] = defaultdict(list)
    for row in findings:
        asked[row["sha256"]].append(row["severity"])
    decisions = [DECIDED[decide(asked[sha256])] if sha256 in asked else "not judged" for sha256 in catalogue["sha256"]]
    _tell_deidentified(store.places, [str(sha256) for sha256 in catalogue["sha256"].dropna()])
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


def _tell_deidentified(places: Places, digests: list[str]) -> None:
    from xray_platform.dicom.intake.own_output import deidentified_before
    from xray_platform.dicom.intake.raw_store import raw_path  # see above
    from xray_platform.object_store.on_demand import bring_raw

    paths = [raw_path(places, sha256) for sha256 in digests]
    bring_raw(places, paths)
    if before := sum(map(deidentified_before, paths)):
        say(
            f"{before} of them were de-identified by this platform before, and are once more: their subjects, studies "
            "and days are other ones here than in the store or folder that they come from."
        )


def _why(findings: list[dict[Any, Any]], sha256: str) -> str:
    reasons = [row for row in findings if row["sha256"] == sha256 and row["severity"] in HELD_BACK]
    return "; ".join(f"{row['rule']} {row['evidence']}" for row in reasons)
