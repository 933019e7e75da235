"""Pseudonyms: keyed, stable stand-ins for subjects, studies, accessions, devices and UIDs, and the key itself."""

import hashlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

from xray_platform.errors import InputError, MachineError

KEY_BYTES = 32
LEAST_DIFFERENT = 8
KEY_VARIABLE = "XRAY_KEY"
FILE_VARIABLE = "XRAY_KEY_FILE"
_HEX_KEY = re.compile(r"[0-9a-fA-F]{32,256}")
# A patient who is called so is no patient: many people share these, and they must not become one subject.
_NOBODY = frozenset(
    (
        *("ANON", "ANONIM", "ANONYM", "ANONYME", "ANONYMISED", "ANONYMISIERT", "ANONYMIZED", "ANONYMOUS", "BLANK"),
        *("DEIDENTIFIED", "DESCONOCIDO", "DUMMY", "EMPTY", "INCONNU", "LEER", "MISSING", "NA", "NAN", "NIL"),
        *("NOBODY", "NOID", "NONAME", "NONE", "NOONE", "NOPATIENTID", "NOTAPPLICABLE", "NOTAVAILABLE", "NOTGIVEN"),
        *("NOTKNOWN", "NOTSPECIFIED", "NULL", "OHNE", "PATIENT", "PATIENTID", "PERSON", "SUBJECT", "SUBJECTID"),
        *("TBA", "TBD", "TEST", "UNASSIGNED", "UNBEKANNT", "UNDEFINED", "UNIDENTIFIED", "UNK", "UNKNOWN"),
        *("UNKNOWNPATIENT", "UNNAMED", "UNSPECIFIED"),
    )
)


@dataclass(frozen=True)
class PseudonymKey:
    """The secret that turns identifiers into pseudonyms (HMAC-SHA256); its text form shows the id alone.

    The same key gives the same pseudonym on every machine and in every batch; another key gives others. Each kind of
    pseudonym has its own domain, so that a patient ID and an accession number that read alike do not meet.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < KEY_BYTES // 2:
            raise InputError(f"a pseudonym key has {len(self.secret)} bytes; at least {KEY_BYTES // 2} are needed")

    @property
    def guessable(self) -> bool:
        """Say whether the key is all zeros, a short pattern or a row of numbers: chance gives none such."""
        steps = {(after - before) % 256 for before, after in pairwise(self.secret)}
        return len(set(self.secret)) < LEAST_DIFFERENT or len(steps) < LEAST_DIFFERENT // 2

    @property
    def id(self) -> str:
        """Name the key without giving it away: 8 hexadecimal digits."""
        return hashlib.sha256(b"id|" + self.secret).hexdigest()[:8]

    def subject(self, patient: str, issuer: str = "") -> str:
        """Return `sub-` and 16 hexadecimal digits for a patient ID and who issued it."""
        return f"sub-{self._digest('subject', issuer.strip(), patient.strip()).hex()[:16]}"

    def study(self, study: str) -> str:
        """Return `stu-` and 16 hexadecimal digits for a study instance UID, or what else names a study."""
        return f"stu-{self._digest('study', study.strip()).hex()[:16]}"

    def accession(self, number: str, issuer: str = "") -> str:
        """Return 16 hexadecimal digits, which fit a short string, for an accession number."""
        return self._digest("accession", issuer.strip(), number.strip()).hex()[:16].upper()

    def device(self, name: str, kind: str = "device") -> str:
        """Return 8 hexadecimal digits that tell devices (serial numbers, models) apart without naming them."""
        return self._digest(kind, name.strip()).hex()[:8].upper()

    def uid(self, uid: str) -> str:
        """Return a UID under 2.25 (PS3.5 section B.2): a UUID of version 8 whose bits come from the keyed digest."""
        digest = bytearray(self._digest("uid", uid.strip())[:16])
        digest[6] = digest[6] & 0x0F | 0x80
        digest[8] = digest[8] & 0x3F | 0x80
        return f"2.25.{int.from_bytes(digest, 'big')}"

    def number(self, kind: str, name: str) -> int:
        """Return a number of 64 bits that belongs to a name, another one for each kind."""
        return int.from_bytes(self._digest(kind, name)[:8], "big")

    def seal(self, purpose: str, data: bytes) -> str:
        """Return 32 hexadecimal digits that only who has the key can make for these bytes and this purpose."""
        return hmac.new(self._digest("seal", purpose), data, hashlib.sha256).hexdigest()[:32]

    def _digest(self, domain: str, *parts: str) -> bytes:
        """Digest length-prefixed parts, so that no two different lists of parts read the same."""
        message = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in (domain, *parts))
        return hmac.new(self.secret, message, hashlib.sha256).digest()


def names_nobody(patient: str) -> bool:
    """Say whether a patient ID stands for no one: empty, one sign repeated, or a word such as UNKNOWN or ANONYMOUS.

    A single letter but X is somebody: small studies call their subjects so.
    """
    text = re.sub(r"[\W_]", "", patient).upper()
    if len(text) == 1 and text.isalpha():
        return text == "X"
    return text in _NOBODY or (len(set(text)) < 2 and not text.strip("0").isdigit())


def default_key_file() -> Path:
    """Where the key lies if nobody says otherwise: `$XRAY_KEY_FILE`, or a file under the user's own configuration."""
    named = os.environ.get(FILE_VARIABLE)
    return Path(named).expanduser() if named else Path.home() / ".config" / "xray-platform" / "pseudonym.key"


