"""All networks: a new one is one file and one line here."""

from xray_platform.networks.attention_cnn import SMALLEST_SIDE, AttentionCnn, AttentionCnnSettings
from xray_platform.networks.contract import NetworkKind

_KINDS = (
    NetworkKind(
        "attention_cnn",
        AttentionCnnSettings,
        AttentionCnn,
        "a small residual network with channel and spatial attention, learnt from scratch",
        smallest_side=SMALLEST_SIDE,
    ),
)

NETWORKS: dict[str, NetworkKind] = {kind.name: kind for kind in _KINDS}
