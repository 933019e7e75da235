"""Example: a whole `dataset.yaml`, as the guide shows it and `xray dataset --example` prints it."""

from pathlib import Path

EXAMPLE = (Path(__file__).parent / "example.yaml").read_text(encoding="utf-8")
