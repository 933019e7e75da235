"""Storage commitment: a device asks whether objects are safe here, and is told so on an association of its own."""

import threading
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pynetdicom import AE, evt
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
)

from xray_platform.ports import HOST
from xray_platform_tests.serving.pacs.devices import SENDER, Running, associated, sent, until


def asked(items: list[tuple[str, str]]) -> Dataset:
    action = Dataset()
    action.TransactionUID = "2.25.99"
    action.ReferencedSOPSequence = Sequence([])
    for kind, uid in items:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = kind, uid
        action.ReferencedSOPSequence.append(item)
    return action


def test_what_is_there_is_committed_and_what_is_not_is_named(
    receiver: Running, files: list[Path], own_port: int
) -> None:
    before = threading.active_count()
    made = dcmread(files[0], stop_before_pixels=True)
    items = [
        (made.SOPClassUID, made.SOPInstanceUID),
        (made.SOPClassUID, "2.25.1"),
        ("1.2.840.10008.5.1.4.1.1.2", made.SOPInstanceUID),
    ]
    heard: list[tuple[int, Dataset]] = []

    def listen(event: Any) -> tuple[int, None]:
        heard.append((event.event_type, event.event_information))
        return 0, None

    entity = AE(SENDER)
    entity.add_supported_context(StorageCommitmentPushModel, scu_role=False, scp_role=True)
    server = entity.start_server((HOST, own_port), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, listen)])
    assert server is not None
    try:
        with associated(receiver.port, files[:1], more=[StorageCommitmentPushModel]) as association:
            assert sent(association, files[0]) == 0
            status, _ = association.send_n_action(
                asked(items), 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
            )
            assert status.Status == 0
        assert until(lambda: bool(heard))
    finally:
        server.shutdown()
    ((kind, report),) = heard
    assert kind == 2
    assert report.TransactionUID == "2.25.99"
    assert [item.ReferencedSOPInstanceUID for item in report.ReferencedSOPSequence] == [made.SOPInstanceUID]
    assert [item.FailureReason for item in report.FailedSOPSequence] == [0x0112, 0x0119]
    assert threading.active_count() < before + 20
