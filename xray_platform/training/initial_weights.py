"""Initial weights: begin with what another training has learnt, told by the digest of its file."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from xray_platform.errors import InputError
from xray_platform.training.parameter_groups import groups_of
from xray_platform.training.published_weights import published_weights
from xray_platform.training.transfer_settings import TransferSettings

Adapt = Callable[[dict[str, Tensor]], dict[str, Tensor]]
IMAGENET = "imagenet"
NAMED = 3  # of the weights that do not fit


def load_initial_weights(
    network: nn.Module, settings: TransferSettings, adapt: Adapt | None = None, published: str | None = None
) -> None:
    """Give a network that was just built the weights of a file; those of its last group only where they fit.

    The file is safetensors, which holds no code, with the names of `network.state_dict()`, or with such as `adapt`
    understands; `imagenet` stands for the file that is `published` under this name. Raises `InputError` where it is
    missing, damaged, has another digest, or holds weights of another architecture.
    """
    if not settings.weights:
        return
    file, found = _published(published) if settings.weights == IMAGENET else _named(settings.weights)
    own = network.state_dict()
    found = adapt(found) if adapt else found
    last = {id(value) for value in groups_of(network)[-1].state_dict(keep_vars=True).values()}
    may_differ = {name for name, value in network.state_dict(keep_vars=True).items() if id(value) in last}
    wrong = [name for name in own.keys() | found.keys() if not _fits(found.get(name), own.get(name))]
    told = sorted(set(wrong) - may_differ)
    if told:
        raise InputError(
            f"{file} holds weights of another network: {len(told)} of {len(own)} are missing, unknown or of another "
            f"shape, among them {', '.join(told[:NAMED])}; a file of the same network with the same settings is allowed"
        )
    network.load_state_dict({**own, **{name: value for name, value in found.items() if name not in wrong}})


def _published(name: str | None) -> tuple[Path, dict[str, Tensor]]:
    if name is None:
        raise InputError("no weights of this network are published; name a file, FILE#sha256=DIGEST")
    file = published_weights(name)
    try:
        return file, torch.load(file, map_location="cpu", weights_only=True)  # runs no code of the file
    except Exception as error:
        raise InputError(f"{file} is no checkpoint of torch: {type(error).__name__}") from error


def _named(weights: str) -> tuple[Path, dict[str, Tensor]]:
    path, _, digest = weights.rpartition("#sha256=")
    file = Path(path).expanduser()
    return file, _read(file, digest)


def _read(file: Path, digest: str) -> dict[str, Tensor]:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"weights {file} cannot be read: {error.strerror or error}") from error
    if (found := hashlib.sha256(data).hexdigest()) != digest:
        raise InputError(f"weights {file} has the SHA-256 {found}, not {digest} as the setting says")
    try:
        return load(data)
    except SafetensorError as error:
        raise InputError(f"weights {file} is no safetensors file: {error}") from error


def _fits(found: Tensor | None, own: Tensor | None) -> bool:
    return found is not None and own is not None and found.shape == own.shape
