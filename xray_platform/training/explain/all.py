"""All explanations of a network: how its heat maps can be made; a new one is its file and one line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from xray_platform.networks.contract import ExplainableModule
from xray_platform.training.explain.attention_map import attention_map
from xray_platform.training.explain.gradcam import gradcam
from xray_platform.training.explain.gradcam_plus_plus import gradcam_plus_plus
from xray_platform.training.explain.occlusion import occlusion

Wanted = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Explanation:
    """How maps (N, S, S) are made of a network, pictures (N, 1, S, S) and the logit that is explained; and in words."""

    make: Callable[[ExplainableModule, Tensor, Wanted], Tensor]
    words: str


EXPLANATIONS: Mapping[str, Explanation] = {
    "grad_cam": Explanation(gradcam, "Grad-CAM of the last stage, in logits"),
    "grad_cam_plus_plus": Explanation(gradcam_plus_plus, "Grad-CAM++ of the last stage"),
    "occlusion": Explanation(occlusion, "how far the logit falls where a part of the picture is covered"),
    "attention": Explanation(attention_map, "how the network itself weighs the places in its last stage"),
}
"""By the words of the setting `heatmap`."""
