"""Plain loop: how a network is trained without a platform: a folder of PNG, a DataLoader of PyTorch, one for-loop."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

LEARNING_RATE = 1e-3


class PngFolder(Dataset[tuple[Tensor, Tensor]]):
    """Files `0-….png` (normal) and `1-….png` of a folder, read and resized each time that they are asked for."""

    def __init__(self, folder: Path, side: int) -> None:
        self.files, self.side = sorted(folder.glob("*.png")), side

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        """Return a picture (1, S, S) in [0, 1] and its label."""
        file = self.files[number]
        with Image.open(file) as opened:
            grey = opened.convert("L").resize((self.side, self.side), Image.Resampling.BILINEAR)
        pixels = np.asarray(grey, np.float32) / np.float32(255)
        return torch.from_numpy(pixels)[None], torch.tensor(float(file.name[0]))


def plain_epochs(network: nn.Module, folder: Path, side: int, batch_size: int) -> Iterator[float]:
    """Train epoch after epoch, in float32, with AdamW and one worker process; yield the loss of each."""
    loader = DataLoader(PngFolder(folder, side), batch_size=batch_size, shuffle=True, num_workers=1)
    optimizer, loss_of = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE), nn.BCEWithLogitsLoss()
    network.train()
    while True:
        total = 0.0
        for images, labels in loader:
            optimizer.zero_grad()
            loss = loss_of(network(images), labels)
            loss.backward()
            optimizer.step()
            total += float(loss.detach())
        yield total / len(loader)
