"""Every value: go through all values of a file, at every depth, known or not."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.datadict import dictionary_VR

from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container
from xray_platform.dicom.parse.element_scanner import UNDEFINED, Element

BULK = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "UN"))
MOST_OF_BULK = 1 << 16


@dataclass(frozen=True)
class Value:
    """One value's bytes, of bulk data the first 64 KiB, its tag and representation, and whether an item holds it."""

    tag: int
    vr: str
    raw: bytes
    nested: bool


def every_value(container: Container) -> Iterator[Value]:
    """Yield all values but those of the pixels; sequences are gone into, and not yielded as a whole."""
    for elements, nested in ((container.elements.values(), False), (container.nested, True)):
        for element in elements:
            vr = representation(element)
            if element.tag != tags.PIXEL_DATA and element.length != UNDEFINED and vr != "SQ":
                length = min(element.length, MOST_OF_BULK) if vr in BULK else element.length
                yield Value(element.tag, vr, container.data[element.offset : element.offset + length], nested)


def representation(element: Element) -> str:
    """Return the value representation that the file states, or the dictionary's, or UN."""
    if element.vr:
        return element.vr.decode("latin-1")
    try:
        return str(dictionary_VR(element.tag))
    except KeyError:
        return "UN"
