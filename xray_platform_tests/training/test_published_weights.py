"""Published weights: fetched once, held to the digest in their name; whatever goes wrong says what to put where."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from xray_platform.errors import InputError
from xray_platform.networks import all as networks
from xray_platform.networks.all import NETWORKS
from xray_platform.training.fit import fit_network
from xray_platform.training.published_weights import BASE_VARIABLE, published_weights
from xray_platform.training.training_settings import TrainingSettings
from xray_platform_tests.training.pictures import part


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, list[str]]]:
    """A folder that is served on loopback, and what was asked for; torch's cache is empty."""
    folder, asked = tmp_path / "served", list[str]()
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given, directory=str(folder))

        def log_message(self, *_: Any) -> None:
            asked.append(self.path)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv(BASE_VARIABLE, f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
        yield folder, asked
        server.shutdown()


def publish(folder: Path, weights: dict[str, Tensor] | bytes, name: str = "resnet18") -> str:
    """Write a checkpoint under the name that torchvision would give it."""
    file = folder / "file"
    if isinstance(weights, bytes):
        file.write_bytes(weights)
    else:
        torch.save(weights, file)
    called = f"{name}-{hashlib.sha256(file.read_bytes()).hexdigest()[:8]}.pth"
    file.rename(folder / called)
    return called


def colours() -> dict[str, Tensor]:
    """Weights of a narrow residual network as published ones are: of three colours and a thousand classes."""
    kind = NETWORKS["resnet"]
    weights = kind.build(kind.settings.model_validate({"width": 8}), 1000).state_dict()
    return {**weights, "conv1.weight": torch.randn(8, 3, 7, 7)}


def fit(folder: Path, **settings: Any) -> Any:
    kind, training = NETWORKS["resnet"], {"epochs": 1, "batch_size": 8, "threads": 1, "device": "cpu", **settings}
    own = kind.settings.model_validate({"width": 8})
    parts = part(16, seed=1), part(8, seed=2)
    return fit_network("resnet", own, TrainingSettings.model_validate(training), *parts, folder=folder)


def test_a_network_begins_with_what_is_fetched_once(
    served: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, asked = served
    weights = colours()
    monkeypatch.setitem(networks.RESNETS, "18", publish(folder, weights))
    for number in range(2):
        fitted = fit(tmp_path / str(number), weights="imagenet", frozen_groups=5)
        assert torch.equal(fitted.module.state_dict()["layer4.1.conv2.weight"], weights["layer4.1.conv2.weight"])
    assert len(asked) == 1


def test_offline_it_says_which_file_to_put_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BASE_VARIABLE, "http://127.0.0.1:9")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(InputError, match=r"by hand as .*checkpoints/resnet18-f37072fd\.pth, or name a mirror"):
        fit(tmp_path / "fit", weights="imagenet")
    assert not list((tmp_path / "hub" / "checkpoints").iterdir()), "nothing half is left"


@pytest.mark.parametrize("content", [b"other bytes", b""])
def test_other_bytes_than_the_name_says_are_refused_and_not_kept(
    served: tuple[Path, list[str]], tmp_path: Path, content: bytes
) -> None:
    folder, _ = served
    (folder / "resnet18-f37072fd.pth").write_bytes(content)
    with pytest.raises(InputError, match="gave other bytes than its name says"):
        published_weights("resnet18-f37072fd.pth")
    kept = tmp_path / "torch" / "hub" / "checkpoints"
    assert not list(kept.iterdir())
    (kept / "resnet18-f37072fd.pth").write_bytes(content)
    with pytest.raises(InputError, match="is not what its name says"):
        published_weights("resnet18-f37072fd.pth")


def test_a_file_that_would_run_code_runs_none(
    served: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Attack:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "ran",)

    folder, _ = served
    monkeypatch.setitem(networks.RESNETS, "18", publish(folder, {"conv1.weight": Attack()}))  # type: ignore[dict-item]
    with pytest.raises(InputError, match="no checkpoint of torch"):
        fit(tmp_path / "fit", weights="imagenet")
    assert not (tmp_path / "ran").exists()


def test_a_network_of_another_width_and_one_that_nobody_published(
    served: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = served
    kind = NETWORKS["resnet"]
    wide = kind.build(kind.settings.model_validate({"width": 16}), 1000).state_dict()
    monkeypatch.setitem(networks.RESNETS, "18", publish(folder, wide))
    with pytest.raises(InputError, match="weights of another network"):
        fit(tmp_path / "fit", weights="imagenet")
    own = NETWORKS["attention_cnn"]
    training = TrainingSettings(weights="imagenet", epochs=1, threads=1, device="cpu")
    parts = part(16, seed=1), part(8, seed=2)
    with pytest.raises(InputError, match="no weights of this network are published"):
        fit_network(own.name, own.settings.model_validate({"width": 8}), training, *parts, folder=tmp_path / "own")


def test_a_mirror_is_a_web_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BASE_VARIABLE, "file:///etc")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(InputError, match="must begin with https"):
        published_weights("resnet18-f37072fd.pth")
    with pytest.raises(InputError, match="no name of published weights"):
        published_weights("../../passwd")
