"""Second look: a small learnt network that sees a piece by itself, laid level, and says whether it is writing."""

from functools import cache
from pathlib import Path
from typing import Any

from xray_platform.dicom.burned_in.cuts import Cuts

MODEL = Path(__file__).parent / "second_look.xml"


def look_again(cuts: Cuts) -> float:
    """Return the chance, 0 to 1, that a piece is writing: that of its cut (windows, 5, 48, 96) that looks most so."""
    return max(float(_request().infer({0: cut[None]})[0][0]) for cut in cuts)


@cache
def _request() -> Any:
    """Return the compiled network; one thread, for pictures are examined side by side."""
    from openvino import Core  # a third of a second to import

    plan = {"INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "LATENCY"}
    return Core().compile_model(MODEL, "CPU", plan).create_infer_request()
