"""Receiver: a service for verification, storage and storage commitment that fills the inbox."""

import ssl
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, cast

from pydicom.dataset import Dataset
from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.presentation import AllStoragePresentationContexts
from pynetdicom.sop_class import StorageCommitmentPushModel, Verification  # type: ignore[attr-defined]

from xray_platform.errors import InputError, MachineError
from xray_platform.serving.pacs.association import Limits, ObjectProvider, PatientServer
from xray_platform.serving.pacs.commitment import Peer, event_report, tell
from xray_platform.serving.pacs.log import Log, hush, to_stderr
from xray_platform.serving.pacs.peers import Sender, plain_address
from xray_platform.serving.pacs.received_files import ReceivedFiles
from xray_platform.serving.pacs.settings import PacsSettings
from xray_platform.serving.pacs.storing import store

SUCCESS, PROCESSING_FAILURE = 0x0000, 0x0110
REJECTED, BY_USER, CALLING_TITLE = 0x01, 0x01, 0x03
MEBI = 1024**2
GRACE_SECONDS = 10.0


@dataclass
class _Traffic:
    """What came on one association."""

    peer: str
    began: float
    stored: int = 0
    size_bytes: int = 0
    known: int = 0
    refused: Counter[str] = field(default_factory=Counter)


class Receiver:
    """Listens for DICOM devices. An object is answered with success once it lies in the inbox, durable and whole."""

    def __init__(
        self,
        files: ReceivedFiles,
        settings: PacsSettings,
        tls: ssl.SSLContext | None = None,
        client_tls: ssl.SSLContext | None = None,
        log: Log = to_stderr,
    ) -> None:
        hush()
        self._files, self._settings, self._tls, self._client_tls, self._log = files, settings, tls, client_tls, log
        self._senders = settings.allowed
        self._traffic: dict[Association, _Traffic] = {}
        self._server: PatientServer | None = None

    def start(self, host: str, port: int) -> None:
        """Begin to listen. Raises InputError where everybody could send, MachineError where it cannot listen there."""
        if not self._senders and not _is_loopback(host):
            raise InputError(
                f"--host {host} is reached from outside: name the devices that may send, in xray.yaml: "
                "`pacs: {senders: {TITLE: ADDRESS}}`"
            )
        try:
            self._server = PatientServer(
                self._entity(), (host, port), self._tls, self._handlers(), self._files,
                Limits(self._settings.network_seconds, self._settings.max_object_mib * MEBI, self._heard),
            )  # fmt: skip
        except OSError as error:
            raise MachineError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
        threading.Thread(target=self._server.serve_forever, args=(0.1,), name="receiver", daemon=True).start()

    def stop(self) -> None:
        """Take no more associations; those that are there have some seconds to end, then they are aborted."""
        if self._server is None:
            return
        server, until = self._server, time.monotonic() + GRACE_SECONDS
        server.shutdown()
        while server.active_associations and time.monotonic() < until:
            time.sleep(0.05)
        for association in server.active_associations:
            association.abort()

    def _entity(self) -> AE:
        entity = AE(self._settings.ae_title)
        entity.require_called_aet = True
        entity.require_calling_aet = [sender.title for sender in self._senders]
        entity.maximum_associations = self._settings.associations
        entity.maximum_pdu_size = self._settings.max_pdu_kib * 1024
        entity.network_timeout = entity.dimse_timeout = self._settings.network_seconds
        entity.acse_timeout = min(self._settings.network_seconds, 10)
        for context in AllStoragePresentationContexts:
            entity.add_supported_context(str(context.abstract_syntax), ALL_TRANSFER_SYNTAXES)
        entity.add_supported_context(Verification)
        entity.add_supported_context(StorageCommitmentPushModel)
        return entity

    def _handlers(self) -> list[Any]:
        return [
            (evt.EVT_REQUESTED, self._requested),
            (evt.EVT_ACCEPTED, self._accepted),
            (evt.EVT_REJECTED, lambda _: self._log("association rejected")),
            (evt.EVT_CONN_CLOSE, self._closed),
            (evt.EVT_ABORTED, self._closed),
            (evt.EVT_C_ECHO, lambda _: SUCCESS),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_N_ACTION, self._commit),
        ]

    def _heard(self, address: str) -> bool:
        return not self._senders or any(sender.comes_from(address) for sender in self._senders)

    def _requested(self, event: evt.Event) -> None:
        """Reject who comes under a title from where that title does not come from."""
        association = event.assoc
        if self._senders and self._sender(association) is None:
            association.acse.send_reject(REJECTED, BY_USER, CALLING_TITLE)
            self._log("association rejected")
            association.kill()

    def _sender(self, association: Association) -> Sender | None:
        primitive = association.requestor.primitive
        title = str(getattr(primitive, "calling_ae_title", "")).strip()
        address = str(association.requestor.address)
        return next((one for one in self._senders if one.title == title and one.comes_from(address)), None)

    def _accepted(self, event: evt.Event) -> None:
        sender = self._sender(event.assoc)
        self._traffic[event.assoc] = _Traffic(sender.title if sender else "on this machine", time.monotonic())

    def _closed(self, event: evt.Event) -> None:
        """Let go of what is half, and say what came."""
        provider = event.assoc.dimse
        if isinstance(provider, ObjectProvider):
            provider.discard()
        if (came := self._traffic.pop(event.assoc, None)) is not None:
            self._log(
                "association ended", peer=came.peer, stored=came.stored, known=came.known, bytes=came.size_bytes,
                **{f"refused {status}": count for status, count in came.refused.items()},
                seconds=round(time.monotonic() - came.began, 3),
            )  # fmt: skip

    def _store(self, event: evt.Event) -> int | Dataset:
        stored = store(cast("C_STORE", event.request))
        came = self._traffic.get(event.assoc) or _Traffic("", 0)
        if stored.kept is not None:
            came.stored += 1
            came.known += stored.kept.known
            came.size_bytes += stored.kept.size_bytes
        else:
            came.refused[f"{stored.status:04X}"] += 1
            self._log("object refused", status=f"{stored.status:04X}", reason=stored.reason)
        return stored.answer

    def _commit(self, event: evt.Event) -> tuple[int, None]:
        """Answer a request for storage commitment at once; the report follows on an association of its own."""
        sender, address = self._sender(event.assoc), str(event.assoc.requestor.address)
        if sender is None or sender.port is None:
            self._log("commitment refused", reason="the settings name no port for reports to this peer")
            return PROCESSING_FAILURE, None
        try:
            kind, report = event_report(event.action_information, self._files)
        except (AttributeError, TypeError, ValueError, OSError):
            return PROCESSING_FAILURE, None
        peer = Peer(sender.title, address, sender.port)
        threading.Thread(target=self._report, args=(peer, kind, report), daemon=True).start()
        return SUCCESS, None

    def _report(self, peer: Peer, kind: int, report: Dataset) -> None:
        heard = tell(peer, self._settings.ae_title, kind, report, self._client_tls)
        self._log(
            "commitment reported" if heard else "commitment not heard",
            peer=peer.title, there=len(report.get("ReferencedSOPSequence", ())),
            missing=len(report.get("FailedSOPSequence", ())),
        )  # fmt: skip


def _is_loopback(host: str) -> bool:
    try:
        return plain_address(host).is_loopback
    except ValueError:
        return host == "localhost"
