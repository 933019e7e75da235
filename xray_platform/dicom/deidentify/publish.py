"""Publish: write the accepted pictures of a batch without identity, and say of the others why they are not there."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from xray_platform.atomic import atomic_path
from xray_platform.dicom.deidentify.engine import deidentify
from xray_platform.dicom.deidentify.person import GivenIdentity
from xray_platform.dicom.deidentify.refused import RefusedError
from xray_platform.dicom.deidentify.result import Deidentified
from xray_platform.dicom.deidentify.settings import DeidentifySettings
from xray_platform.dicom.intake.batch_plan import BatchPlan, PlannedFile, read_plan
from xray_platform.dicom.intake.hashed_files import hashed_files
from xray_platform.dicom.intake.index import open_index
from xray_platform.dicom.intake.journal import journal_lock
from xray_platform.dicom.intake.raw_store import read_raw
from xray_platform.dicom.parse.description_vocabulary import view_in
from xray_platform.dicom.pseudonym import PseudonymKey
from xray_platform.dicom.rules import BURNED_IN_TEXT, UNPUBLISHABLE
from xray_platform.errors import StoreError
from xray_platform.lots import map_in_lots
from xray_platform.object_store.on_demand import drop
from xray_platform.progress import Progress, silent
from xray_platform.tables.all import CATALOGUE, IMAGES, QUALITY
from xray_platform.tables.layouts import published_manifest
from xray_platform.tables.manifest import FileFacts, Manifest, below, facts_of, keep
from xray_platform.tables.part_index import PartIndex
from xray_platform.tables.places import Places
from xray_platform.tables.severity import HELD_BACK, decide
from xray_platform.workers import Limits, Lost

__all__ = ["DeidentifySettings", "Published", "publish_batch"]

LIMITS = Limits(seconds=120)
PUBLISHED = PartIndex(IMAGES, ["sha256"], ["sha256"])


@dataclass(frozen=True)
class Published:
    """What publishing a batch gave: `images`, rows of IMAGES, and `findings`, further rows of QUALITY."""

    images: pd.DataFrame
    findings: pd.DataFrame


@dataclass(frozen=True)
class _Task:
    """One raw file to publish, its size in bytes, and what its labels file says of it."""

    sha256: str
    size: int
    given: GivenIdentity
    said: PlannedFile

    @property
    def image(self) -> str:
        return self.sha256[:16]


@dataclass(frozen=True)
class _Outcome:
    """A row of IMAGES with the facts of its file, or none; a finding, or none; or how the store failed."""

    row: dict[str, Any] | None = None
    facts: FileFacts | None = None
    finding: dict[str, Any] | None = None
    failure: str | None = None


def publish_batch(
    places: Places,
    batch: str,
    key: PseudonymKey,
    settings: DeidentifySettings = DeidentifySettings(),
    *,
    progress: Progress = silent,
) -> Published:
    """De-identify the pictures of a batch that quality accepted (no rule asks for quarantine or rejection).

    DICOM becomes `data/processed/<subject>/<study>/<image>.dcm`, JPEG and PNG become a PNG of their grey values. What
    is not published, by quality or because it cannot be de-identified surely, leaves
    `data/processed/rejected/<image>.txt` with the reasons. A picture that another batch has published is left to that
    batch. Raises StoreError where the store cannot be read or written.
    """
    plan = read_plan(places, batch)
    quality = QUALITY.read(places, batch)
    before = IMAGES.earlier(places, batch)
    hashes = {str(sha256) for sha256 in quality["sha256"]}
    left_out = set(quality.loc[quality["severity"].isin(HELD_BACK), "sha256"]) | published_among(
        places, hashes, but=batch
    )
    tasks = _tasks(places, plan, [sha for sha in dict.fromkeys(quality["sha256"]) if sha not in left_out])
    outcomes = list(_published(PublishFile(places, batch, plan.origin, key, settings), tasks, progress))
    images = IMAGES.frame([outcome.row for outcome in outcomes if outcome.row])
    findings = QUALITY.frame([outcome.finding for outcome in outcomes if outcome.finding])
    _sweep(places, before, images)
    reasons = _write_reasons(places, batch, pd.concat([quality, findings], ignore_index=True))
    files = {f"processed/{each.row['file']}": each.facts for each in outcomes if each.row and each.facts}
    keep(places, Manifest(published_manifest(batch), {**files, **reasons}))
    return Published(images, findings)


def published_among(places: Places, hashes: Collection[str], *, but: str = "") -> frozenset[str]:
    """Return those of the hashes that a batch, another than `but`, has published, as far as tables can be read."""
    with PUBLISHED.opened(places) as index:
        return frozenset(row["sha256"] for part, _, row in index.matching("sha256", hashes) if part != but)


def _tasks(places: Places, plan: BatchPlan, wanted: Sequence[str]) -> list[_Task]:
    """Join hashes to what the plan says of them; of files with the same bytes the first with a subject speaks."""
    catalogue = CATALOGUE.read(places, plan.batch, columns=("sha256", "size_bytes"))
    sizes = dict(zip(catalogue["sha256"], catalogue["size_bytes"], strict=True))
    said: dict[str, PlannedFile] = {}
    for sha, file in hashed_files(places, plan):
        if sha not in said or (file.subject_id and not said[sha].subject_id):
            said[sha] = file
    return [
        _Task(sha, int(sizes[sha]), GivenIdentity(said[sha].subject_id, said[sha].study_id, sha), said[sha])
        for sha in wanted
        if sha in said
    ]


def judged_in(places: Places, hashes: Collection[str]) -> list[str]:
    """Return the parts of QUALITY that may speak of these raw files."""
    with journal_lock(places), open_index(places) as index:
        index.catch_up()
        batches = {batch for sha256 in hashes if (batch := index.owner_of(sha256))}
    return [part for batch in sorted(batches) for part in (batch, publishing_part(batch))]


def publishing_part(batch: str) -> str:
    """Return the name of the part of QUALITY with the findings of a batch's publishing."""
    return f"{batch}-publish"


