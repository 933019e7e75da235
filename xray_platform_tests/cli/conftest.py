"""The command, run in this process: its exit code and what it wrote."""

import io
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from xray_platform.cli import main
from xray_platform_tests.conftest import KEY


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


Xray = Callable[..., Ran]


def without_a_store(patch: pytest.MonkeyPatch) -> None:
    """Begin as a new terminal does, and let what a command sets be taken back with the patch."""
    for variable in ("XRAY_ROOT", "XRAY_SETTINGS"):
        patch.setenv(variable, "")  # noted, since what is not set leaves nothing to go back to
        patch.delenv(variable)


def command(root: Path, *words: object) -> Ran:
    """Run `xray --root …` in this process, where no fixture of one test can be asked."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        without_a_store(patch)
        patch.setattr(sys, "argv", ["xray", "--root", str(root), *map(str, words)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
    return Ran(code, out.getvalue(), err.getvalue())


@pytest.fixture
def xray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Xray:
    """Return the command `xray --root <empty folder> …`."""
    monkeypatch.setenv("XRAY_KEY", KEY)
    without_a_store(monkeypatch)

    def run(*words: object, root: Path = tmp_path / "store") -> Ran:
        monkeypatch.setattr(sys, "argv", ["xray", "--root", str(root), *map(str, words)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run
