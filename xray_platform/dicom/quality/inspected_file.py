"""Inspected file: what the rules look at: container, layout, stream, and the picture once it is decoded."""

from dataclasses import dataclass, replace
from functools import cached_property

from xray_platform.dicom.anatomy.cut import Cut, cut_off
from xray_platform.dicom.anatomy.view_classifier import ViewScores, classify_view
from xray_platform.dicom.burned_in.find import find_markers
from xray_platform.dicom.burned_in.markers import SideMarker
from xray_platform.dicom.parse.container import MEBI, Container, open_container
from xray_platform.dicom.parse.element_scanner import Caps
from xray_platform.dicom.parse.file_type import HEAD_BYTES, FileType, file_type_of
from xray_platform.dicom.parse.flaws import Flaw
from xray_platform.dicom.parse.pixel_module import PixelLayout, layout_of
from xray_platform.dicom.pixels.codestream import Codestream, read_codestream
from xray_platform.dicom.pixels.decode import Pixels, UndecodableError, first_frame
from xray_platform.dicom.pixels.raster_file import RasterFile, open_raster, raster_values
from xray_platform.dicom.pixels.standard_image import (
    StandardImage,
    standard_image_of_container,
    standard_image_of_raster,
)
from xray_platform.dicom.pixels.stored_values import stored_values
from xray_platform.dicom.pixels.thumbnail import MARKER_SIDE, Thumbnail, make_thumbnail
from xray_platform.dicom.pixels.window import WindowRule
from xray_platform.dicom.quality.settings import QualitySettings


@dataclass(frozen=True)
class InspectedFile:
    """What is known of a file. `values` and `picture` are there once it was decoded."""

    size_bytes: int
    file_type: FileType
    container: Container | None = None
    raster: RasterFile | None = None
    layout: PixelLayout | None = None
    stream: Codestream | None = None
    values: Pixels | None = None
    picture: StandardImage | None = None

    @cached_property
    def thumbnail(self) -> Thumbnail:
        """The decoded picture, made small: float32 in [0, 1]."""
        assert self.picture is not None, "only a decoded picture can be reduced"  # noqa: S101 - a slip of the program
        return make_thumbnail(self.picture)

    @cached_property
    def view(self) -> ViewScores:
        """What the view classifier says of the decoded picture."""
        return classify_view(self.thumbnail)

    @cached_property
    def markers(self) -> tuple[SideMarker, ...]:
        """The side markers in the decoded picture, the surest first; places in shares of its height and width."""
        assert self.picture is not None, "only a decoded picture can be reduced"  # noqa: S101 - a slip of the program
        return find_markers(make_thumbnail(self.picture, MARKER_SIDE))

    @cached_property
    def cut(self) -> Cut:
        """Where the chest in the decoded picture may be cut off."""
        return cut_off(self.thumbnail)

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        if self.container is not None:
            return self.container.flaws
        return self.raster.flaws if self.raster is not None else ()


def inspect_file(data: bytes, settings: QualitySettings) -> InspectedFile:
    """Open a file without decoding its pixels. It never raises."""
    file_type = file_type_of(data[:HEAD_BYTES])
    if len(data) > settings.max_file_mib * MEBI:
        return InspectedFile(len(data), file_type)
    if file_type == "dicom":
        return _dicom(data, settings)
    if file_type in {"jpeg", "png"}:
        return InspectedFile(len(data), file_type, raster=open_raster(data, file_type))
    return InspectedFile(len(data), file_type)


def _dicom(data: bytes, settings: QualitySettings) -> InspectedFile:
    caps = Caps(settings.max_depth, settings.max_elements)
    container = open_container(data, caps=caps, inflate_bytes=settings.max_inflated_mib * MEBI)
    stream = None
    if container.fragments and container.syntax is not None and container.syntax.codec not in {"native", "rle"}:
        offset, length = container.fragments[0]
        stream = read_codestream(container.data[offset : offset + length])
        if stream is None:
            stream = read_codestream(first_frame(container))
    return InspectedFile(len(data), "dicom", container=container, layout=layout_of(container), stream=stream)


def decode_file(file: InspectedFile) -> InspectedFile:
    """Return an inspected file with its stored values and standard image. Raises UndecodableError."""
    if file.container is not None:
        values = stored_values(file.container)
        return replace(file, values=values, picture=standard_image_of_container(file.container, values))
    assert file.raster is not None, "only what was opened can be decoded"  # noqa: S101 - a slip of the program
    values = raster_values(file.raster)
    return replace(file, values=values, picture=standard_image_of_raster(file.raster, values))


def standard_image_of(file: InspectedFile, rule: WindowRule) -> StandardImage:
    """Return the standard image of an inspected file by a window rule; pixels are decoded only where they are not yet.

    Raises UndecodableError.
    """
    if file.picture is not None and rule == WindowRule():
        return file.picture
    if file.container is not None:
        return standard_image_of_container(file.container, file.values, rule=rule)
    if file.raster is not None:
        return standard_image_of_raster(file.raster, file.values, rule=rule)
    raise UndecodableError(f"not a picture: found {file.file_type} data, DICOM, JPEG and PNG are allowed")