def _published(job: "PublishFile", tasks: Sequence[_Task], progress: Progress) -> Iterator[_Outcome]:
    sizes = [task.size for task in tasks]
    results = map_in_lots(job, tasks, sizes, what="pictures published", limits=LIMITS, progress=progress)
    for task, result in zip(tasks, results, strict=True):
        if isinstance(result, Lost):
            evidence = f"de-identifying it failed ({result.reason}: {result.detail})"
            yield _Outcome(finding=_finding(job.batch, task, UNPUBLISHABLE, "reject", evidence))
        elif result.failure:
            raise StoreError(result.failure)
        else:
            yield result


@dataclass(frozen=True)
class PublishFile:
    """De-identify and write one raw file: a job that can be handed to a child process."""

    places: Places
    batch: str
    origin: str
    key: PseudonymKey
    settings: DeidentifySettings

    def __call__(self, task: _Task) -> _Outcome:
        try:
            made = deidentify(read_raw(self.places, task.sha256), self.key, task.given, self.settings)
            file, facts = _write(self.places, task.image, made)
        except RefusedError as error:
            return _Outcome(finding=_finding(self.batch, task, error.code, error.severity, error.evidence))
        except StoreError as error:
            return _Outcome(failure=str(error))
        finding = None
        if made.masked:
            evidence = f"{made.masked} lines of burned-in text masked, {made.share:.2%} of the picture"
            finding = _finding(self.batch, task, BURNED_IN_TEXT, "warn", evidence)
        return _Outcome(_row(self, task, made, file, facts.sha256), facts, finding)


def _write(places: Places, image: str, made: Deidentified) -> tuple[str, FileFacts]:
    """Write a published file; return its path below data/processed and its facts."""
    path = places.processed / made.person.subject / made.person.study / f"{image}{made.suffix}"
    with atomic_path(path) as temporary:
        with temporary.open("wb") as file:
            file.writelines(made.parts)
        facts = facts_of(temporary, *made.parts)
    return path.relative_to(places.processed).as_posix(), facts


def _row(job: PublishFile, task: _Task, made: Deidentified, file: str, digest: str) -> dict[str, Any]:
    facts = asdict(made.facts)
    said = task.said
    view, sex = view_in(said.view_position or ""), (said.sex or "").upper()
    age = None if said.age_years is None or not 0 <= said.age_years < 150 else min(said.age_years, 90.0)
    facts["view_position"] = facts["view_position"] or view
    facts["sex"] = facts["sex"] or (sex if sex in {"M", "F", "O"} else None)
    facts["age_years"] = age if facts["age_years"] is None else facts["age_years"]
    where = {"subject": made.person.subject, "study": made.person.study, "file": file, "file_sha256": digest}
    which = {"image": task.image, "sha256": task.sha256, "batch": job.batch, "origin": said.origin or job.origin}
    return {**which, **where, **facts}


def _finding(batch: str, task: _Task, rule: str, severity: str, evidence: str) -> dict[str, Any]:
    return {
        "sha256": task.sha256, "image": task.image, "batch": batch,
        "rule": rule, "severity": severity, "evidence": evidence,
    }  # fmt: skip


def _sweep(places: Places, before: pd.DataFrame, images: pd.DataFrame) -> None:
    """Remove what an earlier run of this batch published and this one did not."""
    for file in set(before["file"]) - set(images["file"]):
        path = places.processed / file
        drop(places, path)
        for folder in (path.parent, path.parent.parent):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def _write_reasons(places: Places, batch: str, findings: pd.DataFrame) -> dict[str, FileFacts]:
    """Leave a short log for each picture that is not published, and take away that of one that now is."""
    places.rejected.mkdir(parents=True, exist_ok=True)
    written: dict[str, FileFacts] = {}
    for image, rows in findings.groupby("image", sort=True):
        path = places.rejected / f"{image}.txt"
        worst = decide(rows["severity"])
        if worst == "accept":
            path.unlink(missing_ok=True)
            continue
        written[below(places, path)] = _replace_text(path, "".join(_reasons(batch, str(image), worst, rows)))
    return written


def _reasons(batch: str, image: str, worst: str, rows: pd.DataFrame) -> Iterable[str]:
    yield f"picture {image} of {batch}: {worst}\n"
    for rule, severity, evidence in zip(rows["rule"], rows["severity"], rows["evidence"], strict=True):
        yield f"{rule} {severity}: {evidence}\n"


def _replace_text(path: Path, text: str) -> FileFacts:
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
        return facts_of(temporary, text.encode())
