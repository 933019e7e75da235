"""Threads: torch's wait asleep, so that a busy core costs a network little; as many compute as were asked for."""

import os
import subprocess
import sys
import time

import torch

from xray_platform.training.threads import threads
from xray_platform.workers import cores

LEARN = """
import resource, time
from xray_platform.networks.all import NETWORKS
from xray_platform.training.threads import threads
import torch
network = NETWORKS["attention_cnn"].build(NETWORKS["attention_cnn"].settings(), 1)
images = torch.rand(16, 1, 96, 96)
def steps(count):
    for _ in range(count):
        network(images).sum().backward()
with threads(0):
    steps(2)
    began = time.perf_counter()
    steps(6)
    print(time.perf_counter() - began)
"""


def _python(code: str, **environment: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=inherited | environment, capture_output=True, text=True, check=True).stdout


def test_waiting_threads_sleep_unless_somebody_wants_it_otherwise() -> None:
    asked = "import xray_platform, os; print(os.environ['OMP_WAIT_POLICY'])"
    assert _python(asked).strip() == "PASSIVE"
    assert _python(asked, OMP_WAIT_POLICY="ACTIVE").strip() == "ACTIVE"


def test_a_neighbour_on_every_core_costs_no_more_than_its_share() -> None:
    """Threads that spin took many times as long here; fair shares are a half, and machines are noisy."""
    free = float(_python(LEARN))
    neighbours = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores())]
    try:
        time.sleep(0.2)
        taken = float(_python(LEARN))
    finally:
        for neighbour in neighbours:
            neighbour.kill()
            neighbour.wait()
    assert taken < 8 * free + 2


def test_the_number_of_threads_is_put_back() -> None:
    before = torch.get_num_threads()
    with threads(1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
