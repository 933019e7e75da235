"""Anatomy rules: does the picture itself agree that it is a whole chest, upright and not inverted (Q049, Q066, Q067).

They look at the standard image, which was inverted and turned as its attributes say: what looks wrong after that
contradicts them. Of sides a marker that can be read tells more than the heart. A picture is never mirrored or inverted
on their word; a person has to look.
"""

from collections.abc import Iterator

from xray_platform.dicom.burned_in.markers import SideMarker, on_a_side, on_the_wrong_side
from xray_platform.dicom.parse import tags
from xray_platform.dicom.pixels.orientation import stated_orientation
from xray_platform.dicom.quality.inspected_file import InspectedFile
from xray_platform.dicom.quality.rule import FileRule, Observation
from xray_platform.dicom.quality.settings import QualitySettings


def _contradicted(file: InspectedFile, settings: QualitySettings) -> Iterator[Observation]:
    if file.picture is None or file.view.chest < settings.least_chest:
        return
    view, stated = file.view, _states_orientation(file)
    said = "as its orientation says" if stated else "and states no orientation"
    if view.inverted > settings.most_contrary:
        yield Observation(f"it looks inverted, with {file.picture.photometric} taken as stated")
    elif max(view.turned, view.upside_down) > settings.most_contrary:
        how = "turned by a quarter" if view.turned > view.upside_down else "upside down"
        yield Observation(f"it looks {how}, {said}")
    elif (wrong := on_the_wrong_side(file.markers, settings.least_marker)) is not None:
        if view.mirrored > settings.mirrored_beside_marker:
            yield Observation(f"it looks mirrored, and {_wrong(wrong)}")
    elif view.mirrored > settings.most_mirrored and not on_a_side(file.markers, settings.least_marker):
        yield Observation(f"it looks mirrored, or the heart lies on the right, {said}", "warn" if stated else None)


def _wrong(marker: SideMarker) -> str:
    stands = "left" if marker.column < 0.5 else "right"
    return (
        f"its {marker.sign} marker{', mirrored,' if marker.mirrored else ''} stands in the {stands} half of the picture"
    )


def _states_orientation(file: InspectedFile) -> bool:
    container = file.container
    return container is not None and stated_orientation(container.texts(tags.PATIENT_ORIENTATION)) is not None


def _cut_off(file: InspectedFile, settings: QualitySettings) -> Iterator[Observation]:
    if file.picture is None or file.view.chest < settings.least_chest:
        return
    if file.cut.gain > settings.cut_off:
        yield Observation(f"the chest seems to be cut off at its {file.cut.side} side")
    elif file.cut.gain > settings.perhaps_cut_off:
        yield Observation(f"the chest may be cut off at its {file.cut.side} side", "warn")


def _no_chest(file: InspectedFile, settings: QualitySettings) -> Iterator[Observation]:
    if file.picture is None:
        return
    if file.view.chest < settings.least_chest:
        yield Observation("it does not look like a frontal chest")
    elif file.view.chest < 0:
        yield Observation("it hardly looks like a frontal chest", "warn")


ANATOMY_RULES: tuple[FileRule[InspectedFile, QualitySettings], ...] = (
    FileRule("Q049", _contradicted),
    FileRule("Q066", _cut_off),
    FileRule("Q067", _no_chest),
)
