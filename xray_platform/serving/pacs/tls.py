"""TLS between devices: both sides show a certificate that the same authority has signed."""

import ssl
from pathlib import Path

from xray_platform.errors import InputError
from xray_platform.serving.pacs.settings import PacsSettings


def server_tls(settings: PacsSettings) -> ssl.SSLContext | None:
    """Return what a server speaks TLS with; None where no certificate is set. Raises InputError."""
    if not settings.tls_certificate:
        _check_whole(settings)
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _load(context, settings)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_tls(settings: PacsSettings) -> ssl.SSLContext:
    """Return what a client speaks TLS with; without an authority of its own, those that the machine trusts."""
    context = ssl.create_default_context(cafile=_there(settings.tls_authority) if settings.tls_authority else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.tls_certificate:
        _load(context, settings)
    return context


def _load(context: ssl.SSLContext, settings: PacsSettings) -> None:
    _check_whole(settings)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(_there(settings.tls_certificate), _there(settings.tls_key))
        context.load_verify_locations(_there(settings.tls_authority))
    except (ssl.SSLError, OSError) as error:
        raise InputError(f"pacs: tls_certificate, tls_key or tls_authority cannot be used: {error}") from error


def _check_whole(settings: PacsSettings) -> None:
    given = [settings.tls_certificate, settings.tls_key, settings.tls_authority]
    if any(given[:2]) and not all(given):
        raise InputError("pacs: tls_certificate, tls_key and tls_authority go together: give all three, or none")


def _there(name: str) -> str:
    path = Path(name).expanduser()
    if not path.is_file():
        raise InputError(f"pacs: there is no file {path}; PEM is allowed")
    return str(path)
