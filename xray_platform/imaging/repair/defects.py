"""Defects: what can be wrong with a picture, what was detected in one, and the diagnosis that gathers it."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from xray_platform.imaging.repair.channels import ChannelNoise
from xray_platform.imaging.repair.exposure import Exposure
from xray_platform.imaging.repair.find_colour_map import FalseColour
from xray_platform.imaging.repair.missing import MissingRegion
from xray_platform.imaging.repair.outline import Outline


class Defect(StrEnum):
    """What a diagnosis can detect."""

    FALSE_COLOUR = "false_colour"
    OUTLINE = "warped_outline"
    MISSING = "missing_region"
    IMPULSE = "impulse_noise"
    GAUSSIAN = "gaussian_noise"
    SPECKLE = "speckle_noise"
    CONTRAST = "low_contrast"


MEANING: dict[Defect, str] = {
    Defect.FALSE_COLOUR: "the grey levels were painted with a colour map",
    Defect.OUTLINE: "the picture lies rotated or in perspective on an empty canvas",
    Defect.MISSING: "a disc or another region is blanked out",
    Defect.IMPULSE: "single pixels are far off their neighbours (salt and pepper)",
    Defect.GAUSSIAN: "every pixel carries noise of about the same strength",
    Defect.SPECKLE: "every pixel carries noise that grows with its level",
    Defect.CONTRAST: "the levels fill a small part of the scale only",
}


@dataclass(frozen=True)
class DetectedDefect:
    """One defect, how sure it is (0 to 1), and the measurements that speak for it, in words."""

    name: Defect
    confidence: float
    evidence: str

    def describe(self) -> str:
        """Return one sentence for reports: the defect, how sure, and why."""
        return f"{self.name} ({self.confidence:.0%} sure): {MEANING[self.name]}; {self.evidence}"


@dataclass(frozen=True)
class Diagnosis:
    """Everything that was measured in one picture, and the measurements that repair needs."""

    defects: tuple[DetectedDefect, ...]
    outline: Outline | None
    missing: tuple[MissingRegion, ...]
    colour: FalseColour | None
    noise: tuple[ChannelNoise, ...]
    exposure: Exposure
    usable: NDArray[np.bool_] = field(repr=False)
    """(rows, columns): pixels that carry the picture, inside its outline and outside missing regions."""

    def confidence(self, defect: Defect) -> float:
        """Return how sure it is that the picture has this defect, 0 where it was not found."""
        return max((found.confidence for found in self.defects if found.name == defect), default=0.0)

    def sound(self, sure: float) -> bool:
        """Return whether no defect is at least `sure`."""
        return all(defect.confidence < sure for defect in self.defects)

    def describe(self) -> list[str]:
        """Return one sentence a defect, or one that says the picture is sound."""
        return [defect.describe() for defect in self.defects] or ["nothing found: the picture looks sound"]
