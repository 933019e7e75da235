"""Storage commitment: which of the objects that a peer asks about lie here, told on an association of its own."""

import ssl
import time
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pynetdicom import AE
from pynetdicom.presentation import build_role
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
)

from xray_platform.serving.pacs.received_files import Instance, ReceivedFiles

PROCESSING = 0x0110
ALL_THERE, SOME_MISSING = 1, 2  # event types, PS3.4 J.3.3
NO_SUCH_OBJECT, OTHER_CLASS = 0x0112, 0x0119  # failure reasons, PS3.3 C.14.1.1
WAITS = (0.0, 2.0, 10.0, 30.0)
"""Seconds before each try to reach who asked."""


@dataclass(frozen=True)
class Peer:
    """Who asked, and where it listens."""

    title: str
    host: str
    port: int


def event_report(asked: Dataset, files: ReceivedFiles) -> tuple[int, Dataset]:
    """Return type and information of the report on what was asked about. Raises AttributeError where that is none."""
    there: list[Dataset] = []
    missing: list[Dataset] = []
    for item in asked.ReferencedSOPSequence:
        answer, reason = _judged(item, files)
        (there if reason is None else missing).append(answer)
    report = Dataset()
    report.TransactionUID = asked.TransactionUID
    if there:
        report.ReferencedSOPSequence = Sequence(there)
    if missing:
        report.FailedSOPSequence = Sequence(missing)
    return (SOME_MISSING if missing else ALL_THERE), report


def _judged(item: Dataset, files: ReceivedFiles) -> tuple[Dataset, int | None]:
    instance = Instance(str(item.ReferencedSOPClassUID), str(item.ReferencedSOPInstanceUID))
    answer, reason = Dataset(), None
    answer.ReferencedSOPClassUID, answer.ReferencedSOPInstanceUID = instance.sop_class, instance.uid
    if not files.holds(instance):
        reason = OTHER_CLASS if files.holds_other_class(instance) else NO_SUCH_OBJECT
        answer.FailureReason = reason
    return answer, reason


def tell(peer: Peer, title: str, kind: int, report: Dataset, tls: ssl.SSLContext | None) -> bool:
    """Bring a report to who asked, trying several times; say whether it was heard."""
    for seconds in WAITS:
        time.sleep(seconds)
        if _told(peer, title, kind, report, tls):
            return True
    return False


def _told(peer: Peer, title: str, kind: int, report: Dataset, tls: ssl.SSLContext | None) -> bool:
    entity = AE(title)
    entity.add_requested_context(StorageCommitmentPushModel)
    association = entity.associate(
        peer.host, peer.port, ae_title=peer.title, tls_args=(tls, peer.host) if tls else None,
        ext_neg=[build_role(StorageCommitmentPushModel, scp_role=True)],
    )  # fmt: skip
    if not association.is_established:
        return False
    try:
        status, _ = association.send_n_event_report(
            report, kind, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
        )
        return bool(status.get("Status", PROCESSING) == 0)
    finally:
        association.release()
