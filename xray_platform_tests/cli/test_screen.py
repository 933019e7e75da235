"""The screen shows text as it stands: no name of a file makes a terminal or Rich obey, and JSON stays JSON."""

import errno
import json
import os
import sqlite3
from pathlib import Path

import pytest

from xray_platform.cli import app, screen
from xray_platform_tests.cli.conftest import Xray

NASTY = (
    "\x1b[2J", "\x9b31m", "\x07", "\r", "\x7f", "\u202e", "\u2066", "\u200f", "\x85", "\u2028", "\udcff", "\ufeff",
)  # fmt: skip
MARKUP = "[red]a[/red][/] [link=http://x]b :dog: \\[c]"


@pytest.mark.parametrize("sign", NASTY)
def test_no_sign_is_obeyed_wherever_it_is_shown(capsys: pytest.CaptureFixture[str], sign: str) -> None:
    text = f"a{sign}b"
    screen.say(text)
    screen.complain(text)
    screen.OUT.print(text)
    screen.OUT.print(f"{text}\nsecond line", soft_wrap=True)
    screen.show(text, [text], [[text]])
    with screen.bar(text) as tell:
        tell(1, 2, text)
    said = capsys.readouterr()
    assert sign not in said.out + said.err
    assert said.out.count("second line") == 1


def test_markup_and_smileys_are_text(capsys: pytest.CaptureFixture[str]) -> None:
    screen.say(MARKUP)
    screen.complain(MARKUP)
    screen.OUT.print(MARKUP)
    screen.show("t", ["h"], [[MARKUP]])
    said = capsys.readouterr()
    assert said.out.count(MARKUP) == 2
    assert said.err.count(MARKUP) == 2


@pytest.mark.parametrize("command", ["check", "predict", "deidentify", "restore", "ingest"])
def test_a_path_that_cannot_be_is_one_line(xray: Xray, tmp_path: Path, command: str) -> None:
    nasty = tmp_path / "no\x1b[31m[red]\u202ewhere"
    words = [nasty, tmp_path / "out"] if command in {"deidentify", "restore"} else [nasty]
    ran = xray(command, *words)
    assert ran.code == 2
    assert "\x1b" not in ran.err + ran.out
    assert "\u202e" not in ran.err + ran.out
    assert "Traceback" not in ran.err


def test_json_is_read_back_whatever_the_name(xray: Xray, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    names = ("\x1b[31m", "new\nline", '"quote', "\u202e", os.fsdecode(b"M\xfcller"), "[red]", "\x9b", "\u2028")
    for name in names:
        (folder / name).write_bytes(b"no picture")
    lines = xray("check", folder, "--json").out.split("\n")
    records = [json.loads(line) for line in lines if line]
    assert len(records) == len(names)
    assert all(record["file"].encode("utf-8") for record in records)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (OSError(errno.EROFS, "Read-only file system", "/store/x"), "Read-only file system (/store/x)"),
        (PermissionError(errno.EACCES, "Permission denied"), "Permission denied"),
        (sqlite3.OperationalError("database or disk is full"), "database or disk is full"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "readonly database"),
    ],
)
def test_what_the_machine_refuses_is_one_line_whoever_wraps_it(
    xray: Xray, monkeypatch: pytest.MonkeyPatch, fault: Exception, words: str
) -> None:
    def refuse() -> None:
        try:
            raise fault  # noqa: TRY301 - the order in which libraries do it
        except Exception as error:
            raise RuntimeError("a library's own words") from error

    monkeypatch.setattr(app, "app", refuse)
    ran = xray("status")
    assert ran.code == 1
    assert words in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_slip_of_the_program_is_not_hidden(xray: Xray, monkeypatch: pytest.MonkeyPatch) -> None:
    def slip() -> None:
        raise RuntimeError("a slip")

    monkeypatch.setattr(app, "app", slip)
    with pytest.raises(RuntimeError, match="a slip"):
        xray("status")


def test_a_key_below_the_stores_root_is_refused(xray: Xray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from xray_platform.dicom.pseudonym import load_key
    from xray_platform.errors import InputError

    monkeypatch.delenv("XRAY_KEY")
    monkeypatch.setenv("XRAY_KEY_FILE", str(tmp_path / "store" / "my.key"))
    with pytest.raises(InputError, match="lies within the data"):
        load_key(outside=[tmp_path / "store"])
