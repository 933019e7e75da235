"""Association: pynetdicom's server with what it lacks: objects to disk as they come, and an end to every patience.

Without, a peer that sends a byte a minute, announces a unit of 4 GiB or never answers a TLS handshake would hold a
thread, the memory or the whole server.
"""

import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any, cast

from pynetdicom import _config
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import C_STORE_RQ, DIMSEMessage
from pynetdicom.dsutils import create_file_meta, encode_file_meta
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

from xray_platform.serving.pacs.received_files import IncomingFile, ReceivedFiles

_config.LOG_HANDLER_LEVEL = "none"  # its lines would say what is in the objects

MOST_MEMORY = 4 * 1024**2  # of a message that is no object: a request for storage commitment, a query
MOST_PDU = 1024**2  # a unit that asks for an association may be larger than those with data
MOST_WAITING = 4  # objects that a peer sends without waiting for an answer
HANDSHAKE_SECONDS = 10.0
PREAMBLE = bytes(128) + b"DICM"


class ObjectStream(BytesIO):
    """The data set of a message as it comes in: an object goes to disk, anything else stays in memory, within limits.

    What is too long, or finds no room on the disk, is swallowed to its end, so that it can be answered: `problem` says
    which. `file` is the object's, whole once the message is.
    """

    def __init__(self, message: DIMSEMessage, association: Association, files: ReceivedFiles, most_bytes: int) -> None:
        super().__init__()
        self._message, self._association, self._files, self._most = message, association, files, most_bytes
        self.file: IncomingFile | None = None
        self.problem: OverflowError | OSError | None = None
        self.size = 0

    def write(self, data: Any) -> int:
        """Take bytes. Raises OverflowError for a message other than an object that is too long for memory."""
        self.size += len(data)
        if not isinstance(self._message, C_STORE_RQ):
            if self.size > MOST_MEMORY:
                raise OverflowError(f"a message of more than {MOST_MEMORY} bytes")
            return super().write(data)
        if self.problem is None:
            try:
                self._store(data)
            except (OverflowError, OSError) as error:
                self.discard()
                self.problem = error
        return len(data)

    def _store(self, data: bytes) -> None:
        if self.size > self._most:
            raise OverflowError(f"an object of more than {self._most} bytes")
        if self.file is None:
            self.file = self._files.begin()
            self.file.write(self._head())
        self.file.write(data)

    def _head(self) -> bytes:
        """Return what stands before the data set in a file; the same for the same object, whoever sends it."""
        command = cast("Any", self._message.command_set)
        context = self._association._accepted_cx[cast("int", self._message.context_id)]
        meta = create_file_meta(
            sop_class_uid=command.AffectedSOPClassUID,
            sop_instance_uid=command.AffectedSOPInstanceUID,
            transfer_syntax=context.transfer_syntax[0],
        )
        return PREAMBLE + encode_file_meta(meta)

    def taken(self) -> IncomingFile | None:
        """Return the file, which is the caller's to keep or discard from now on."""
        file, self.file = self.file, None
        return file

    def discard(self) -> None:
        """Let go of an object that is not whole, or that nobody asked for."""
        if (file := self.taken()) is not None:
            file.discard()


class ObjectProvider(DIMSEServiceProvider):
    """Puts messages together, the data sets of objects on disk."""

    def __init__(self, association: Association, files: ReceivedFiles, most_bytes: int) -> None:
        super().__init__(association)
        self._files, self._most = files, most_bytes
        self._streams: list[ObjectStream] = []

    def receive_primitive(self, primitive: P_DATA) -> None:
        """Take a piece of a message."""
        if self.message is None:
            self._streams = [stream for stream in self._streams if stream.file is not None]
            if len(self._streams) >= MOST_WAITING:
                raise OverflowError("objects are sent without waiting for an answer")
            self.message = DIMSEMessage()
            stream = ObjectStream(self.message, self.assoc, self._files, self._most)
            self.message.data_set = stream
            self._streams.append(stream)
        super().receive_primitive(primitive)

    def discard(self) -> None:
        """Let go of all objects that nobody has taken yet: the connection is gone."""
        for stream in self._streams:
            stream.discard()


class PatientSocket(AssociationSocket):
    """A connection on which each unit must be whole within a time, and no longer than allowed."""

    def __init__(self, association: Association, connection: socket.socket, seconds: float) -> None:
        super().__init__(association, client_socket=connection)
        self._seconds = seconds

    def recv(self, nr_bytes: int) -> bytearray:
        """Return so many bytes, fewer where the peer has gone. Raises OSError where there are too many, or too slow."""
        if nr_bytes > MOST_PDU:
            raise OSError(f"a unit of more than {MOST_PDU} bytes")
        connection, buffer, came = cast("socket.socket", self.socket), bytearray(nr_bytes), 0
        view, until = memoryview(buffer), time.monotonic() + self._seconds
        while came < nr_bytes:
            connection.settimeout(max(until - time.monotonic(), 0.001))
            got = connection.recv_into(view[came:])
            if not got:
                view.release()
                del buffer[came:]
                break
            came += got
        return buffer


@dataclass(frozen=True)
class Limits:
    """How long a silent peer is waited for, how long an object may be, and from where connections are taken at all."""

    seconds: float
    most_bytes: int
    heard: Callable[[str], bool]


class PatientHandler(RequestHandler):
    """Begins an association on a connection, with the limits of its server."""

    server: "PatientServer"

    def handle(self) -> None:
        """Shake hands where TLS is spoken, in a thread of its own and not for ever; then begin."""
        limits = self.server.limits
        if isinstance(self.request, ssl.SSLSocket):
            self.request.settimeout(min(limits.seconds, HANDSHAKE_SECONDS))
            self.request.do_handshake()
        super().handle()

    def _create_association(self) -> Association:
        association, limits = super()._create_association(), self.server.limits
        association.dul.event_queue.get_nowait()  # said by the first socket; the second says it again
        association.dul.socket = PatientSocket(association, self.request, limits.seconds)
        association.dimse = ObjectProvider(association, self.server.files, limits.most_bytes)
        return association


class PatientServer(ThreadedAssociationServer):
    """Listens, and begins associations with whoever may come at all."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self,
        entity: ApplicationEntity,
        address: tuple[str, int],
        tls: ssl.SSLContext | None,
        handlers: list[Any],
        files: ReceivedFiles,
        limits: Limits,
    ) -> None:
        self.files, self.limits = files, limits
        contexts: list[PresentationContext] = entity.supported_contexts
        super().__init__(entity, address, entity.ae_title, contexts, tls, handlers, PatientHandler)
        entity._servers.append(self)

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Take a connection; its TLS handshake comes later, where nobody else waits for it."""
        connection, address = cast("socket.socket", self.socket).accept()
        if self.ssl_context is not None:
            connection = self.ssl_context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def verify_request(self, _: Any, client_address: Any) -> bool:
        """Say whether a connection is heard: from an allowed address, and not one of very many."""
        crowded = len(self.active_associations) > 2 * self.ae.maximum_associations
        return not crowded and self.limits.heard(str(client_address[0]))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a connection that came to no association: a scan, a wrong certificate."""
