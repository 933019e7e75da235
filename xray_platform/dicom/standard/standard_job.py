"""Standard job: make one picture's standard image and write it; light enough for a child process."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from xray_platform.dicom.pixels.standard_image import StandardImage, read_picture
from xray_platform.dicom.pixels.window import WindowRule
from xray_platform.dicom.standard.picture_statistics import picture_statistics
from xray_platform.dicom.standard.zarr_chunk import OneChunk
from xray_platform.errors import StoreError
from xray_platform.settings import Settings
from xray_platform.tables.layouts import standard_checksum
from xray_platform.tables.manifest import REMEDY, compare


class StandardSettings(Settings):
    """How a standard image is made."""

    window: Literal["percentile", "recorded"] = Field(
        "percentile",
        description="which window goes with the picture: percentiles of its grey values, or the VOI LUT or window that "
        "the file records (percentiles where it records none)",
    )
    window_low_percent: float = Field(
        0.5, ge=0, lt=50, description="share of unpadded pixels below the window", json_schema_extra={"unit": "%"}
    )
    window_high_percent: float = Field(
        99.5,
        gt=50,
        le=100,
        description="share of unpadded pixels below the upper end of the window",
        json_schema_extra={"unit": "%"},
    )

    @property
    def rule(self) -> WindowRule:
        return WindowRule(self.window_low_percent, self.window_high_percent, self.window == "recorded")


@dataclass(frozen=True)
class StandardJob:
    """One picture to make: its published file, the CRC-32C that this was published with, and where its chunk waits."""

    image: str
    batch: str
    file: str
    crc32c: int
    waiting: str


@dataclass(frozen=True)
class WrittenStandardImage:
    """A row of the table of standard images, its array's metadata, and the checksum of the picture as it is stored.

    The chunk itself waits in a file: it is large, and the way back from a child is narrow.
    """

    row: dict[str, Any]
    about: bytes
    crc32c: int


@dataclass(frozen=True)
class StoreFailure:
    """Why a standard image could not be written: the store is at fault, not the picture."""

    reason: str


@dataclass(frozen=True)
class WriteStandardImage:
    """Do a job; a published file that is not what was published is not decoded."""

    settings: StandardSettings
    writer: OneChunk

    def __call__(self, job: StandardJob) -> WrittenStandardImage | StoreFailure:
        try:
            data = Path(job.file).read_bytes()
            compare(f"the published picture {job.file}", data, job.crc32c)
        except OSError as error:
            return StoreFailure(f"cannot read {job.file}: {error.strerror or type(error).__name__}; {REMEDY}")
        except StoreError as error:
            return StoreFailure(str(error))
        picture = read_picture(data, self.settings.rule)
        about, packed = self.writer.pack(picture.pixels)
        try:
            Path(job.waiting).write_bytes(packed)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            return StoreFailure(f"cannot write the standard image {job.image}: {reason}")
        return WrittenStandardImage(self._row(job, picture), about, standard_checksum(job.image, about, packed))

    def _row(self, job: StandardJob, picture: StandardImage) -> dict[str, Any]:
        rows, columns = picture.pixels.shape
        return {
            "image": job.image,
            "batch": job.batch,
            "rows": rows,
            "columns": columns,
            "window_low": picture.window_low,
            "window_high": picture.window_high,
            "grey_levels": picture.grey_levels,
            **picture_statistics(picture),
            "turned_from": picture.turn.turned_from,
            "done": list(picture.done),
        }
