"""A network scores by its graph as it does by torch, whatever its kind and however many classes it tells apart."""

import numpy as np
import pytest
import torch

from xray_platform.networks.all import NETWORKS
from xray_platform.training.scoring_form import ScoringForm, scoring_graph

ROUNDING = 1e-4  # of what the logits differ by


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_graph_says_what_torch_says(name: str, outputs: int) -> None:
    kind = NETWORKS[name]
    torch.manual_seed(0)
    network = kind.build(kind.settings(), outputs).eval()
    images = np.random.default_rng(1).random((5, 64, 64), dtype=np.float32)
    with torch.no_grad():
        logits, embeddings = ScoringForm(network)(torch.from_numpy(images[:, None]))
    graph = scoring_graph(network, 64)
    for threads, count in ((1, 5), (2, 1)):
        said, seen = graph(images[:count], threads=threads)
        assert said.shape == ((count, 3) if outputs > 1 else (count,))
        scale = max(1.0, float(logits.abs().max()))
        np.testing.assert_allclose(said, logits[:count].numpy(), atol=ROUNDING * scale)
        scale = max(1.0, float(embeddings.abs().max()))
        np.testing.assert_allclose(seen, embeddings[:count].numpy(), atol=ROUNDING * scale)
