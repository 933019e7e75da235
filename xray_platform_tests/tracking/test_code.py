"""A run says which commit its code was of, and whether the code had been changed since."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from xray_platform.tracking import code, git_commit


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A checkout with one commit, taken for the one that this process runs; returns a way to call git in it."""
    package = tmp_path / "xray_platform"
    package.mkdir()
    (package / "module.py").write_text("a = 1\n")
    monkeypatch.setattr(git_commit, "PACKAGE", package)
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]

    def git(*words: str) -> str:
        ran = subprocess.run(["git", *identity, *words], cwd=tmp_path, capture_output=True, text=True, check=True)
        return ran.stdout.strip()

    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "-m", "first")
    return git


@pytest.fixture(autouse=True)
def _asked_anew() -> None:
    git_commit.git_commit.cache_clear()
    git_commit.is_changed.cache_clear()


def test_a_clean_checkout_is_its_commit(checkout: Callable[..., str]) -> None:
    tags = code.code_tags()
    assert tags["mlflow.source.git.commit"] == checkout("rev-parse", "HEAD")
    assert tags["mlflow.source.git.dirty"] == "false"
    assert "changed" not in tags["mlflow.source.name"]


def test_changed_code_is_flagged(checkout: Callable[..., str]) -> None:
    (git_commit.PACKAGE / "module.py").write_text("a = 2\n")
    tags = code.code_tags()
    assert tags["mlflow.source.git.dirty"] == "true"
    assert tags["mlflow.source.name"].endswith("(changed since its commit)")


def test_a_package_within_somebody_elses_checkout_has_no_commit(
    checkout: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = git_commit.PACKAGE.parent / "venv" / "xray_platform"
    installed.mkdir(parents=True)
    monkeypatch.setattr(git_commit, "PACKAGE", installed)
    assert not {"mlflow.source.git.commit", "mlflow.source.git.dirty"} & code.code_tags().keys()
