"""Archive: a folder of phantoms as a picture archive would export them, with labels, boxes and some broken files."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field as Described

from xray_platform.atomic import atomic_path, remove_leftovers
from xray_platform.bounding_box import BoundingBox
from xray_platform.dicom.pixels.orientation import TURNED_FROM
from xray_platform.errors import InputError
from xray_platform.phantoms.broken import BROKEN, broken_bytes
from xray_platform.phantoms.dicom_file import dicom_bytes
from xray_platform.phantoms.phantom import ABNORMAL, FindingBox, FindingName
from xray_platform.phantoms.plan import Devices, PlannedPicture, plan_pictures, plan_spare
from xray_platform.phantoms.render import render
from xray_platform.progress import Progress, silent
from xray_platform.settings import Settings
from xray_platform.workers import Limits, Lost, map_in_children

WHAT = "phantoms written"
FEW = 12  # so few pictures are written faster here than children are started
BROKEN_FOLDER = "EXPORT/INCOMPLETE"


class ArchiveSettings(Settings):
    """What a made-up archive holds; the same settings always give the same bytes."""

    pictures: int = Described(
        240,
        ge=1,
        le=1_000_000,
        description="sound pictures, broken ones come on top",
        json_schema_extra={"unit": "picture"},
    )
    side: int = Described(1024, ge=64, le=4096, description="longer side of a picture, pixel")
    abnormal_share: float = Described(0.5, ge=0, le=1, description="share of pictures with a finding")
    findings: tuple[FindingName, ...] = Described(ABNORMAL, min_length=1, description="findings that occur, evenly")
    difficulty: float = Described(
        1.0, gt=0, le=2, description="1: as subtle as intended; lower is plainer, higher subtler"
    )
    vendors: tuple[str, ...] = Described(
        (), description="makers of detectors that occur, each as often as it is named; empty: all, evenly"
    )
    window_shift: float = Described(
        0.0, ge=-0.5, le=0.5, description="by how much all pictures are brighter than their makers have them, share"
    )
    broken: bool = Described(True, description="whether one file of each known fault is added")
    seed: int = Described(7, ge=0, description="seed of everything random")


@dataclass(frozen=True)
class ArchiveSummary:
    """What was written. `broken` gives the file of each fault; none of them is in labels.csv."""

    folder: Path
    pictures: int
    subjects: int
    studies: int
    findings: dict[str, int]
    broken: dict[str, str]
    size_bytes: int


@dataclass(frozen=True)
class WrittenImage:
    """One picture on disk."""

    relative: str
    size_bytes: int
    boxes: tuple[tuple[str, BoundingBox], ...]
    """The findings, and where they lie in the pixels as they are stored."""


def write_archive(
    folder: Path,
    settings: ArchiveSettings = ArchiveSettings(),
    *,
    progress: Progress = silent,
    workers: int | None = None,
) -> ArchiveSummary:
    """Write an archive into a folder that is new or empty; it appears when it is whole.

    `labels.csv` has file, label, subject, view, age, sex; `boxes.csv` file, x, y, width, height, finding in pixels
    as they are stored. Raises InputError where the folder holds something, StoreError where it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is not empty; an archive is only written into a new or empty folder")
    remove_leftovers(folder)
    with atomic_path(folder) as temporary:
        temporary.mkdir()
        return _fill(temporary, folder, settings, progress, workers)


def _fill(
    waiting: Path, folder: Path, settings: ArchiveSettings, progress: Progress, workers: int | None
) -> ArchiveSummary:
    planned = plan_pictures(
        settings.pictures,
        settings.side,
        settings.abnormal_share,
        settings.findings,
        settings.difficulty,
        settings.seed,
        Devices(settings.vendors, settings.window_shift),
    )
    written = _write_all(waiting, planned, progress, workers)
    broken = _write_broken(waiting, settings) if settings.broken else {}
    _write_tables(waiting, planned, written)
    return ArchiveSummary(
        folder=folder,
        pictures=len(planned),
        subjects=len({picture.identity.patient.patient_id for picture in planned}),
        studies=len({picture.identity.study_uid for picture in planned}),
        findings=dict(sorted(Counter(picture.parameters.finding.name for picture in planned).items())),
        broken=broken,
        size_bytes=sum(item.size_bytes for item in written),
    )


def _write_all(
    waiting: Path, planned: list[PlannedPicture], progress: Progress, workers: int | None
) -> list[WrittenImage]:
    todo = [(waiting, picture) for picture in planned]
    if len(todo) <= FEW:
        return list(_one_by_one(todo, progress))
    found: Iterable[WrittenImage | Lost] = map_in_children(
        _write_one, todo, what=WHAT, workers=workers, limits=Limits(seconds=300.0), progress=progress
    )
    return [_sure(item, picture) for item, picture in zip(found, planned, strict=True)]


def _one_by_one(todo: list[tuple[Path, PlannedPicture]], progress: Progress) -> Iterator[WrittenImage]:
    for done, item in enumerate(todo, start=1):
        yield _write_one(item)
        progress(done, len(todo), WHAT)


def _sure(item: WrittenImage | Lost, picture: PlannedPicture) -> WrittenImage:
    if isinstance(item, Lost):
        raise RuntimeError(f"{picture.relative}: {item.reason}, {item.detail}")  # noqa: TRY004 - what is lost has no wrong type
    return item


def _write_one(item: tuple[Path, PlannedPicture]) -> WrittenImage:
    folder, picture = item
    phantom = render(picture.parameters)
    data = dicom_bytes(phantom, picture.identity, picture.style)
    path = folder / picture.relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    turn = TURNED_FROM["".join(picture.style.orientation)].inverse()
    boxes = tuple((box.label, turn.box(_rectangle(box), *phantom.pixels.shape)) for box in phantom.boxes)
    return WrittenImage(picture.relative, len(data), boxes)


def _rectangle(box: FindingBox) -> BoundingBox:
    return BoundingBox(box.top, box.left, box.height, box.width)


def _write_broken(folder: Path, settings: ArchiveSettings) -> dict[str, str]:
    """Write one file of each fault, each made from a picture of its own that is not otherwise in the archive."""
    (folder / BROKEN_FOLDER).mkdir(parents=True)
    found: dict[str, str] = {}
    for number, name in enumerate(BROKEN, start=1):
        spare = plan_spare(number, min(settings.side, 256), settings.seed)
        sound = dicom_bytes(render(spare.parameters), spare.identity, spare.style)
        found[name] = f"{BROKEN_FOLDER}/IM{number:06d}.dcm"
        (folder / found[name]).write_bytes(broken_bytes(name, sound))
    return found


def _write_tables(folder: Path, planned: list[PlannedPicture], written: list[WrittenImage]) -> None:
    with (folder / "boxes.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("file", "x", "y", "width", "height", "finding"))
        for item in written:
            rows.writerows(
                (item.relative, box.left, box.top, box.width, box.height, finding) for finding, box in item.boxes
            )
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("file", "label", "subject", "view", "age", "sex"))
        for picture in planned:
            patient, shown = picture.identity.patient, picture.parameters
            rows.writerow(
                (
                    picture.relative,
                    shown.finding.name,
                    patient.patient_id,
                    shown.pose.view,
                    picture.identity.age_years,
                    patient.sex,
                )
            )
