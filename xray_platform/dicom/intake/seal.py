"""Seal: JSON that ends in a keyed digest of all before it, so that whoever has not the key cannot write it anew."""

import re
from dataclasses import dataclass
from hmac import compare_digest

from xray_platform.dicom.pseudonym import PseudonymKey

# Within a JSON text quotes are escaped, so that no file name can look like this.
_TAIL = re.compile(rb',"seal":"([0-9a-f]{32})"\}\s*\Z')


@dataclass(frozen=True)
class Sealer:
    """Seals what belongs to one series of one store; the same text of another store has another seal."""

    key: PseudonymKey
    series: str

    def sealed(self, kind: str, text: bytes) -> bytes:
        """Return a JSON object (bytes that end in `}`) with the seal as its last member."""
        stem = text.rstrip()[:-1].rstrip()
        return stem + b',"seal":"' + self._seal(kind, stem).encode() + b'"}'

    def fits(self, kind: str, raw: bytes) -> bool:
        """Say whether the bytes carry the seal that they must; without a seal they do not."""
        found = _TAIL.search(raw)
        return found is not None and compare_digest(self._seal(kind, raw[: found.start()]), found[1].decode())

    def _seal(self, kind: str, stem: bytes) -> str:
        return self.key.seal(f"{kind}|{self.series}", stem)


def unsealed(raw: bytes) -> bytes:
    """Return the JSON object as it was before it was sealed."""
    found = _TAIL.search(raw)
    return raw[: found.start()] + b"}" if found else raw


def has_seal(raw: bytes) -> bool:
    """Say whether the bytes end in a seal, whichever."""
    return _TAIL.search(raw) is not None
