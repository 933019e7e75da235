"""How long the command takes from nothing: it imports what it needs, and nothing else."""

from xray_platform_tests.cli.processes import imported, processor_seconds

SECONDS = 0.6


def test_help_is_there_at_once() -> None:
    heavy = {"pandas", "numpy", "torch", "mlflow", "dagster", "cv2", "pydicom"}
    assert not heavy & imported("--help")
    assert min(processor_seconds("--help") for _ in range(3)) < SECONDS
