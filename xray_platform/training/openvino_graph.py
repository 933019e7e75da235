"""OpenVINO graph: a learnt network as a file that scores on a processor without torch, several times as fast."""

import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xray_platform.errors import StoreError
from xray_platform.image_stack import Images
from xray_platform.openvino_core import core

if TYPE_CHECKING:  # torch takes seconds to import, and those who only score need none
    from torch import nn

XML, BIN = "graph.xml", "graph.bin"
PLAN = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
"""32 bits: a score does not depend on the processor, and at the sides in use they are faster here than 16."""


@dataclass(frozen=True, eq=False)
class OpenVinoGraph:
    """A graph as the bytes of its two files; it takes (n, 1, S, S) float32 and gives one array or several.

    Of a network with clinical columns it takes (n, 2, S, S).
    """

    xml: bytes = field(repr=False)
    weights: bytes = field(repr=False)
    _plans: dict[int, Any] = field(default_factory=dict, init=False, repr=False)

    def __call__(self, images: Images, *, threads: int = 1) -> tuple[NDArray[np.float32], ...]:
        """Return what the network says of pictures (n, S, S) in [0, 1], or (n, 2, S, S) with clinical columns.

        One thread, where pictures are scored side by side in processes.
        """
        planes = images if images.ndim == 4 else images[:, None]
        answer = self._compiled(threads)({0: np.ascontiguousarray(planes)})
        return tuple(np.array(answer[number], np.float32) for number in range(len(answer)))

    def save(self, folder: Path) -> None:
        """Write `graph.xml` and `graph.bin` into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / XML).write_bytes(self.xml)
        (folder / BIN).write_bytes(self.weights)

    def read(self) -> Any:
        """Return the graph as OpenVINO reads it; RuntimeError where it is none."""
        return core().read_model(self.xml, self.weights)

    def _compiled(self, threads: int) -> Any:
        if threads not in self._plans:
            self._plans[threads] = core().compile_model(self.read(), "CPU", {**PLAN, "INFERENCE_NUM_THREADS": threads})
        return self._plans[threads]


def load_graph(folder: Path) -> OpenVinoGraph:
    """Return the graph that was saved in `folder`; StoreError where it is missing or no graph."""
    try:
        graph = OpenVinoGraph((folder / XML).read_bytes(), (folder / BIN).read_bytes())
        graph.read()
    except (OSError, RuntimeError) as error:
        raise StoreError(f"the graph in {folder} is missing or damaged: {error}") from error
    return graph


def export_graph(network: "nn.Module", side: int, planes: int = 1) -> OpenVinoGraph:
    """Return a network of pictures (n, planes, side, side), in evaluation mode, as a graph."""
    # seconds to import, both
    import openvino
    import torch

    example = torch.zeros(2, planes, side, side)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)  # of torch, for how OpenVINO reads a network
        traced = torch.jit.trace(network.eval(), example, check_trace=False)  # type: ignore[no-untyped-call]
        model = openvino.convert_model(traced, example_input=example, input=[(-1, planes, side, side)])
    _name_by_order(model)
    with tempfile.TemporaryDirectory() as folder:
        openvino.save_model(model, Path(folder) / XML, compress_to_fp16=False)
        return OpenVinoGraph((Path(folder) / XML).read_bytes(), (Path(folder) / BIN).read_bytes())


def _name_by_order(model: Any) -> None:
    """Name a graph's operations by their order, so that the same network gives the same bytes in every process."""
    model.set_friendly_name("network")
    for number, operation in enumerate(model.get_ordered_ops()):
        operation.set_friendly_name(f"{operation.get_type_name()}_{number}")
