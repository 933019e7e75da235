"""What an operator's monitoring reads of a store: by the command, and from a port, as Prometheus asks."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from xray_platform.ports import free_port
from xray_platform.tables.all import CATALOGUE, IMAGES
from xray_platform_tests.defs.conftest import Story

Values = Mapping[tuple[str, tuple[str, ...]], float]


def values_of(text: str) -> Values:
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def command(root: Path, *words: str) -> list[str]:
    return [str(Path(sys.executable).parent / "xray"), "--root", str(root), "metrics", *words]


def test_the_command_prints_what_the_store_holds(story: Story) -> None:
    places = story.places
    ran = subprocess.run(command(places.root), capture_output=True, text=True, check=True)
    values = values_of(ran.stdout)
    batches = len(story.store.batches())
    assert sum(values["xray_batches", (state,)] for state in ("done", "failed", "open")) == batches
    assert values["xray_table_rows", ("images",)] == len(IMAGES.read(places))
    assert values["xray_runs", ("retrain", "success")] >= 1
    assert values["xray_run_last_success_timestamp_seconds", ("retrain",)] > 1.7e9
    assert values["xray_check_failed", ("quality", "schema", "error")] == 0
    assert [key for key in values if key[0] == "xray_champion_info"]
    assert 0 <= values["xray_model_figure", ("auroc", "pca_residual")] <= 1


def test_no_figure_names_a_person_or_a_file(story: Story) -> None:
    ran = subprocess.run(command(story.places.root), capture_output=True, text=True, check=True)
    raw = CATALOGUE.read(story.places)
    images = IMAGES.read(story.places)
    named = {*raw["source"], *raw["sha256"].dropna(), *images["image"], *images["subject"]}
    assert named
    assert not [name for name in named if str(name) in ran.stdout]


def test_a_server_gives_them_anew_each_time(story: Story) -> None:
    port = free_port()
    with subprocess.Popen(
        command(story.places.root, "--port", str(port)), stderr=subprocess.PIPE, text=True, env={**os.environ}
    ) as process:
        assert process.stderr is not None
        try:
            assert f"http://127.0.0.1:{port}/metrics" in process.stderr.readline()
            url = f"http://127.0.0.1:{port}/metrics"
            waiting = story.places.inbox / "new.dcm"
            for count in (0, 1):
                with urlopen(url, timeout=60) as answer:
                    values = values_of(answer.read().decode())
                assert values["xray_inbox_files", ()] == count
                waiting.parent.mkdir(parents=True, exist_ok=True)
                waiting.write_bytes(b"")
        finally:
            waiting.unlink(missing_ok=True)
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0


def test_a_store_without_models_has_figures_too(tmp_path: Path) -> None:
    (tmp_path / "data" / "raw").mkdir(parents=True)
    ran = subprocess.run(command(tmp_path), capture_output=True, text=True, check=True)
    values = values_of(ran.stdout)
    assert values["xray_table_rows", ("images",)] == 0
    assert not (tmp_path / "mlruns").exists(), "to look changes nothing"
    assert not (tmp_path / "data" / ".dagster").exists()


def test_no_store_is_said(tmp_path: Path) -> None:
    ran = subprocess.run(command(tmp_path / "nothing"), capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "holds no store" in ran.stderr
