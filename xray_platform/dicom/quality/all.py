"""All quality rules in one table, in the order of their codes, as the documentation lists them."""

from dataclasses import dataclass

from xray_platform.dicom.quality.anatomy_rules import ANATOMY_RULES
from xray_platform.dicom.quality.container_rules import CONTAINER_RULES
from xray_platform.dicom.quality.duplicates import DUPLICATE_RULES
from xray_platform.dicom.quality.picture_rules import PICTURE_RULES
from xray_platform.dicom.quality.pixel_rules import PIXEL_RULES
from xray_platform.dicom.quality.rule import NOTHING_FOUND, Severity
from xray_platform.dicom.quality.second_decoder import SECOND_DECODER_RULES
from xray_platform.dicom.quality.semantic_rules import SEMANTIC_RULES


@dataclass(frozen=True)
class Listed:
    """A rule as it is listed: its code, the gravest that it asks for, and what it notices in words."""

    code: str
    severity: Severity
    notices: str


_OTHERS = (
    Listed(NOTHING_FOUND, "pass", "nothing: no rule found anything"),
    Listed("Q026", "reject", "pixels that cannot be decoded, or whose examination comes to no end"),
)
_FILE_RULES = (*CONTAINER_RULES, *PIXEL_RULES, *SECOND_DECODER_RULES, *SEMANTIC_RULES, *PICTURE_RULES, *ANATOMY_RULES)
RULES: tuple[Listed, ...] = tuple(
    sorted(
        (
            *_OTHERS,
            *(Listed(rule.code, rule.severity, rule.notices) for rule in _FILE_RULES),
            *(Listed(rule.code, rule.severity, rule.notices) for rule in DUPLICATE_RULES),
        ),
        key=lambda rule: rule.code,
    )
)
