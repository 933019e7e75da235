"""One command at a time writes to a store, wherever it runs; what a dead one left holds nobody up for long."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from xray_platform.errors import MachineError
from xray_platform.object_store import lease as module
from xray_platform.object_store.lease import KEY, take_lease
from xray_platform_tests.cli.processes import environment
from xray_platform_tests.object_store.conftest import Machine

HOLDS = """
import sys, time
from xray_platform.object_store.lease import take_lease
from xray_platform.object_store.working_copy import WorkingCopy
copy = WorkingCopy.open(sys.argv[1])
take_lease(copy.bucket, copy.home)
print("held", flush=True)
time.sleep(600)
"""


def killed_holder(url: str, cache: Path) -> None:
    """Let a process take the lease, and kill it."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, url], env=environment(XRAY_CACHE=str(cache)), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        process.send_signal(signal.SIGKILL)


def test_a_second_machine_is_refused_with_the_name_of_the_first(machine: Machine) -> None:
    here, there = machine("here"), machine("there")
    held = take_lease(here.bucket, here.home)
    with pytest.raises(MachineError, match=r"at work on s3://.* \(process \d+ on \S+\); wait"):
        take_lease(there.bucket, there.home)
    with pytest.raises(MachineError, match="on this machine"):
        take_lease(here.bucket, here.home)
    held.release()
    take_lease(there.bucket, there.home).release()
    assert here.bucket.get(KEY) is None


def test_who_waits_gets_it_when_the_other_is_done(machine: Machine) -> None:
    here, there = machine("here"), machine("there")
    held = take_lease(here.bucket, here.home)
    waited = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        held.release()

    take_lease(there.bucket, there.home, patience=60, sleep=sleep).release()
    assert len(waited) == 1


def test_a_command_waits_for_a_commit_of_another_machine_that_passes(machine: Machine) -> None:
    here, there = machine("here"), machine("there")
    held, waited = take_lease(here.bucket, here.home, passing=True), []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            held.release()

    take_lease(there.bucket, there.home, sleep=sleep).release()
    assert len(waited) == 3


def test_the_lease_of_a_killed_command_is_taken_over_at_once_on_its_machine(
    machine: Machine, url: str, tmp_path: Path
) -> None:
    killed_holder(url, tmp_path / "here")
    here, there = machine("here"), machine("there")
    with pytest.raises(MachineError):
        take_lease(there.bucket, there.home)
    take_lease(here.bucket, here.home).release()


def test_on_another_machine_it_must_be_old_and_stay_unrenewed(
    machine: Machine, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_holder(url, tmp_path / "here")
    there = machine("there")
    monkeypatch.setattr(module, "EXPIRES_SECONDS", 0.0)
    watched = []

    def renews(seconds: float) -> None:
        watched.append(seconds)
        found = there.bucket.get(KEY)
        assert found is not None
        there.bucket.replace(KEY, json.dumps({**json.loads(found[0]), "mark": str(len(watched))}).encode(), found[1])

    with pytest.raises(MachineError):
        take_lease(there.bucket, there.home, sleep=renews)
    take_lease(there.bucket, there.home, sleep=watched.append).release()
    assert watched == [module.RENEW_SECONDS * 2] * 2


def test_it_is_renewed_and_one_that_was_taken_over_is_not_given_back(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = machine("here")
    monkeypatch.setattr(module, "RENEW_SECONDS", 0.05)
    held = take_lease(here.bucket, here.home)
    first = held.tag
    for _ in range(200):
        if held.tag != first:
            break
        held.ended.wait(0.05)
    assert held.tag != first
    here.bucket.put_again(KEY, b'{"owner": "another"}')
    held.release()
    assert here.bucket.get(KEY) is not None
