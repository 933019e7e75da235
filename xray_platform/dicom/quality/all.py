"""All quality rules, in one table, in the order of their codes."""

from xray_platform.dicom.quality.container_rules import CONTAINER_RULES
from xray_platform.dicom.quality.picture_rules import PICTURE_RULES
from xray_platform.dicom.quality.pixel_rules import PIXEL_RULES
from xray_platform.dicom.quality.rule import Rule
from xray_platform.dicom.quality.semantic_rules import SEMANTIC_RULES
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.dicom.quality.specimen import Specimen

HEADER_RULES: tuple[Rule[Specimen, QualitySettings], ...] = (*CONTAINER_RULES, *PIXEL_RULES, *SEMANTIC_RULES)
RULES = (*HEADER_RULES, *PICTURE_RULES)

__all__ = ["HEADER_RULES", "PICTURE_RULES", "RULES"]
