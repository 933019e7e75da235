"""Specimen: a file opened for the rules to look at: container, layout, stream, and the picture once it is decoded."""

from dataclasses import dataclass, replace
from functools import cached_property

from xray_platform.dicom.anatomy.cut import Cut, cut_off
from xray_platform.dicom.anatomy.view_classifier import Look, look_at
from xray_platform.dicom.burned_in.find import find_markers
from xray_platform.dicom.burned_in.markers import SideMarker
from xray_platform.dicom.parse.container import MEBI, Container, open_container
from xray_platform.dicom.parse.element_scanner import Caps, Flaw
from xray_platform.dicom.parse.file_type import HEAD_BYTES, Form, form_of
from xray_platform.dicom.parse.pixel_module import PixelLayout, layout_of
from xray_platform.dicom.pixels.codestream import Codestream, read_codestream
from xray_platform.dicom.pixels.decode import Pixels, UndecodableError, first_frame
from xray_platform.dicom.pixels.raster_file import Still, open_still, still_values
from xray_platform.dicom.pixels.standard_image import Picture, picture_of_container, picture_of_still
from xray_platform.dicom.pixels.stored_values import stored_values
from xray_platform.dicom.pixels.thumbnail import MARKER_SIDE, Small, reduce
from xray_platform.dicom.pixels.window import WindowRule
from xray_platform.dicom.quality.settings import QualitySettings


@dataclass(frozen=True)
class Specimen:
    """What is known of a file. `values` and `picture` are there once it was decoded."""

    size_bytes: int
    form: Form
    container: Container | None = None
    still: Still | None = None
    layout: PixelLayout | None = None
    stream: Codestream | None = None
    values: Pixels | None = None
    picture: Picture | None = None

    @cached_property
    def small(self) -> Small:
        """The decoded picture, reduced: float32 in [0, 1]."""
        assert self.picture is not None, "only a decoded picture can be reduced"  # noqa: S101 - a slip of the program
        return reduce(self.picture)

    @cached_property
    def look(self) -> Look:
        """What the decoded picture looks like."""
        return look_at(self.small)

    @cached_property
    def markers(self) -> tuple[SideMarker, ...]:
        """The side markers in the decoded picture, the surest first; places in shares of its height and width."""
        assert self.picture is not None, "only a decoded picture can be reduced"  # noqa: S101 - a slip of the program
        return find_markers(reduce(self.picture, MARKER_SIDE))

    @cached_property
    def cut(self) -> Cut:
        """Where the chest in the decoded picture may be cut off."""
        return cut_off(self.small)

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        if self.container is not None:
            return self.container.flaws
        return self.still.flaws if self.still is not None else ()


def open_specimen(data: bytes, settings: QualitySettings) -> Specimen:
    """Open a file without decoding its pixels. It never raises."""
    form = form_of(data[:HEAD_BYTES])
    if len(data) > settings.max_file_mib * MEBI:
        return Specimen(len(data), form)
    if form == "dicom":
        return _dicom(data, settings)
    if form in {"jpeg", "png"}:
        return Specimen(len(data), form, still=open_still(data, form))
    return Specimen(len(data), form)


def _dicom(data: bytes, settings: QualitySettings) -> Specimen:
    caps = Caps(settings.max_depth, settings.max_elements)
    container = open_container(data, caps=caps, inflate_bytes=settings.max_inflated_mib * MEBI)
    stream = None
    if container.fragments and container.syntax is not None and container.syntax.codec not in {"native", "rle"}:
        offset, length = container.fragments[0]
        stream = read_codestream(container.data[offset : offset + length])
        if stream is None:
            stream = read_codestream(first_frame(container))
    return Specimen(len(data), "dicom", container=container, layout=layout_of(container), stream=stream)


def decoded(specimen: Specimen) -> Specimen:
    """Return the specimen with stored values and standard image. Raises UndecodableError."""
    if specimen.container is not None:
        values = stored_values(specimen.container)
        return replace(specimen, values=values, picture=picture_of_container(specimen.container, values))
    assert specimen.still is not None, "only what was opened can be decoded"  # noqa: S101 - a slip of the program
    values = still_values(specimen.still)
    return replace(specimen, values=values, picture=picture_of_still(specimen.still, values))


def standard_image(specimen: Specimen, rule: WindowRule) -> Picture:
    """Return the standard image of an opened file by a window rule; pixels are decoded only where they are not yet.

    Raises UndecodableError.
    """
    if specimen.picture is not None and rule == WindowRule():
        return specimen.picture
    if specimen.container is not None:
        return picture_of_container(specimen.container, specimen.values, rule=rule)
    if specimen.still is not None:
        return picture_of_still(specimen.still, specimen.values, rule=rule)
    raise UndecodableError(f"not a picture: found {specimen.form} data, DICOM, JPEG and PNG are allowed")
