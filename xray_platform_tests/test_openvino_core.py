"""Graphs come and go in any order, and a signal that comes afterwards is heard, not the process's end."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import openvino
import pytest
from openvino import opset13 as ops

from xray_platform.openvino_core import core

GONE_IN_ORDER = """
import os, signal, sys
from pathlib import Path
import numpy as np
from xray_platform.training.openvino_graph import load_graph

heard = []
signal.signal(signal.SIGUSR1, lambda *_: heard.append(True))
graphs = [load_graph(Path(sys.argv[1])) for _ in range(3)]
for graph in graphs:
    graph(np.zeros((1, 8, 8), np.float32))
del graph
while graphs:
    graphs.pop(0)  # a champion of several models is replaced: the first that came is the first to go
os.kill(os.getpid(), signal.SIGUSR1)
print("heard" if heard else "not heard")
"""


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """A folder with a graph that doubles pictures (n, 1, 8, 8)."""
    pictures = ops.parameter([-1, 1, 8, 8], np.float32)
    model = openvino.Model([ops.multiply(pictures, np.float32(2))], [pictures], "doubling")
    openvino.save_model(model, tmp_path / "graph.xml")
    return tmp_path


def test_a_signal_after_graphs_have_gone_is_heard(graph: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", GONE_IN_ORDER, graph], check=False, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "heard\n", "")


def test_there_is_one_core() -> None:
    assert core() is core()
