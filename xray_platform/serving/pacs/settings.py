"""Settings of the PACS room: who may send here, where results may go, and how much is taken at once."""

from pydantic import Field, field_validator

from xray_platform.errors import InputError
from xray_platform.serving.pacs.destinations import Archive
from xray_platform.serving.pacs.peers import Sender, check_title
from xray_platform.settings import Settings

SECTION = "pacs"
"""How `xray.yaml` calls these settings."""


class PacsSettings(Settings):
    """What this platform is called in a network of DICOM devices, whom it hears, and what it takes."""

    ae_title: str = Field("XRAY", max_length=16, description="title under which this platform is called")
    senders: dict[str, str] = Field(
        {},
        description="who may send here: a title, and its address, network or `address:port`; results of storage "
        "commitment go to the port. Empty: whoever is on this machine",
    )
    destinations: dict[str, str] = Field(
        {},
        description="archives that results may be sent to, by name: `dicom://TITLE@HOST:PORT`, `dicoms://…` with TLS, "
        "or the address of a DICOMweb service; nothing is ever sent elsewhere",
    )
    sources: dict[str, str] = Field(
        {}, description="archives that images may be fetched from, by name, spelled like destinations"
    )
    associations: int = Field(10, ge=1, le=256, description="associations at a time; one more is rejected")
    max_pdu_kib: int = Field(
        128,
        ge=4,
        le=1024,
        description="largest protocol data unit that is asked for",
        json_schema_extra={"unit": "KiB"},
    )
    max_object_mib: int = Field(
        256, ge=1, le=4096, description="largest object that is taken", json_schema_extra={"unit": "MiB"}
    )
    network_seconds: float = Field(
        30, gt=0, le=3600, description="a silent peer is given up after", json_schema_extra={"unit": "s"}
    )
    tls_certificate: str = Field("", description="certificate chain of this platform, PEM; empty: no TLS")
    tls_key: str = Field("", description="its private key, PEM")
    tls_authority: str = Field(
        "", description="certificates of the authority that peers' certificates must be signed by, PEM"
    )

    @field_validator("ae_title")
    @classmethod
    def _title(cls, title: str) -> str:
        return check_title(title)

    @field_validator("senders")
    @classmethod
    def _senders(cls, senders: dict[str, str]) -> dict[str, str]:
        for title, where in senders.items():
            Sender.parse(title, where)
        return senders

    @field_validator("destinations", "sources")
    @classmethod
    def _archives(cls, archives: dict[str, str]) -> dict[str, str]:
        for name, where in archives.items():
            Archive.parse(name, where)
        return archives

    def destination(self, name: str) -> Archive:
        """Return an archive of the list of destinations; InputError where it does not stand there."""
        return _listed(self.destinations, name, "destination")

    def source(self, name: str) -> Archive:
        """Return an archive of the list of sources; InputError where it does not stand there."""
        return _listed(self.sources, name, "source")

    @property
    def allowed(self) -> tuple[Sender, ...]:
        """Who may send here; none where whoever is on this machine may."""
        return tuple(Sender.parse(title, where) for title, where in self.senders.items())


def _listed(archives: dict[str, str], name: str, kind: str) -> Archive:
    if name not in archives:
        there = ", ".join(archives) or "none"
        raise InputError(f"{name!r} is no {kind}; those in xray.yaml (`pacs: {kind}s`): {there}")
    return Archive.parse(name, archives[name])
