"""Backbone: what a borrowed network sees at one of its stages, as a graph that needs no torch.

The maps of a network that learnt something else tell normal patches from others (PatchCore, arXiv 2106.08265; PaDiM,
arXiv 2011.08785). Any of the platform's networks can be borrowed, and any graph of OpenVINO
or ONNX; it stays as it is.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field

from xray_platform.errors import InputError
from xray_platform.openvino_core import core
from xray_platform.settings import Settings
from xray_platform.training.openvino_graph import BIN, XML, OpenVinoGraph

DIGEST = "#sha256="
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of red, green and blue, in [0, 1]


class BackboneSettings(Settings):
    """Which network is borrowed, where it is looked into, and how much of what it sees is kept."""

    backbone: str = Field(
        "",
        description="network whose maps describe a place, instead of detail of some sizes: models:/NAME/VERSION or "
        "models:/NAME@ALIAS of a network registered in MLflow; the folder of a trained network, or a file .xml "
        "(OpenVINO) or .onnx; #sha256=DIGEST after it holds it to its digest; empty: none",
    )
    stage: int = Field(
        3, ge=1, le=6, description="where a backbone is looked into: at its maps of 1/2, 1/4, 1/8, … of the side"
    )
    dimensions: int = Field(
        32, ge=2, le=512, description="mixtures, drawn by the seed, that are kept of the channels of a backbone's maps"
    )


def read_backbone(backbone: str) -> OpenVinoGraph:
    """Return the graph that a setting names: the folder of a network, or a file; DIGEST as `graph_digest` says.

    Raises InputError where it is missing, is no graph of pictures, or has another digest.
    """
    named, _, digest = backbone.partition(DIGEST)
    path = Path(named).expanduser()
    file = path / XML if path.is_dir() else path
    if not file.is_file():
        told = "holds no graph.xml, as the folder of a trained network does" if path.is_dir() else "is missing"
        raise InputError(f"backbone {named}: {file if not path.is_dir() else path} {told}")
    if file.suffix not in {".xml", ".onnx"}:
        raise InputError(f"backbone {named}: a folder of a trained network, .xml (OpenVINO) or .onnx is allowed")
    try:
        graph = _as_graph(file)
        side_of(graph)
    except (RuntimeError, OSError) as error:
        raise InputError(f"backbone {named} is no graph: {str(error).splitlines()[0]}") from error
    if digest and digest != (found := graph_digest(graph)):
        raise InputError(f"backbone {named} has the SHA-256 {found}, not {digest} as the setting says")
    return graph


def graph_digest(graph: OpenVinoGraph) -> str:
    """Return the SHA-256 of both files of a graph: `cat graph.xml graph.bin | sha256sum`; of an .onnx as it is read."""
    return hashlib.sha256(graph.xml + graph.weights).hexdigest()


def side_of(graph: OpenVinoGraph) -> int:
    """Return the side of the pictures that a graph takes, in pixels; InputError where it takes no pictures."""
    shape = graph.read().inputs[0].get_partial_shape()
    if shape.rank.is_dynamic or shape.rank.get_length() != 4 or shape[2].is_dynamic or shape[2] != shape[3]:
        raise InputError(f"a backbone takes {shape}; (n, 1 or 3, S, S) with a fixed S is allowed")
    if shape[1].is_dynamic or shape[1].get_length() not in {1, 3}:
        raise InputError(f"a backbone takes {shape}; one channel or three are allowed")
    return int(shape[2].get_length())


def looked_into(graph: OpenVinoGraph, stage: int) -> OpenVinoGraph:
    """Return the part of a graph up to a stage: pictures (n, 1, S, S) to maps (n, C, S / 2^stage, S / 2^stage).

    Of all maps of that size it is the last of the widest. Three channels are given the picture three times, as ImageNet
    is standardised. Raises InputError where the graph has no maps of that size.
    """
    from openvino import Model  # a third of a second to import

    model, side = graph.read(), side_of(graph)
    maps = dict[int, Any]()
    for operation, channels, size in _maps(model):
        if size not in maps or channels >= maps[size][0]:
            maps[size] = (channels, operation)
    wanted = -(-side // 2**stage)
    if wanted not in maps or wanted == 1:
        there = [number for number in range(1, 7) if -(-side // 2**number) in maps.keys() - {1}]
        raise InputError(f"the backbone has no maps at stage {stage}; it has {', '.join(map(str, there)) or 'none'}")
    part = Model([maps[wanted][1].output(0)], model.get_parameters(), "backbone")
    return _saved(_of_one_channel(part))


def _maps(model: Any) -> Iterator[tuple[Any, int, int]]:
    """Yield operations that give square maps of each picture, with how many maps and their side, in order."""
    for operation in model.get_ordered_ops():
        if operation.get_type_name() in {"Parameter", "Result", "Constant", "Pad"} or not operation.get_output_size():
            continue
        shape = operation.get_output_partial_shape(0)
        if shape.rank.is_dynamic or shape.rank.get_length() != 4 or shape[0].is_static:
            continue
        if shape[1].is_static and shape[2].is_static and shape[2] == shape[3]:
            yield operation, shape[1].get_length(), shape[2].get_length()


def _of_one_channel(model: Any) -> Any:
    """Return a model of pictures with one channel: one of three sees them in red, green and blue alike."""
    if model.inputs[0].get_partial_shape()[1] == 1:
        return model
    import numpy as np
    from openvino import opset13 as ops

    given = model.get_parameters()[0]
    side = given.get_output_partial_shape(0)[2].get_length()
    grey = ops.parameter([-1, 1, side, side], np.float32)
    three = ops.concat([grey, grey, grey], axis=1)
    mean, deviation = (
        np.reshape(value, (1, 3, 1, 1)).astype(np.float32) for value in (IMAGENET_MEAN, IMAGENET_DEVIATION)
    )
    scaled = ops.divide(ops.subtract(three, ops.constant(mean)), ops.constant(deviation))
    for target in given.output(0).get_target_inputs():
        target.replace_source_output(scaled.output(0))
    from openvino import Model

    return Model(model.get_results(), [grey], "backbone")


def _as_graph(file: Path) -> OpenVinoGraph:
    """Return the graph of a file; an .onnx as OpenVINO writes it, with any number of pictures."""
    from openvino import PartialShape

    if file.suffix == ".xml":
        return OpenVinoGraph(file.read_bytes(), file.with_suffix(".bin").read_bytes())
    model = core().read_model(file)
    shape = model.inputs[0].get_partial_shape()
    if shape.rank.is_static and shape.rank.get_length() == 4:
        model.reshape(PartialShape([-1, *list(shape)[1:]]))
    return _saved(model)


def _saved(model: Any) -> OpenVinoGraph:
    """Return a model as the bytes of its two files."""
    from openvino import save_model

    with tempfile.TemporaryDirectory() as folder:
        save_model(model, Path(folder) / XML, compress_to_fp16=False)
        return OpenVinoGraph((Path(folder) / XML).read_bytes(), (Path(folder) / BIN).read_bytes())
