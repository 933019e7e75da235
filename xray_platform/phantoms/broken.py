"""Broken: sound files made unsound in ways that archives know, each by its name."""

import io
from collections.abc import Callable

from pydicom import Dataset, dcmread, dcmwrite

from xray_platform.errors import InputError


def broken_bytes(name: str, sound: bytes) -> bytes:
    """Return what is left of a sound, uncompressed DICOM file with the fault of that name.

    Raises InputError for a name that `BROKEN` does not hold.
    """
    if name not in BROKEN:
        raise InputError(f"no fault is called {name!r}; allowed: {', '.join(BROKEN)}")
    return BROKEN[name](sound)


def zero_byte(_sound: bytes) -> bytes:
    """A transfer that ended before it began."""
    return b""


def header_cut(sound: bytes) -> bytes:
    """A transfer that ended within the header."""
    return sound[:420]


def pixels_cut(sound: bytes) -> bytes:
    """A transfer that ended within the pixels."""
    return sound[: len(sound) * 2 // 3]


def text_file(_sound: bytes) -> bytes:
    """A note that someone saved under a picture's name."""
    return b"The picture is on the other workstation, please ask the night shift.\n"


def not_dicom(sound: bytes) -> bytes:
    """The preamble and its magic word are gone, and the rest is shifted."""
    return b"\x00" * 64 + sound[200:4000]


def no_pixels(sound: bytes) -> bytes:
    """A header without its picture."""

    def remove(dataset: Dataset) -> None:
        del dataset.PixelData

    return _edited(sound, remove)


def bits_beyond_allocated(sound: bytes) -> bytes:
    """BitsStored says 24 where 16 bits are allocated."""

    def lie(dataset: Dataset) -> None:
        dataset.BitsStored, dataset.HighBit = 24, 23

    return _edited(sound, lie)


def rows_too_many(sound: bytes) -> bytes:
    """The header promises twice the rows that are there."""

    def lie(dataset: Dataset) -> None:
        dataset.Rows = int(dataset.Rows) * 2

    return _edited(sound, lie)


def blank(sound: bytes) -> bytes:
    """An exposure that never happened: one grey value all over."""

    def wipe(dataset: Dataset) -> None:
        dataset.PixelData = b"\x10\x02" * (int(dataset.Rows) * int(dataset.Columns))
        dataset["PixelData"].VR = "OW"

    return _edited(sound, wipe)


def no_patient_id(sound: bytes) -> bytes:
    """A sound picture of nobody: PatientID is empty and no other number is there."""

    def forget(dataset: Dataset) -> None:
        dataset.PatientID = ""
        dataset.pop("OtherPatientIDsSequence", None)

    return _edited(sound, forget)


def lateral_view(sound: bytes) -> bytes:
    """A picture that says that it was taken from the side."""

    def turn(dataset: Dataset) -> None:
        dataset.ViewPosition = "LL"
        dataset.PatientOrientation = ["A", "F"]
        dataset.pop("ViewCodeSequence", None)

    return _edited(sound, turn)


def other_body_part(sound: bytes) -> bytes:
    """A picture that says that it shows a hand."""

    def rename(dataset: Dataset) -> None:
        dataset.BodyPartExamined = "HAND"
        dataset.StudyDescription = "XR HAND PA"
        dataset.SeriesDescription = "HAND PA"
        dataset.pop("AnatomicRegionSequence", None)

    return _edited(sound, rename)


def _edited(sound: bytes, edit: Callable[[Dataset], None]) -> bytes:
    dataset = dcmread(io.BytesIO(sound))
    edit(dataset)
    dataset.SOPInstanceUID = (
        f"{dataset.SOPInstanceUID[:-3]}{(int(dataset.SOPInstanceUID[-3:]) + len(edit.__name__)) % 1000:03d}"
    )
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    fault.__name__: fault
    for fault in (
        zero_byte,
        header_cut,
        pixels_cut,
        text_file,
        not_dicom,
        no_pixels,
        bits_beyond_allocated,
        rows_too_many,
        blank,
        no_patient_id,
        lateral_view,
        other_body_part,
    )
}
