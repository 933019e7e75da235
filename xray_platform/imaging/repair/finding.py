"""What can be wrong with a picture: the words, a finding, and the diagnosis that gathers them."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from xray_platform.imaging.repair.channels import ChannelNoise
from xray_platform.imaging.repair.exposure import Exposure
from xray_platform.imaging.repair.find_colour_map import FalseColour
from xray_platform.imaging.repair.missing import MissingRegion
from xray_platform.imaging.repair.outline import Outline


class Trouble(StrEnum):
    """What a diagnosis can find."""

    FALSE_COLOUR = "false_colour"
    OUTLINE = "warped_outline"
    MISSING = "missing_region"
    IMPULSE = "impulse_noise"
    GAUSSIAN = "gaussian_noise"
    SPECKLE = "speckle_noise"
    CONTRAST = "low_contrast"


MEANING: dict[Trouble, str] = {
    Trouble.FALSE_COLOUR: "the grey levels were painted with a colour map",
    Trouble.OUTLINE: "the picture lies rotated or in perspective on an empty canvas",
    Trouble.MISSING: "a disc or another region is blanked out",
    Trouble.IMPULSE: "single pixels are thrown far off (salt and pepper)",
    Trouble.GAUSSIAN: "every pixel carries noise of about the same strength",
    Trouble.SPECKLE: "every pixel carries noise that grows with its level",
    Trouble.CONTRAST: "the levels fill a small part of the scale only",
}


@dataclass(frozen=True)
class Finding:
    """One trouble, how sure it is (0 to 1), and the measurements that speak for it, in words."""

    name: Trouble
    confidence: float
    evidence: str

    def describe(self) -> str:
        """Return one sentence for reports: the trouble, how sure, and why."""
        return f"{self.name} ({self.confidence:.0%} sure): {MEANING[self.name]}; {self.evidence}"


@dataclass(frozen=True)
class Diagnosis:
    """Everything the analysis found in one picture, and the measurements that mending needs."""

    findings: tuple[Finding, ...]
    outline: Outline | None
    missing: tuple[MissingRegion, ...]
    colour: FalseColour | None
    noise: tuple[ChannelNoise, ...]
    exposure: Exposure
    usable: NDArray[np.bool_] = field(repr=False)
    """(rows, columns): pixels that carry the picture, inside its outline and outside missing regions."""

    def confidence(self, trouble: Trouble) -> float:
        """Return how sure it is that the picture has this trouble, 0 where it was not found."""
        return max((f.confidence for f in self.findings if f.name == trouble), default=0.0)

    def sound(self, sure: float) -> bool:
        """Return whether no finding is at least `sure`."""
        return all(finding.confidence < sure for finding in self.findings)

    def describe(self) -> list[str]:
        """Return one sentence a finding, or one that says the picture is sound."""
        return [finding.describe() for finding in self.findings] or ["nothing found: the picture looks sound"]
