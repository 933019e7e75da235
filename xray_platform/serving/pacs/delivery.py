"""Delivery: objects brought to an archive, by C-STORE or STOW-RS; each ends with a reason or none.

Reasons are codes and words of our own; what the other side says stays there.
"""

import os
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    ComprehensiveSRStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
)

from xray_platform.errors import MachineError
from xray_platform.serving.pacs.destinations import Archive
from xray_platform.serving.pacs.settings import PacsSettings
from xray_platform.serving.pacs.tls import client_tls

TOKEN_VARIABLE = "XRAY_PACS_TOKEN"  # noqa: S105 - the name of a variable
SENT = frozenset((0x0000, 0xB000, 0xB006, 0xB007))  # taken, some with a remark


class Delivery(Protocol):
    """Brings objects to one archive."""

    def deliver(self, objects: Sequence[Dataset]) -> str:
        """Return why the objects did not all arrive; nothing where they did. MachineError: nobody is there."""
        ...


@contextmanager
def delivery(archive: Archive, settings: PacsSettings) -> Iterator[Delivery]:
    """Open the way to an archive. Raises MachineError where it cannot be reached or rejects us."""
    if archive.url:
        yield WebDelivery(archive, settings)
        return
    entity = AE(settings.ae_title)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = settings.network_seconds
    entity.connection_timeout = settings.network_seconds
    for kind in (ComprehensiveSRStorage, SecondaryCaptureImageStorage, SegmentationStorage):
        entity.add_requested_context(kind, ExplicitVRLittleEndian)
    entity.add_requested_context(SegmentationStorage, JPEG2000Lossless)
    opened = DicomDelivery(entity, archive, client_tls(settings) if archive.tls else None)
    try:
        yield opened
    finally:
        opened.close()


class DicomDelivery:
    """Sends over one association, which is opened anew where the archive has ended it."""

    def __init__(self, entity: AE, archive: Archive, tls: ssl.SSLContext | None) -> None:
        self._entity, self._archive, self._tls = entity, archive, tls
        self._association: Association | None = None

    def deliver(self, objects: Sequence[Dataset]) -> str:
        association = self._opened()
        for one in objects:
            if not association.is_established:
                return "the archive ended the association"
            try:
                status = association.send_c_store(_as_accepted(one, association)).get("Status")
            except (ValueError, RuntimeError, AttributeError):
                return f"the archive takes no {one.SOPClassUID.name}"
            if status not in SENT:
                return "no answer" if status is None else f"refused with {int(status):04X}"
        return ""

    def _opened(self) -> Association:
        if self._association is None or not self._association.is_established:
            archive = self._archive
            self._association = self._entity.associate(
                archive.host, archive.port, ae_title=archive.title,
                tls_args=(self._tls, archive.host) if self._tls else None,
            )  # fmt: skip
            if not self._association.is_established:
                why = "rejects us" if self._association.is_rejected else "cannot be reached"
                raise MachineError(f"{archive.name} {why}")
        return self._association

    def close(self) -> None:
        """End the association."""
        if self._association is not None and self._association.is_established:
            self._association.release()


def _as_accepted(one: Dataset, association: Association) -> Dataset:
    """Return an object in a transfer syntax that the archive takes."""
    syntax, kind = one.file_meta.TransferSyntaxUID, one.SOPClassUID
    takes = {context.transfer_syntax[0] for context in association.accepted_contexts if context.abstract_syntax == kind}
    if syntax.is_compressed and syntax not in takes:
        one.decompress(generate_instance_uid=False)
    return one


class WebDelivery:
    """Sends by STOW-RS; the token of $XRAY_PACS_TOKEN is shown where there is one."""

    def __init__(self, archive: Archive, settings: PacsSettings) -> None:
        self._archive, self._client = archive, web_client(archive, settings)

    def deliver(self, objects: Sequence[Dataset]) -> str:
        if not objects:
            return ""
        try:
            answer = self._client.store_instances(list(objects))
        except OSError as error:  # what requests raises is one
            status = getattr(getattr(error, "response", None), "status_code", None)
            if status is None:
                raise MachineError(f"{self._archive.name} cannot be reached") from None
            return f"refused with HTTP {status}"
        return "some objects were refused" if answer.get("FailedSOPSequence") else ""


def web_client(archive: Archive, settings: PacsSettings) -> Any:
    """Return a DICOMweb client of an archive, with certificates and token of the settings."""
    # requests takes a while to import
    from dicomweb_client.api import DICOMwebClient
    from dicomweb_client.session_utils import add_certs_to_session, create_session

    session = create_session()
    if settings.tls_authority:
        session = add_certs_to_session(session, ca_bundle=settings.tls_authority)
    if settings.tls_certificate:
        session.cert = (settings.tls_certificate, settings.tls_key)
    token = os.environ.get(TOKEN_VARIABLE)
    client = DICOMwebClient(
        archive.url, session=session, headers={"Authorization": f"Bearer {token}"} if token else None,
        timeout=settings.network_seconds,
    )  # fmt: skip
    client.set_http_retry_params(retry=False)  # who asks tries again
    return client
