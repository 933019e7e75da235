"""A borrowed network: detectors look through it, need no torch afterwards, and refuse what is no network for them."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from xray_platform.detectors.all import DETECTORS
from xray_platform.detectors.backbone import graph_digest, looked_into, read_backbone, side_of
from xray_platform.detectors.contract import Detector
from xray_platform.errors import InputError, StoreError
from xray_platform.networks.all import NETWORKS
from xray_platform.training.openvino_graph import BIN, load_graph
from xray_platform.training.scoring_form import scoring_graph
from xray_platform_tests.detectors.chests import BLOB_COLUMN, BLOB_ROW, SIDE, chests, with_blob

NORMALS, OTHERS = chests(40, seed=1), chests(20, seed=2)
BORROWERS = ("patch_distance", "texture_gaussian")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a network that learnt nothing: its filters are drawn by chance."""
    folder = tmp_path_factory.mktemp("network")
    kind = NETWORKS["attention_cnn"]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        scoring_graph(kind.build(kind.settings(), 1).eval(), SIDE).save(folder)
    return folder


def fitted(name: str, backbone: object, **changes: Any) -> Detector:
    settings = {"side": SIDE, "cell": 8, "stage": 3, "dimensions": 8, "border": 0.1, **changes}
    return DETECTORS[name].fit(
        NORMALS, DETECTORS[name].settings.model_validate({**settings, "backbone": str(backbone)})
    )


@pytest.mark.parametrize("name", BORROWERS)
def test_what_it_sees_through_a_network_tells_a_finding_and_where_it_is(name: str, network: Path) -> None:
    detector = fitted(name, network)
    assert detector.score(with_blob(OTHERS)).min() > np.median(detector.score(OTHERS))
    maps = detector.heatmap(with_blob(OTHERS))
    peaks = np.array([np.unravel_index(heat.argmax(), heat.shape) for heat in maps])
    assert np.median(np.hypot(peaks[:, 0] - BLOB_ROW, peaks[:, 1] - BLOB_COLUMN)) < 14
    said = " ".join(detector.describe())
    assert f"stage 3 of {network} (SHA-256 {graph_digest(load_graph(network))[:12]}" in said


@pytest.mark.parametrize("name", BORROWERS)
@pytest.mark.parametrize("change", [{"stage": 2}, {"dimensions": 5}])
def test_stage_and_dimensions_count(name: str, change: dict[str, int], network: Path) -> None:
    assert not np.array_equal(fitted(name, network, **change).score(OTHERS), fitted(name, network).score(OTHERS))


@pytest.mark.parametrize("name", BORROWERS)
def test_it_is_kept_with_what_it_borrowed_and_scores_without_torch(name: str, network: Path, tmp_path: Path) -> None:
    borrowed = shutil.copytree(network, tmp_path / "borrowed")
    detector = fitted(name, borrowed)
    detector.save(tmp_path / "kept")
    shutil.rmtree(borrowed)
    np.save(tmp_path / "pictures.npy", OTHERS)
    program = (
        "import sys, numpy as np; from pathlib import Path; from xray_platform.detectors.all import DETECTORS;"
        f"d = DETECTORS[{name!r}].load(Path({str(tmp_path / 'kept')!r}));"
        f"np.save({str(tmp_path / 'scores.npy')!r}, d.score(np.load({str(tmp_path / 'pictures.npy')!r})));"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    np.testing.assert_array_equal(np.load(tmp_path / "scores.npy"), detector.score(OTHERS))


@pytest.mark.parametrize("name", BORROWERS)
def test_another_graph_or_none_in_its_folder_is_noticed(name: str, network: Path, tmp_path: Path) -> None:
    fitted(name, network).save(tmp_path)
    content = bytearray((tmp_path / BIN).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / BIN).write_bytes(content)
    with pytest.raises(StoreError, match="is not the one that was saved there"):
        DETECTORS[name].load(tmp_path)
    (tmp_path / "graph.xml").unlink()
    with pytest.raises(StoreError, match=r"the graph of the backbone in .* is missing"):
        DETECTORS[name].load(tmp_path)


def test_what_cannot_be_borrowed_is_said_in_one_line(network: Path, tmp_path: Path) -> None:
    (tmp_path / "no.onnx").write_bytes(b"no network")
    (tmp_path / "no.pt").write_bytes(b"no network")
    for backbone, problem in (
        (tmp_path / "nowhere.onnx", "is missing"),
        (tmp_path, "holds no graph.xml"),
        (tmp_path / "no.onnx", "is no graph"),
        (tmp_path / "no.pt", "a folder of a trained network"),
        (f"{network}#sha256={'0' * 64}", f"has the SHA-256 {graph_digest(load_graph(network))}, not 0000"),
    ):
        with pytest.raises(InputError, match=problem) as raised:
            fitted("patch_distance", backbone)
        assert "\n" not in str(raised.value)
    with pytest.raises(InputError, match=r"takes pictures of 64 px, not 128: set `side: 64`"):
        fitted("patch_distance", network, side=128)
    with pytest.raises(InputError, match=r"no maps at stage 6; it has 1, 2, 3, 4"):
        fitted("texture_gaussian", network, stage=6)


def test_the_right_digest_is_taken(network: Path) -> None:
    named = f"{network}#sha256={graph_digest(load_graph(network))}"
    assert np.array_equal(
        fitted("patch_distance", named).score(OTHERS), fitted("patch_distance", network).score(OTHERS)
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_of_the_platform_can_be_looked_into(name: str) -> None:
    kind = NETWORKS[name]
    graph = scoring_graph(kind.build(kind.settings(), 1).eval(), SIDE)
    for stage in (1, 2, 3):
        (maps,) = looked_into(graph, stage)(OTHERS[:2])
        assert maps.shape[0] == 2
        assert maps.shape[2:] == (SIDE // 2**stage, SIDE // 2**stage)
        assert maps.shape[1] >= 16


@pytest.mark.filterwarnings("ignore:You are using the legacy TorchScript-based ONNX export:DeprecationWarning")
@pytest.mark.parametrize("form", ["xml", "onnx"])
def test_a_network_of_three_colours_from_elsewhere_sees_grey_as_imagenet_is_standardised(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any checkpoint comes as a graph: here one of three channels, as OpenVINO or torch writes it."""
    import openvino

    file = tmp_path / f"network.{form}"
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 6, 3, stride=2, padding=1), torch.nn.ReLU()).eval()
    example = torch.zeros(1, 3, SIDE, SIDE)
    if form == "xml":
        openvino.save_model(openvino.convert_model(network, example_input=example, input=[(-1, 3, SIDE, SIDE)]), file)
    else:
        from torch.onnx._internal.torchscript_exporter import onnx_proto_utils

        monkeypatch.setattr(onnx_proto_utils, "_add_onnxscript_fn", lambda content, _: content)  # asks for onnx
        torch.onnx.export(network, (example,), file, dynamo=False)
    graph = read_backbone(str(file))
    assert side_of(graph) == SIDE
    (maps,) = looked_into(graph, 1)(OTHERS[:3])
    mean, deviation = (torch.tensor(v).view(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.no_grad():
        wanted = network((torch.from_numpy(OTHERS[:3, None]).repeat(1, 3, 1, 1) - mean) / deviation)
    np.testing.assert_allclose(maps, wanted.numpy(), atol=1e-3)
