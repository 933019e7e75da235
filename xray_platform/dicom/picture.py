"""Picture: read DICOM, JPEG or PNG bytes into the standard image: 16 bit, MONOCHROME2, L\\F as seen from the front."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from xray_platform.dicom import tags
from xray_platform.dicom.container import Container, open_container
from xray_platform.dicom.decode import Pixels, UndecodableError
from xray_platform.dicom.form import HEAD_BYTES, form_of
from xray_platform.dicom.grey import grey_of
from xray_platform.dicom.layout import layout_of
from xray_platform.dicom.modality import Rescaled, rescale, value_range
from xray_platform.dicom.orientation import AS_IT_CAME, Turn, stated_orientation, turn_to_front
from xray_platform.dicom.padding import Mask, padding_mask
from xray_platform.dicom.still import Still, open_still, still_values
from xray_platform.dicom.stored import stored_values
from xray_platform.errors import InputError

Image = np.ndarray[Any, np.dtype[np.uint16]]
SIXTEEN = 65535
MEGAPIXELS = 64


@dataclass(frozen=True)
class Picture:
    """A standard image with what was done to make it.

    `pixels` (rows, columns) uint16: stored values after the modality transformation, black is low, L\\F, padding 0;
    `window_low` and `window_high` are the 0.5 and 99.5 percentiles of the unpadded pixels; `turn` is how the picture
    was turned, to map boxes; `padding` is the share of padded pixels; `done` says in words what was done, in order.
    """

    pixels: Image
    window_low: float
    window_high: float
    grey_levels: int
    done: tuple[str, ...]
    form: Literal["dicom", "jpeg", "png"]
    bits_stored: int
    photometric: str
    turn: Turn = AS_IT_CAME
    lossy: bool = False
    transfer_syntax: str | None = None
    modality: str | None = None
    view_position: str | None = None
    padding: float = 0.0


def read_picture(data: bytes) -> Picture:
    """Read the bytes of a DICOM, JPEG or PNG file into a standard image.

    It trusts the file: `examine_bytes` is there to judge one first. Raises InputError where the bytes hold no picture
    that can be read; the message holds no value of any attribute.
    """
    form = form_of(data[:HEAD_BYTES])
    try:
        if form == "dicom":
            return picture_of_container(open_container(data))
        if form in {"jpeg", "png"}:
            return picture_of_still(open_still(data, form))
    except UndecodableError as error:
        raise InputError(f"not a readable picture: {error}") from error
    raise InputError(f"not a picture: found {form} data, DICOM, JPEG and PNG are allowed")


def picture_of_container(container: Container, stored: Pixels | None = None) -> Picture:
    """Make the standard image of an opened DICOM file; `stored` spares a second decoding. Raises UndecodableError."""
    layout = layout_of(container)
    if layout is None:
        raise UndecodableError("what says how the pixels lie is missing")
    if layout.pixels > MEGAPIXELS * 1024**2:
        raise UndecodableError(f"{layout.pixels} pixels; {MEGAPIXELS} Mpx are allowed")
    values = stored_values(container) if stored is None else stored
    values = grey_of(values, layout.photometric, container)
    mask = padding_mask(values, container)
    rescaled = rescale(values, container, layout.bits_stored)
    turn, turned = _turn(container)
    picture = _standard(
        rescaled, mask, turn, inverted=is_inverted(container), steps=(f"{layout.bits_stored} bits stored", turned)
    )
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


def picture_of_still(still: Still, stored: Pixels | None = None) -> Picture:
    """Make the standard image of an opened JPEG or PNG file. Raises UndecodableError."""
    if still.rows * still.columns > MEGAPIXELS * 1024**2:
        raise UndecodableError(f"{still.rows} x {still.columns} pixels; {MEGAPIXELS} Mpx are allowed")
    values = grey_of(still_values(still) if stored is None else stored, "RGB", None)
    bits = max(8, still.precision) if values.dtype == np.uint16 else 8
    bottom, top = value_range(bits, signed=False)
    picture = _standard(Rescaled(values, bottom, top), None, AS_IT_CAME, inverted=False, steps=(f"{bits} bits stored",))
    return replace(picture, form=still.form, bits_stored=bits, lossy=still.lossy)


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


def _standard(rescaled: Rescaled, mask: Mask | None, turn: Turn, *, inverted: bool, steps: tuple[str, ...]) -> Picture:
    """Bring whole numbers to uint16, padding out, polarity last, then turn (order of PS3.4 section N.2)."""
    pixels, top, shifted = _to_sixteen(rescaled)
    done = [steps[0], rescaled.done, shifted]
    if inverted:
        pixels = np.asarray(top, np.uint16) - pixels
        done.append(f"MONOCHROME1 inverted about {top}")
    if mask is not None:
        pixels = np.where(mask, np.uint16(0), pixels)
        done.append(f"{int(mask.sum())} pixels of padding set to 0")
    low, high, levels = measure_window(pixels if mask is None else pixels[~mask])
    done += steps[1:]
    pixels = np.ascontiguousarray(turn.apply(pixels))
    words = tuple(step for step in done if step)
    padding = 0.0 if mask is None else float(mask.mean())
    return Picture(pixels, low, high, levels, words, "dicom", 16, "MONOCHROME2", turn, padding=padding)


def _to_sixteen(rescaled: Rescaled) -> tuple[Image, int, str]:
    """Return the values as uint16 with the highest that they could take, and what was done to get there."""
    values, bottom, top = rescaled.values, rescaled.bottom, rescaled.top
    words = []
    if bottom != 0:
        values, top = values.astype(np.int64) - bottom, top - bottom
        words.append(f"{-bottom} added to begin at 0" if bottom < 0 else f"{bottom} subtracted to begin at 0")
    spare = max(top.bit_length() - 16, 0)
    if spare:
        values, top = values >> spare, top >> spare
        words.append(f"the lowest {spare} bits dropped to fit 16")
    return values.astype(np.uint16, copy=False), top, ", ".join(words)


def measure_window(pixels: Image, low: float = 0.5, high: float = 99.5) -> tuple[float, float, int]:
    """Return two percentiles of uint16 pixels and how many distinct values they hold, from one histogram."""
    if not pixels.size:
        return 0.0, 0.0, 1
    counts = np.bincount(pixels.ravel(), minlength=1)
    below = np.cumsum(counts)
    marks = np.searchsorted(below, np.asarray([low, high]) / 100 * pixels.size)
    return float(marks[0]), float(marks[1]), max(int(np.count_nonzero(counts)), 1)
