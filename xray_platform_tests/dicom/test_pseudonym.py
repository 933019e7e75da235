"""Pseudonyms: the same key gives the same, another key others; the key is made once and never shown."""

import hashlib
import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from xray_platform.dicom.pseudonym import PseudonymKey, load_key, names_nobody
from xray_platform.errors import InputError, MachineError

SECRETS = st.binary(min_size=16, max_size=64)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
UIDS = st.from_regex(r"[0-2](\.[1-9][0-9]{0,8}){3,6}", fullmatch=True)


@given(SECRETS, NAMES, NAMES)
def test_the_same_key_and_value_give_the_same_pseudonym(secret: bytes, name: str, issuer: str) -> None:
    one, other = PseudonymKey(secret), PseudonymKey(bytes(secret))
    assert one.subject(name, issuer) == other.subject(name, issuer)
    assert (one.study(name), one.accession(name), one.uid(name)) == (
        other.study(name), other.accession(name), other.uid(name)
    )  # fmt: skip


@given(SECRETS, SECRETS, NAMES)
def test_another_key_gives_another_pseudonym(secret: bytes, other: bytes, name: str) -> None:
    assume(secret != other)
    assert PseudonymKey(secret).subject(name) != PseudonymKey(other).subject(name)
    assert PseudonymKey(secret).uid(name) != PseudonymKey(other).uid(name)


@given(SECRETS, NAMES, NAMES)
def test_another_value_gives_another_pseudonym(secret: bytes, name: str, other: str) -> None:
    assume(name.strip() != other.strip())
    key = PseudonymKey(secret)
    assert key.subject(name) != key.subject(other)
    assert key.subject("12", issuer=name) != key.subject("12", issuer=other)


@given(SECRETS, NAMES)
def test_patient_and_accession_of_one_text_have_nothing_in_common(secret: bytes, text: str) -> None:
    key = PseudonymKey(secret)
    digits = {key.subject(text)[4:], key.study(text)[4:], key.accession(text).lower()}
    assert len(digits) == 3


@given(SECRETS, NAMES, NAMES)
def test_issuer_and_patient_cannot_be_mistaken_for_each_other(secret: bytes, one: str, other: str) -> None:
    assume(one.strip() != other.strip())
    key = PseudonymKey(secret)
    assert key.subject(one, other) != key.subject(other, one)


@given(SECRETS, UIDS)
def test_a_uid_is_valid_and_short_enough(secret: bytes, uid: str) -> None:
    made = PseudonymKey(secret).uid(uid)
    assert re.fullmatch(r"2\.25\.(0|[1-9][0-9]*)", made)
    assert len(made) <= 64
    number = int(made[5:])
    assert number < 1 << 128
    assert number >> 76 & 0xF == 8, "version 8 of a UUID"
    assert number >> 62 & 3 == 2, "the variant of RFC 9562"


@given(SECRETS, NAMES)
def test_a_number_belongs_to_a_name_and_a_kind(secret: bytes, name: str) -> None:
    key = PseudonymKey(secret)
    assert 0 <= key.number("date", name) < 1 << 64
    assert key.number("date", name) == PseudonymKey(secret).number("date", name) != key.number("hour", name)


def test_the_text_of_a_key_shows_its_id_alone() -> None:
    key = PseudonymKey(b"0123456789abcdef")
    assert repr(key) == "PseudonymKey()"
    assert "0123" not in str(key)
    assert re.fullmatch(r"[0-9a-f]{8}", key.id)
    assert key.id not in key.secret.hex()


def test_a_key_that_is_too_short_is_refused() -> None:
    with pytest.raises(InputError, match="4 bytes; at least 16"):
        PseudonymKey(b"abcd")


@pytest.mark.parametrize(
    "text",
    ["", "  ", "UNKNOWN", "Unknown", "anonymous", "N/A", "0000", "xxx", "^", "-", "NULL", "x", "#N/A", "not known"],
)
def test_placeholders_name_nobody(text: str) -> None:
    assert names_nobody(text)


@pytest.mark.parametrize("text", ["61", "1", "77", "4711", "Smith", "9RG1", "XA", "p", "B"])
def test_short_ids_name_somebody(text: str) -> None:
    assert not names_nobody(text)


def test_a_key_file_is_made_once_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XRAY_KEY", raising=False)
    file = tmp_path / "deep" / "pseudonym.key"
    first = load_key(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_key(file) == first
    assert [path.name for path in file.parent.iterdir()] == ["pseudonym.key"]


def test_many_that_make_the_key_at_once_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(load_key, [tmp_path / "key"] * 32))
    assert len({key.id for key in keys}) == 1


def test_the_environment_names_the_file_or_holds_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XRAY_KEY_FILE", str(tmp_path / "named"))
    monkeypatch.delenv("XRAY_KEY", raising=False)
    assert load_key() == load_key(tmp_path / "named")
    monkeypatch.setenv("XRAY_KEY", hashlib.sha256(b"a test").hexdigest())
    assert load_key().secret == hashlib.sha256(b"a test").digest()
    assert load_key(tmp_path / "named").secret != load_key().secret, "a file that is asked for goes first"


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("ab" * 32)
    file.chmod(0o644)
    with pytest.raises(MachineError, match="mode 0644"):
        load_key(file)


def test_a_damaged_key_is_refused_without_showing_it(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("not a key but a secret")
    file.chmod(0o600)
    with pytest.raises(InputError) as refused:
        load_key(file)
    assert "secret" not in str(refused.value)


def test_a_key_within_the_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="within the data"):
        load_key(tmp_path / "data" / ".." / "data" / "key", outside=[tmp_path / "data"])
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "secret",
    [bytes(32), b"\xff" * 32, bytes(range(32)), bytes(range(64, 32, -1)), b"ab" * 16, b"abcd" * 8, b"0" * 31 + b"1"],
)
def test_a_key_that_can_be_guessed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: bytes) -> None:
    file = tmp_path / "key"
    file.write_text(secret.hex())
    file.chmod(0o600)
    with pytest.raises(InputError, match="a key that can be guessed") as refused:
        load_key(file)
    assert secret.hex() not in str(refused.value)
    monkeypatch.setenv("XRAY_KEY", secret.hex())
    with pytest.raises(InputError, match="a key that can be guessed"):
        load_key()


@given(st.integers(0, 1 << 32))
def test_a_key_made_by_chance_is_not_refused(seed: int) -> None:
    assert not PseudonymKey(hashlib.sha256(str(seed).encode()).digest()).guessable
    assert not PseudonymKey(hashlib.sha256(str(seed).encode()).digest()[:16]).guessable


def test_a_link_in_the_data_or_into_it_is_no_place_for_the_key(tmp_path: Path) -> None:
    root = tmp_path / "store"
    root.mkdir()
    (tmp_path / "link").symlink_to(root)
    for path in (root / "key", root / "data" / "key", tmp_path / "link" / "key"):
        with pytest.raises(InputError, match="lies within the data"):
            load_key(path, outside=[root])
    assert list(root.iterdir()) == []


def test_a_key_file_that_is_a_pipe_or_a_folder_is_one_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(MachineError, match="no regular file"):
            load_key(path)
    with pytest.raises(MachineError):
        load_key(tmp_path / ("x" * 5000))
