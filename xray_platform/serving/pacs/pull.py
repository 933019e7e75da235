"""Pull: images that a query finds in an archive, fetched into the inbox, each durable and whole or not at all."""

import ssl
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, cast

from pydicom.dataset import Dataset
from pydicom.uid import (
    JPEG2000,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.presentation import build_role
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    SecondaryCaptureImageStorage,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from xray_platform.errors import MachineError, StoreError
from xray_platform.progress import Progress, silent
from xray_platform.serving.pacs.association import ObjectProvider
from xray_platform.serving.pacs.delivery import web_client
from xray_platform.serving.pacs.destinations import Archive
from xray_platform.serving.pacs.log import hush
from xray_platform.serving.pacs.query import Query, Series
from xray_platform.serving.pacs.received_files import Instance, ReceivedFiles
from xray_platform.serving.pacs.settings import PacsSettings
from xray_platform.serving.pacs.storing import store
from xray_platform.serving.pacs.tls import client_tls

MEBI = 1024**2
FIND = StudyRootQueryRetrieveInformationModelFind
GET = StudyRootQueryRetrieveInformationModelGet
MOVE = StudyRootQueryRetrieveInformationModelMove
CLASSES = (
    ComputedRadiographyImageStorage, DigitalXRayImageStorageForPresentation, DigitalXRayImageStorageForProcessing,
    SecondaryCaptureImageStorage,
)  # fmt: skip
SYNTAXES = (
    ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian,
    JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEGLSNearLossless,
    JPEG2000Lossless, JPEG2000, HTJ2KLossless, RLELossless,
)  # fmt: skip
PENDING = frozenset((0xFF00, 0xFF01))


@dataclass
class Pulled:
    """What came: series, objects that are new, those that lay here before, and how many failed, by reason."""

    series: int = 0
    stored: int = 0
    known: int = 0
    failed: Counter[str] = field(default_factory=Counter)


def pull(
    archive: Archive, query: Query, files: ReceivedFiles, settings: PacsSettings, *,
    move: bool = False, progress: Progress = silent,
) -> Pulled:  # fmt: skip
    """Fetch what a query finds. With `move` the archive is asked to send it to `xray receive`, which must be running.

    Raises InputError for a query that cannot be asked, MachineError where the archive does not answer.
    """
    hush()
    query.check()
    if archive.url:
        return _by_web(archive, query, files, settings, progress)
    return _by_association(archive, query, files, settings, move=move, progress=progress)


def _by_association(
    archive: Archive, query: Query, files: ReceivedFiles, settings: PacsSettings, *, move: bool, progress: Progress
) -> Pulled:
    pulled = Pulled()

    def stored(event: evt.Event) -> int | Dataset:
        done = store(cast("C_STORE", event.request))
        if done.kept is None:
            pulled.failed[done.reason] += 1
        else:
            pulled.known += done.kept.known
            pulled.stored += not done.kept.known
        return done.answer

    with _associated(archive, settings, stored, move=move) as association:
        association.dimse = ObjectProvider(association, files, settings.max_object_mib * MEBI)
        found = sorted(_series(association, query))
        for number, series in enumerate(found, start=1):
            pulled.series += 1
            asked = series.identifier()
            answers = (
                association.send_c_move(asked, settings.ae_title, MOVE) if move else association.send_c_get(asked, GET)
            )
            last = _last(answers)
            if move:
                pulled.stored += int(last.get("NumberOfCompletedSuboperations", 0) or 0)
            if last.get("Status") != 0:
                status = last.get("Status")
                pulled.failed["no answer" if status is None else f"status {int(status):04X}"] += 1
            progress(number, len(found), "series")
    return pulled


@contextmanager
def _associated(archive: Archive, settings: PacsSettings, stored: Any, *, move: bool) -> Iterator[Association]:
    entity = AE(settings.ae_title)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = settings.network_seconds
    entity.connection_timeout = settings.network_seconds
    for model in (FIND, MOVE if move else GET):
        entity.add_requested_context(model)
    roles: list[Any] = []
    for kind in () if move else CLASSES:
        roles.append(build_role(kind, scp_role=True))
        for syntax in SYNTAXES:
            entity.add_requested_context(kind, syntax)
    tls: ssl.SSLContext | None = client_tls(settings) if archive.tls else None
    association = entity.associate(
        archive.host, archive.port, ae_title=archive.title, ext_neg=roles, evt_handlers=[(evt.EVT_C_STORE, stored)],
        tls_args=(tls, archive.host) if tls else None,
    )  # fmt: skip
    if not association.is_established:
        raise MachineError(f"{archive.name} {'rejects us' if association.is_rejected else 'cannot be reached'}")
    try:
        yield association
    finally:
        if isinstance(association.dimse, ObjectProvider):
            association.dimse.discard()
        if association.is_established:
            association.release()


def _series(association: Association, query: Query) -> Iterator[Series]:
    """Yield the series that a query finds: the studies first, then their series of the wanted modalities."""
    for study in _found(association, query.studies()):
        for modality in query.modalities:
            asked = Dataset()
            asked.QueryRetrieveLevel, asked.Modality = "SERIES", modality
            asked.StudyInstanceUID, asked.SeriesInstanceUID = study.StudyInstanceUID, ""
            for series in _found(association, asked):
                if series.get("Modality", modality) == modality and series.get("SeriesInstanceUID"):
                    yield Series(str(study.StudyInstanceUID), str(series.SeriesInstanceUID))


def _found(association: Association, asked: Dataset) -> list[Dataset]:
    found = []
    for status, one in association.send_c_find(asked, FIND):
        said = status.get("Status")
        if said in PENDING and one is not None:
            found.append(one)
        elif said != 0:
            raise MachineError(
                "the archive does not answer the query" + ("" if said is None else f" ({int(said):04X})")
            )
    return found


def _last(answers: Iterable[tuple[Dataset, Dataset | None]]) -> Dataset:
    last = Dataset()
    for last, _ in answers:  # noqa: B007 - only the end counts
        pass
    return last


def _by_web(archive: Archive, query: Query, files: ReceivedFiles, settings: PacsSettings, progress: Progress) -> Pulled:
    pulled, client = Pulled(), web_client(archive, settings)
    try:
        found = sorted({
            Series(_value(one, "0020000D"), _value(one, "0020000E"))
            for modality in query.modalities
            for one in client.search_for_series(search_filters={**query.web(), "Modality": modality})
        })  # fmt: skip
        for number, series in enumerate(found, start=1):
            pulled.series += 1
            for one in client.iter_series(series.study_uid, series.uid, media_types=(("application/dicom", "*"),)):
                _keep(one, files, settings, pulled)
            progress(number, len(found), "series")
    except OSError as error:  # what requests raises is one
        status = getattr(getattr(error, "response", None), "status_code", None)
        said = "cannot be reached" if status is None else f"answers with HTTP {status}"
        raise MachineError(f"{archive.name} {said}") from None
    return pulled


def _value(one: dict[str, dict[str, list[str]]], tag: str) -> str:
    return str(one.get(tag, {}).get("Value", [""])[0])


def _keep(one: Dataset, files: ReceivedFiles, settings: PacsSettings, pulled: Pulled) -> None:
    buffer = BytesIO()
    try:
        one.save_as(buffer, enforce_file_format=True)
        instance = Instance(str(one.SOPClassUID), str(one.SOPInstanceUID))
    except Exception as error:  # noqa: BLE001 - pydicom raises whatever it likes on what it cannot write
        pulled.failed[f"no DICOM object ({type(error).__name__})"] += 1
        return
    if buffer.tell() > settings.max_object_mib * MEBI:
        pulled.failed["larger than allowed"] += 1
        return
    try:
        file = files.begin()
    except OSError as error:
        raise StoreError(f"cannot write into the inbox: {error.strerror or error}") from error
    try:
        file.write(buffer.getbuffer())
        kept = file.keep(instance)
    except OSError as error:
        raise StoreError(f"cannot write into the inbox: {error.strerror or error}") from error
    finally:
        file.discard()
    pulled.known += kept.known
    pulled.stored += not kept.known
