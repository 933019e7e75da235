"""Links lead to where the UI is."""

import pytest

from xray_platform.tracking.links import VIEW, artifact_url, base_url, experiment_url, registered_url, run_url


@pytest.mark.parametrize(
    ("variable", "tracking_uri", "expected"),
    [
        (None, "sqlite:////data/mlruns/mlflow.db", "http://127.0.0.1:5000"),
        (None, "https://mlflow.example/", "https://mlflow.example"),
        ("http://10.0.0.1:8080/", "https://mlflow.example", "http://10.0.0.1:8080"),
    ],
)
def test_the_ui_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, tracking_uri: str, expected: str
) -> None:
    if variable:
        monkeypatch.setenv("XRAY_MLFLOW_URL", variable)
    assert base_url(tracking_uri) == expected


def test_addresses_are_those_of_the_ui() -> None:
    assert experiment_url("1") == f"http://127.0.0.1:5000/#/experiments/1/runs{VIEW}"
    assert run_url("1", "ab") == f"http://127.0.0.1:5000/#/experiments/1/runs/ab{VIEW}"
    assert artifact_url("1", "ab", "report/report.html", "http://ui") == (
        f"http://ui/#/experiments/1/runs/ab/artifacts/report/report.html{VIEW}"
    )
    assert registered_url("xray-champion", "http://ui") == f"http://ui/#/models/xray-champion{VIEW}"
