"""Storing: what a C-STORE is answered with, once its object lies in the inbox or cannot."""

from dataclasses import dataclass

from pydicom.dataset import Dataset
from pynetdicom.dimse_primitives import C_STORE

from xray_platform.serving.pacs.association import ObjectStream
from xray_platform.serving.pacs.received_files import Instance, KeptFile

SUCCESS, OUT_OF_RESOURCES, CANNOT_UNDERSTAND = 0x0000, 0xA700, 0xC000


@dataclass(frozen=True)
class Stored:
    """How a C-STORE ended: its status, why not, where not, and the file, where there is one."""

    status: int
    reason: str = ""
    kept: KeptFile | None = None

    @property
    def answer(self) -> int | Dataset:
        """What is sent back."""
        if self.kept is not None:
            return self.status
        said = Dataset()
        said.Status, said.ErrorComment = self.status, self.reason
        return said


def store(request: C_STORE) -> Stored:
    """Keep the object of a request, which came through an `ObjectProvider`, durable and whole, or say why not."""
    stream = request.DataSet
    if not isinstance(stream, ObjectStream):
        return Stored(CANNOT_UNDERSTAND, "no data set")
    file = stream.taken()
    if file is None:
        return _refused(stream.problem)
    try:
        kept = file.keep(Instance(str(request.AffectedSOPClassUID), str(request.AffectedSOPInstanceUID)))
    except OSError as error:
        return _refused(error)
    return Stored(SUCCESS, kept=kept)


def _refused(problem: Exception | None) -> Stored:
    if isinstance(problem, OSError):
        return Stored(OUT_OF_RESOURCES, "no room on the disk")
    if isinstance(problem, OverflowError):
        return Stored(CANNOT_UNDERSTAND, "larger than allowed")
    return Stored(CANNOT_UNDERSTAND, "no data set")
