"""Kept part: what a long benchmark has measured so far, a file each, so that one that was ended goes on from there."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from xray_platform.atomic import atomic_write
from xray_platform.bench.said import Row, Said
from xray_platform.image_stack import Scores


@dataclass(frozen=True)
class Measured:
    """Figures, and the scores that they came from by the family that was learnt from ("" for all)."""

    figures: Row
    said: Mapping[str, Said] = field(default_factory=dict)


def kept_part(file: Path, measure: Callable[[], Measured]) -> Measured:
    """Return what `measure` gives, from the file where it was measured before."""
    if not file.is_file():
        atomic_write(file, json.dumps(_as_json(measure())).encode())
    return _read(json.loads(file.read_text()))


def _as_json(measured: Measured) -> dict[str, object]:
    said = {
        family: {"reference": said.reference.tolist(), "of": {name: score.tolist() for name, score in said.of.items()}}
        for family, said in measured.said.items()
    }
    return {"figures": measured.figures, "said": said}


def _read(content: Mapping[str, Any]) -> Measured:
    said = {
        family: Said(_scores(parts["reference"]), {name: _scores(score) for name, score in parts["of"].items()})
        for family, parts in content["said"].items()
    }
    return Measured(content["figures"], said)


def _scores(numbers: list[float]) -> Scores:
    return np.asarray(numbers, np.float64)
