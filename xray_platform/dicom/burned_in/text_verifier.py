"""Text verifier: a small trained network that says of a candidate by itself, laid level, whether it is writing."""

from functools import cache
from pathlib import Path
from typing import Any

from xray_platform.dicom.burned_in.crops import Crops
from xray_platform.openvino_core import core

MODEL = Path(__file__).parent / "text_verifier.xml"


def verify(crops: Crops) -> float:
    """Return the probability that a candidate is writing: of its crops (windows, 5, 48, 96) the greatest."""
    return max(float(_request().infer({0: crop[None]})[0][0]) for crop in crops)


@cache
def _request() -> Any:
    """Return the compiled network; one thread, for pictures are examined side by side."""
    plan = {"INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "LATENCY"}
    return core().compile_model(MODEL, "CPU", plan).create_infer_request()
