"""Picture rules: does the decoded picture look like a usable one (Q060 to Q065)."""

from collections.abc import Iterator

from xray_platform.dicom.pixels.border import flat_border
from xray_platform.dicom.quality.inspected_file import InspectedFile
from xray_platform.dicom.quality.rule import FileRule, Observation
from xray_platform.dicom.quality.settings import QualitySettings


def _blank(file: InspectedFile, settings: QualitySettings) -> Iterator[Observation]:
    if (picture := file.picture) is None:
        return
    spread = (picture.window_high - picture.window_low) / ((1 << picture.bits_stored) - 1)
    if picture.grey_levels < settings.least_levels:
        yield Observation(f"{picture.grey_levels} grey levels; {settings.least_levels} or more are allowed")
    elif spread < settings.least_contrast:
        yield Observation(
            f"grey values spread over {spread:.2%} of the range; {settings.least_contrast:.0%} are allowed"
        )


def _saturated(file: InspectedFile, settings: QualitySettings) -> Iterator[Observation]:
    if (picture := file.picture) is None:
        return
    for name, share in (("darkest", picture.darkest_share), ("brightest", picture.brightest_share)):
        if share > settings.most_saturated:
            yield Observation(
                f"{share:.0%} of the pixels have the {name} value; {settings.most_saturated:.0%} are allowed"
            )


def _aspect(file: InspectedFile, settings: QualitySettings) -> Iterator[Observation]:
    if (picture := file.picture) is None:
        return
    rows, columns = picture.pixels.shape
    least = settings.least_aspect
    if not least <= columns / rows <= 1 / least:
        yield Observation(f"width to height is {columns / rows:.2f}; {least:g} to {1 / least:g} are allowed")


def _size(file: InspectedFile, settings: QualitySettings) -> Iterator[Observation]:
    if (picture := file.picture) is None:
        return
    side = min(picture.pixels.shape)
    if side < settings.tiny_side:
        yield Observation(f"the shorter side has {side} pixels; {settings.tiny_side} or more are allowed")
    elif side < settings.small_side:
        yield Observation(f"the shorter side has {side} pixels; {settings.small_side} or more are wanted", "warn")


def _border(file: InspectedFile, settings: QualitySettings) -> Iterator[Observation]:
    if file.picture is None:
        return
    share = flat_border(file.thumbnail).share
    if share > settings.most_border:
        yield Observation(f"{share:.0%} of the picture is flat border; {settings.most_border:.0%} are allowed")


def _padding(file: InspectedFile, settings: QualitySettings) -> Iterator[Observation]:
    if (picture := file.picture) is not None and picture.padding > settings.most_padding:
        yield Observation(f"{picture.padding:.0%} of the picture is padding; {settings.most_padding:.0%} are allowed")


PICTURE_RULES: tuple[FileRule[InspectedFile, QualitySettings], ...] = (
    FileRule("Q060", _blank),
    FileRule("Q061", _saturated),
    FileRule("Q062", _aspect),
    FileRule("Q063", _size),
    FileRule("Q064", _border),
    FileRule("Q065", _padding),
)
