"""Destinations: the archives that results may go to and images may come from, by name; a line of the settings each."""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from xray_platform.serving.pacs.peers import check_title

WAYS = "dicom://TITLE@HOST:PORT, dicoms://… (with TLS) and https://HOST/PATH are allowed"
MOST_PORT = 65535


@dataclass(frozen=True)
class Archive:
    """An archive: reached by DICOM associations (`title`, `host`, `port`), or by DICOMweb at `url`."""

    name: str
    title: str = ""
    host: str = ""
    port: int = 0
    tls: bool = False
    url: str = ""

    @classmethod
    def parse(cls, name: str, where: str) -> "Archive":
        """Read a line of the settings. Raises ValueError; DICOMweb in the clear is for this machine alone."""
        parts = urlsplit(where)
        try:
            port = parts.port
        except ValueError:
            port = None
        if parts.scheme in {"dicom", "dicoms"} and parts.hostname and port and 0 < port <= MOST_PORT and parts.username:
            if parts.path or parts.query or parts.password:
                raise ValueError(f"{where!r} of {name} has more than a title, a host and a port; {WAYS}")
            title = check_title(where.partition("://")[2].rpartition("@")[0])
            return cls(name, title, parts.hostname, port, parts.scheme == "dicoms")
        if parts.scheme in {"http", "https"} and parts.hostname and not parts.username:
            if parts.scheme == "http" and not _is_loopback(parts.hostname):
                raise ValueError(f"{where!r} of {name} would go in the clear over a network; https is allowed")
            return cls(name, url=where.rstrip("/"), tls=parts.scheme == "https")
        raise ValueError(f"{where!r} of {name} is no archive; {WAYS}")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
