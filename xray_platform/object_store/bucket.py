"""Bucket: the few things that are asked of an object storage, with errors that a user can mend.

An object is written only where there is none (`put_new`), or in place of the very one that was read (`replace`).
Whoever comes second is told so, and nothing is ever written over unseen.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from xray_platform.errors import InputError, MachineError, StoreError, first_line, without_password

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

SCHEMES = ("s3", "gs", "az")  # those that can write on condition that nobody else has
LARGEST_AT_ONCE = 64 * 1024**2  # bytes; more goes in parts, which no storage takes on condition
LOOPBACK = ("127.0.0.1", "localhost", "::1")
CREDENTIALS = "credentials come from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL, …)"
_RETRIES = 4
_RETRY_TIME, _CONNECT_TIME, _REQUEST_TIME = timedelta(seconds=40), timedelta(seconds=10), timedelta(minutes=10)


@dataclass(frozen=True)
class ObjectFacts:
    """What a listing says of an object: its key, bytes, and when it was written by the storage's clock."""

    key: str
    size: int
    modified_at: datetime


def is_url(root: str) -> bool:
    """Say whether a root is in object storage, and no folder."""
    return "://" in root


@dataclass(frozen=True)
class Bucket:
    """A bucket, or what lies in it below a prefix."""

    url: str
    store: "ObjectStore"

    @classmethod
    def open(cls, url: str) -> "Bucket":
        """Return the bucket at a URL such as s3://bucket/prefix; nothing is asked of it yet.

        Raises InputError for an address that is none of object storage, MachineError without the extra.
        """
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES or not parts.netloc:
            raise InputError(
                f"{without_password(url)} is no address of a store; s3://BUCKET/PREFIX, gs://… and az://… are allowed"
            )
        if "@" in parts.netloc or parts.query:
            raise InputError(f"{parts.scheme}://… must hold no credentials; {CREDENTIALS}")
        try:
            from obstore.store import from_url  # an extra brings it
        except ModuleNotFoundError as error:
            raise MachineError("a store in object storage needs obstore: pip install 'xray-platform[s3]'") from error
        client: ClientConfig = {"connect_timeout": _CONNECT_TIME, "timeout": _REQUEST_TIME}
        if _is_loopback():
            client["allow_http"] = True
        with _errors(url):
            retries: RetryConfig = {"max_retries": _RETRIES, "retry_timeout": _RETRY_TIME}
            return cls(url, from_url(url, client_options=client, retry_config=retries))

    def get(self, key: str) -> tuple[bytes, str] | None:
        """Return the bytes of an object and the tag of this very version; None where there is none."""
        import obstore

        with _errors(self.url, missing_is_fine=True):
            found = obstore.get(self.store, key)
            return bytes(found.bytes()), str(found.meta["e_tag"])
        return None

    def parts(self, key: str) -> Iterator[bytes]:
        """Yield the bytes of an object piece by piece. Raises StoreError where there is none."""
        import obstore

        with _errors(self.url):
            for part in obstore.get(self.store, key).stream():
                yield bytes(part)

    def put_new(self, key: str, data: bytes | Path) -> bool:
        """Write an object where there is none; return False, and leave it alone, where there is one.

        A file of more than 64 MB goes in parts, for which there is no such condition: it is looked first.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError

        size = data.stat().st_size if isinstance(data, Path) else len(data)
        with _errors(self.url):
            if size > LARGEST_AT_ONCE:
                return self.facts(key) is None and bool(obstore.put(self.store, key, data))
            try:
                obstore.put(self.store, key, data, mode="create")
            except AlreadyExistsError:
                return False
        return True

    def put_again(self, key: str, data: bytes | Path) -> None:
        """Write the same bytes once more, so that the storage takes them for new."""
        import obstore

        with _errors(self.url):
            obstore.put(self.store, key, data)

    def replace(self, key: str, data: bytes, tag: str | None) -> str | None:
        """Write an object in place of the version `tag` (None: of none); return the new tag, None if it was another."""
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with _errors(self.url):
            try:
                written = obstore.put(
                    self.store, key, data, mode="create" if tag is None else {"e_tag": tag}, use_multipart=False
                )
            except (AlreadyExistsError, PreconditionError):
                return None
            return str(written["e_tag"])

    def facts(self, key: str) -> ObjectFacts | None:
        """Return what the storage says of an object; None where there is none."""
        import obstore

        with _errors(self.url, missing_is_fine=True):
            found = obstore.head(self.store, key)
            return ObjectFacts(key, found["size"], found["last_modified"])
        return None

    def tag(self, key: str) -> str | None:
        """Return the tag of an object as it is now; None where there is none."""
        import obstore

        with _errors(self.url, missing_is_fine=True):
            return str(obstore.head(self.store, key)["e_tag"])
        return None

    def list(self, prefix: str) -> Iterator[ObjectFacts]:
        """Yield what lies below a prefix."""
        import obstore

        with _errors(self.url):
            for page in obstore.list(self.store, prefix):
                for found in page:
                    yield ObjectFacts(found["path"], found["size"], found["last_modified"])

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; one that is not there is fine."""
        import obstore

        for key in keys:
            with _errors(self.url, missing_is_fine=True):
                obstore.delete(self.store, key)


def _is_loopback() -> bool:
    """Say whether the storage is on this machine; only then may it speak without TLS, unless AWS_ALLOW_HTTP is set."""
    endpoint = urlsplit(os.environ.get("AWS_ENDPOINT_URL", ""))
    return endpoint.scheme == "http" and endpoint.hostname in LOOPBACK


@contextmanager
def _errors(url: str, *, missing_is_fine: bool = False) -> Iterator[None]:
    """Say in one line what the storage refuses; no line holds a credential."""
    from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

    try:
        yield
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error) or "ContainerNotFound" in str(error):
            raise StoreError(f"{url}: there is no such bucket; make it first, or correct the name") from error
        if not missing_is_fine:
            raise StoreError(f"{url}: an object is not there any more: {_why(error)}") from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise StoreError(f"{url}: access is refused ({_why(error)}); {CREDENTIALS}") from error
    except (BaseError, OSError, ValueError) as error:
        if "NoSuchBucket" in str(error):
            raise StoreError(f"{url}: there is no such bucket; make it first, or correct the name") from error
        raise StoreError(
            f"{url}: the storage cannot be reached or does not answer: {_why(error)}; {CREDENTIALS}"
        ) from error


def _why(error: BaseException) -> str:
    """Return the first line of an error, without what a server may have said back."""
    return without_password(first_line(error).partition(": <?xml")[0].partition("?")[0])[:300]
