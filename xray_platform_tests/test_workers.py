import multiprocessing
import os
import resource
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from xray_platform.workers import KEEP_MEMORY, THREADS, Limits, Lost, map_in_children

WHAT = "working"


def test_results_come_in_the_order_of_their_items_with_progress() -> None:
    seen: list[tuple[int, int, str]] = []
    squares = list(map_in_children(square, range(6), what=WHAT, progress=lambda *step: seen.append(step)))
    assert squares == [0, 1, 4, 9, 16, 25]
    assert seen == [(number, 6, WHAT) for number in range(1, 7)]


def test_what_fails_hangs_or_dies_is_lost_and_the_others_go_on() -> None:
    results = list(map_in_children(misbehave, ["well", "raise", "hang", "die", "well"], what=WHAT, limits=Limits(3.0)))
    assert results[0] == results[4] == "well"
    lost = [result for result in results[1:4] if isinstance(result, Lost)]
    assert [each.reason for each in lost] == ["error", "timeout", "killed"]
    assert "secret" not in lost[0].detail


def test_what_needs_more_memory_than_its_limit_is_lost() -> None:
    limits = Limits(memory_bytes=1024**3)
    small, large = map_in_children(fill, [10**6, 2 * 10**9], what=WHAT, limits=limits)
    assert small == 10**6
    assert isinstance(large, Lost)
    assert large.reason == "killed"


def test_a_child_has_one_thread_and_keeps_its_memory_for_the_next_item() -> None:
    own_crew = Limits(memory_bytes=7 * 1024**3)
    fetched = list(map_in_children(pages_fetched, [8 * 10**6] * 4, what=WHAT, workers=1, limits=own_crew))
    counts = [pages for pages in fetched if isinstance(pages, int)]
    assert len(counts) == 4
    assert counts[-1] < 100 < counts[0]
    assert list(map_in_children(threads_of, ["OMP_NUM_THREADS"], what=WHAT)) == ["1"]


def test_this_process_is_left_as_it_was() -> None:
    before = {name: os.environ.get(name) for name in (*THREADS, *KEEP_MEMORY)}
    list(map_in_children(square, [1], what=WHAT))
    assert {name: os.environ.get(name) for name in before} == before


def test_a_run_that_a_server_started_ends_with_its_children() -> None:
    """Dagster's code server makes a process for each run with multiprocessing, which does not call `atexit`."""
    server = multiprocessing.get_context("spawn")
    told = server.SimpleQueue()
    run = server.Process(target=work_in_children, args=(told,))
    run.start()
    run.join(60)
    try:
        assert run.exitcode == 0
    finally:
        run.kill()
    children = told.get()
    assert children
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


def work_in_children(told: "multiprocessing.queues.SimpleQueue[list[int]]") -> None:
    told.put([pid for pid in map_in_children(pid_of, [1, 2, 3, 4], what=WHAT, workers=2) if isinstance(pid, int)])


def test_a_relative_path_means_the_same_file_in_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
        monkeypatch.chdir(tmp_path / name)  # the children live on from the first to the second
        assert list(map_in_children(read_text, [Path("file")] * 3, what="reading", workers=1)) == [name] * 3


def read_text(path: Path) -> str:
    return path.read_text()


def pid_of(_: int) -> int:
    return os.getpid()


def square(number: int) -> int:
    return number * number


def misbehave(how: str) -> str:
    if how == "raise":
        raise ValueError("secret")
    if how == "hang":
        time.sleep(60)
    if how == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    return how


def threads_of(library: str) -> str | None:
    return os.environ.get(library)


def fill(count: int) -> int:
    return int(np.ones(count, np.uint8).sum())


def pages_fetched(count: int) -> int:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(count, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
