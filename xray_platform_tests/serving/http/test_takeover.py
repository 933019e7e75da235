"""A new champion takes over between two requests; a broken or missing one leaves the old in place and is told."""

import shutil
import threading
from pathlib import Path

from xray_platform.serving.http.champion import ModelLocation
from xray_platform.serving.http.settings import ServeSettings
from xray_platform_tests.serving.bundles import small_bundle
from xray_platform_tests.serving.http.serving import server, wait_until

SETTINGS = ServeSettings(readers=1, takeover_seconds=0.1)


class Registry:
    """A registry whose champion the test changes."""

    def __init__(self, location: ModelLocation) -> None:
        self.location: ModelLocation | None = location

    def __call__(self) -> ModelLocation | None:
        return self.location


def registered(folder: Path, version: str, seed: int = 0) -> ModelLocation:
    bundle = small_bundle(folder, seed)
    return ModelLocation(bundle.folder, bundle.id, version)


def test_requests_go_on_while_the_next_one_takes_over(tmp_path: Path, sound: list[Path]) -> None:
    registry, data = Registry(registered(tmp_path / "first", "1")), sound[0].read_bytes()
    with server(registry, SETTINGS) as running:
        seen: list[tuple[int, str, float]] = []
        over = threading.Event()

        def ask() -> None:
            while not over.is_set():
                answer = running.judge(data)
                seen.append((answer.status, answer.json["model"]["version"], answer.json["images"][0]["score"]))

        clients = [threading.Thread(target=ask) for _ in range(3)]
        for client in clients:
            client.start()
        wait_until(lambda: len(seen) > 3)
        registry.location = registered(tmp_path / "second", "2", seed=1)
        wait_until(lambda: any(version == "2" for _, version, _ in seen))
        over.set()
        for client in clients:
            client.join()
        assert {status for status, _, _ in seen} == {200}
        assert {round(score, 4) for _, version, score in seen if version == "1"}.isdisjoint(
            {round(score, 4) for _, version, score in seen if version == "2"}
        )
        assert len({(version, round(score, 4)) for _, version, score in seen}) == 2


def test_a_broken_one_leaves_the_old_one_serving(tmp_path: Path, sound: list[Path]) -> None:
    registry = Registry(registered(tmp_path / "first", "1"))
    with server(registry, SETTINGS) as running:
        broken = registered(tmp_path / "second", "2", seed=1)
        (broken.folder / "model" / "more.txt").write_text("not of the bundle")
        registry.location = broken
        wait_until(lambda: running.get("/readyz").json["problem"] != "")
        assert "version 2 of the champion cannot be loaded" in running.get("/readyz").json["problem"]
        assert running.get("/readyz").status == 200
        answer = running.judge(sound[0].read_bytes())
        assert (answer.status, answer.json["model"]["version"]) == (200, "1")
        assert "xray_champion_problem 1.0" in running.get("/metrics").body.decode()
        registry.location = registered(tmp_path / "third", "3", seed=2)
        wait_until(lambda: running.get("/v1/models").json["serving"]["version"] == "3")
        assert running.get("/readyz").json["problem"] == ""


def test_one_that_is_taken_away_serves_on(tmp_path: Path, sound: list[Path]) -> None:
    registry = Registry(registered(tmp_path / "first", "1"))
    with server(registry, SETTINGS) as running:
        shutil.rmtree(tmp_path / "first")
        registry.location = None
        wait_until(lambda: "no champion any more" in running.get("/readyz").json["problem"])
        assert running.judge(sound[0].read_bytes()).status == 200