def load_key(file: Path | None = None, *, outside: Sequence[Path] = ()) -> PseudonymKey:
    """Return the key of this machine, making it once (32 random bytes, mode 0600) where there is none yet.

    `$XRAY_KEY`, the key itself in hexadecimal, goes before every file unless `file` is given. `outside` are folders of
    data, such as a store's root: a key file within one is refused, for who takes the data must not take the key along.
    """
    in_environment = os.environ.get(KEY_VARIABLE)
    if file is None and in_environment:
        return _from_hex(in_environment, f"the variable {KEY_VARIABLE}")
    path = file or default_key_file()
    for folder in outside:
        if path.resolve().is_relative_to(folder.resolve()) or Path(os.path.abspath(path)).is_relative_to(folder):  # noqa: PTH100 - both where it seems to lie and where it does
            raise InputError(
                f"the key file {path} lies within the data ({folder}); keep it elsewhere, named by {FILE_VARIABLE}, "
                "or choose another root"
            )
    if not _is_there(path):
        _make(path)
    return _read(path)


def known_key(*, outside: Sequence[Path] = ()) -> PseudonymKey | None:
    """Return the key as `load_key` does, or None where this machine has none; none is made."""
    return load_key(outside=outside) if os.environ.get(KEY_VARIABLE) or _is_there(default_key_file()) else None


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise MachineError(f"cannot look at the key file {path}: {error.strerror}") from None


def _read(path: Path) -> PseudonymKey:
    try:
        if not path.is_file():
            raise MachineError(f"the key file {path} is no regular file")
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise MachineError(f"cannot read the key file {path}: {error.strerror}") from None
    if mode & 0o077:
        raise MachineError(f"the key file {path} has mode {mode:04o}, open to others; allowed is 0600 (chmod 600)")
    return _from_hex(text, f"the key file {path}")


def _from_hex(text: str, where: str) -> PseudonymKey:
    if not _HEX_KEY.fullmatch(text.strip()) or len(text.strip()) % 2:
        raise InputError(f"{where} holds no key; a key is 32 to 256 hexadecimal digits, an even number of them")
    key = PseudonymKey(bytes.fromhex(text.strip()))
    if key.guessable:
        raise InputError(f"{where} holds a key that can be guessed; make one by chance, e.g. `openssl rand -hex 32`")
    return key


def _make(path: Path) -> None:
    """Write a new key beside its place and link it there: of two that try at once one wins, and both read that one."""
    waiting = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(waiting, path)
    except FileExistsError:
        return
    except OSError as error:
        raise MachineError(f"cannot make the key file {path}: {error.strerror}") from None
    finally:
        waiting.unlink(missing_ok=True)
