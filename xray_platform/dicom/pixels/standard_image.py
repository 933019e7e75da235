"""Standard image: read DICOM, JPEG or PNG bytes as 16 bit, MONOCHROME2, L\\F as seen from the front."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container, open_container
from xray_platform.dicom.parse.evidence_text import about
from xray_platform.dicom.parse.file_type import HEAD_BYTES, file_type_of
from xray_platform.dicom.parse.pixel_module import layout_of
from xray_platform.dicom.pixels.decode import Pixels, UndecodableError
from xray_platform.dicom.pixels.greyscale import Greyscale, Image, greyscale
from xray_platform.dicom.pixels.modality import Rescaled, rescale, value_range
from xray_platform.dicom.pixels.orientation import AS_IT_CAME, Turn, stated_orientation, turn_to_front
from xray_platform.dicom.pixels.padding import Mask, padding_mask
from xray_platform.dicom.pixels.raster_file import RasterFile, open_raster, raster_values
from xray_platform.dicom.pixels.single_channel import grey_of
from xray_platform.dicom.pixels.stored_values import stored_values
from xray_platform.dicom.pixels.voi import Shown, shown_range
from xray_platform.dicom.pixels.window import WindowRule, measure
from xray_platform.errors import InputError

MEGAPIXELS = 64


@dataclass(frozen=True)
class StandardImage:
    """A standard image with what was done to make it.

    `pixels` (rows, columns) uint16: stored values after the modality transformation, black is low, L\\F, padding 0.
    `window_low` and `window_high` are percentiles of the unpadded pixels, or what the file records. `turn` is how the
    picture was turned, to map boxes; `padding` is the share of padded pixels, the other shares are those of the lowest
    and the highest value among the rest; `done` says in words what was done, in order.
    """

    pixels: Image
    window_low: float
    window_high: float
    grey_levels: int
    done: tuple[str, ...]
    file_type: Literal["dicom", "jpeg", "png"]
    bits_stored: int
    photometric: str
    turn: Turn = AS_IT_CAME
    lossy: bool = False
    transfer_syntax: str | None = None
    modality: str | None = None
    view_position: str | None = None
    padding: float = 0.0
    darkest_share: float = 0.0
    brightest_share: float = 0.0


def read_picture(data: bytes, rule: WindowRule = WindowRule()) -> StandardImage:
    """Read the bytes of a DICOM, JPEG or PNG file into a standard image.

    The window is chosen by `rule`. It trusts the file: `examine_bytes` is there to judge one first. Raises InputError
    where the bytes hold no picture that can be read; the message holds no value of any attribute.
    """
    file_type = file_type_of(data[:HEAD_BYTES])
    try:
        if file_type == "dicom":
            return standard_image_of_container(open_container(data), rule=rule)
        if file_type in {"jpeg", "png"}:
            return standard_image_of_raster(open_raster(data, file_type), rule=rule)
    except UndecodableError as error:
        raise InputError(f"not a readable picture: {error}") from error
    raise InputError(f"not a picture: found {file_type} data, DICOM, JPEG and PNG are allowed")


def standard_image_of_container(
    container: Container, stored: Pixels | None = None, *, rule: WindowRule = WindowRule()
) -> StandardImage:
    """Make the standard image of an opened DICOM file; `stored` spares a second decoding. Raises UndecodableError."""
    layout = layout_of(container)
    if layout is None:
        raise UndecodableError("what says how the pixels lie is missing")
    if layout.pixels > MEGAPIXELS * 1024**2:
        raise UndecodableError(f"{about(layout.pixels)} pixels; {MEGAPIXELS} Mpx are allowed")
    values = stored_values(container) if stored is None else stored
    values = grey_of(values, layout.photometric, container)
    mask = padding_mask(values, container)
    rescaled = rescale(values, container, layout.bits_stored)
    rescaled = replace(rescaled, done=_joined(f"{layout.bits_stored} bits stored", rescaled.done))
    turn, turned = _turn(container)
    grey = greyscale(rescaled, mask, inverted=is_inverted(container))
    shown = shown_range(container, signed=layout.signed) if rule.recorded else None
    picture = _picture(grey, mask, shown, turn, rule, turned)
    syntax = container.syntax
    return replace(
        picture,
        bits_stored=layout.bits_stored,
        photometric=layout.photometric,
        lossy=is_lossy(container),
        transfer_syntax=syntax.uid if syntax else None,
        modality=container.text(tags.MODALITY) or None,
        view_position=container.text(tags.VIEW_POSITION) or None,
    )


def standard_image_of_raster(
    raster: RasterFile, stored: Pixels | None = None, *, rule: WindowRule = WindowRule()
) -> StandardImage:
    """Make the standard image of an opened JPEG or PNG file. Raises UndecodableError."""
    if raster.rows * raster.columns > MEGAPIXELS * 1024**2:
        raise UndecodableError(f"{about(raster.rows)} x {about(raster.columns)} pixels; {MEGAPIXELS} Mpx are allowed")
    values = grey_of(raster_values(raster) if stored is None else stored, "RGB", None)
    bits = max(8, raster.precision) if values.dtype == np.uint16 else 8
    bottom, top = value_range(bits, signed=False)
    grey = greyscale(Rescaled(values, bottom, top, f"{bits} bits stored"), None, inverted=False)
    picture = _picture(grey, None, None, AS_IT_CAME, rule)
    return replace(picture, file_type=raster.file_type, bits_stored=bits, lossy=raster.lossy)


def _joined(*steps: str) -> str:
    return ", ".join(step for step in steps if step)


def is_inverted(container: Container) -> bool:
    """Say whether low values are to be shown bright.

    MONOCHROME1 says so (C.7.6.3.1.2). PresentationLUTShape INVERSE belongs to MONOCHROME1 in the DX module
    (C.8.11.3.1.2) and says the same thing once more, not its contrary.
    """
    return container.text(tags.PHOTOMETRIC_INTERPRETATION).upper() == "MONOCHROME1"


def is_lossy(container: Container) -> bool:
    """Say whether the pixels were ever compressed with loss, by their attribute or their transfer syntax."""
    syntax = container.syntax
    return container.text(tags.LOSSY_IMAGE_COMPRESSION) == "01" or bool(syntax and syntax.lossy)


def _turn(container: Container) -> tuple[Turn, str]:
    values = container.texts(tags.PATIENT_ORIENTATION)
    stated = stated_orientation(values)
    turn = turn_to_front(stated)
    if turn is None:
        what = "is not stated" if stated is None else f"{stated[0]}\\{stated[1]} is not frontal"
        return AS_IT_CAME, f"orientation {what}: left as it came"
    first, second = stated or ("", "")
    return turn, f"orientation {first}\\{second}: {turn.describe()}"


def _picture(
    grey: Greyscale, mask: Mask | None, shown: Shown | None, turn: Turn, rule: WindowRule, turned: str = ""
) -> StandardImage:
    """Measure the window and turn the picture: the last steps, which all types of files share."""
    measured = measure(grey.pixels if mask is None else grey.pixels[~mask], rule)
    low, high, words = measured.low, measured.high, ""
    if rule.recorded and shown is not None:
        low, high = sorted((grey.place(shown.low), grey.place(shown.high)))
        words = f"shown as recorded: {shown.words}"
    done = tuple(step for step in (*grey.done, words, turned) if step)
    padding = 0.0 if mask is None else float(mask.mean())
    pixels = np.ascontiguousarray(turn.apply(grey.pixels))
    return StandardImage(
        pixels,
        low,
        high,
        measured.grey_levels,
        done,
        "dicom",
        16,
        "MONOCHROME2",
        turn,
        padding=padding,
        darkest_share=measured.darkest_share,
        brightest_share=measured.brightest_share,
    )
