"""Picture rules: does the decoded picture look like a usable one (Q060 to Q065)."""

from collections.abc import Iterator

from xray_platform.dicom.quality.border import flat_border
from xray_platform.dicom.quality.inspected_file import Specimen
from xray_platform.dicom.quality.rule import Remark, Rule
from xray_platform.dicom.quality.settings import QualitySettings


def _blank(specimen: Specimen, settings: QualitySettings) -> Iterator[Remark]:
    if (picture := specimen.picture) is None:
        return
    spread = (picture.window_high - picture.window_low) / ((1 << picture.bits_stored) - 1)
    if picture.grey_levels < settings.least_levels:
        yield Remark(f"{picture.grey_levels} grey levels; {settings.least_levels} or more are allowed")
    elif spread < settings.least_contrast:
        yield Remark(f"grey values spread over {spread:.2%} of the range; {settings.least_contrast:.0%} are allowed")


def _saturated(specimen: Specimen, settings: QualitySettings) -> Iterator[Remark]:
    if (picture := specimen.picture) is None:
        return
    for name, share in (("darkest", picture.darkest_share), ("brightest", picture.brightest_share)):
        if share > settings.most_saturated:
            yield Remark(f"{share:.0%} of the pixels have the {name} value; {settings.most_saturated:.0%} are allowed")


def _aspect(specimen: Specimen, settings: QualitySettings) -> Iterator[Remark]:
    if (picture := specimen.picture) is None:
        return
    rows, columns = picture.pixels.shape
    least = settings.least_aspect
    if not least <= columns / rows <= 1 / least:
        yield Remark(f"width to height is {columns / rows:.2f}; {least:g} to {1 / least:g} are allowed")


def _size(specimen: Specimen, settings: QualitySettings) -> Iterator[Remark]:
    if (picture := specimen.picture) is None:
        return
    side = min(picture.pixels.shape)
    if side < settings.tiny_side:
        yield Remark(f"the shorter side has {side} pixels; {settings.tiny_side} or more are allowed")
    elif side < settings.small_side:
        yield Remark(f"the shorter side has {side} pixels; {settings.small_side} or more are wanted", "warn")


def _border(specimen: Specimen, settings: QualitySettings) -> Iterator[Remark]:
    if specimen.picture is None:
        return
    share = flat_border(specimen.small).share
    if share > settings.most_border:
        yield Remark(f"{share:.0%} of the picture is flat border; {settings.most_border:.0%} are allowed")


def _padding(specimen: Specimen, settings: QualitySettings) -> Iterator[Remark]:
    if (picture := specimen.picture) is not None and picture.padding > settings.most_padding:
        yield Remark(f"{picture.padding:.0%} of the picture is padding; {settings.most_padding:.0%} are allowed")


PICTURE_RULES: tuple[Rule[Specimen, QualitySettings], ...] = (
    Rule("Q060", "reject", "a blank picture", _blank),
    Rule("Q061", "quarantine", "a picture that is mostly saturated", _saturated),
    Rule("Q062", "quarantine", "a picture that is too narrow or too flat", _aspect),
    Rule("Q063", "quarantine", "a picture that is too small; a rather small one is warned of", _size),
    Rule("Q064", "quarantine", "a picture that is mostly border", _border),
    Rule("Q065", "quarantine", "a picture that is mostly padding", _padding),
)
