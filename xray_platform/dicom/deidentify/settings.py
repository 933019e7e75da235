"""Settings of the de-identification."""

from typing import Literal

from pydantic import Field

from xray_platform.settings import Settings


class DeidentifySettings(Settings):
    """What a person may choose about de-identification; what goes and what stays is the policy's, not a choice."""

    most_masked: float = Field(
        0.08, ge=0, le=1, description="share of the picture that masks may cover before it is quarantined instead"
    )
    text_in_body: Literal["quarantine", "paint"] = Field(
        "quarantine",
        description="a line of burned-in text over lungs, heart or neck, or where these are not found more than a "
        "fifth of the side from the edge: quarantine the picture, or paint it over as well (some anatomy goes with it)",
    )
    missing_patient_id: Literal["quarantine", "study"] = Field(
        "quarantine",
        description="an image without patient ID, in header and labels file: quarantine it, or let its study be its "
        "own subject (only for collections that were stripped of patient IDs before)",
    )
    most_megapixels: float = Field(64, gt=0, le=1024, description="millions of pixels above which none are decoded")
