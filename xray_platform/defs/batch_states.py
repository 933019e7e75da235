"""Batch states: which batches are done, which failed and where, and which nobody has run yet."""

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from xray_platform.defs.local_runner import LocalRunner
from xray_platform.defs.materializations import batches_with

INTAKE = ("archive", "imaging")  # stages; later ones wait for models, not for the batch
PARTITION_TAG = "dagster/partition"
SHOWN = 5


@dataclass(frozen=True)
class BatchState:
    """A batch that is not done: the assets that it lacks, and the steps that failed in its last run, if that failed."""

    batch: str
    lacks: tuple[str, ...]
    failed: tuple[str, ...] = ()
    run_id: str = ""
    started: bool = True

    @property
    def line(self) -> str:
        """Say it in words."""
        if self.run_id:
            where = ", ".join(self.failed) or "before any step"
            return f"{self.batch} failed in {where} (run {self.run_id}); `xray run` tries again"
        if not self.started:
            return f"{self.batch} was never run; `xray run` does"
        return f"{self.batch} lacks {', '.join(self.lacks)}; `xray run` makes them"


def unfinished(store: LocalRunner) -> list[BatchState]:
    """Return the batches that failed, were never run or lack an asset, in order; nothing is changed."""
    batches = store.batches()
    keys = [key for key, spec in store.graph.specs.items() if store.graph.partitioned(key) and _by_intake(spec)]
    made = {key: batches_with(store.instance, key) for key in keys}
    failed = store.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
    suspects = {run.tags.get(PARTITION_TAG) for run in failed}
    states = (
        _state(store.instance, batch, tuple(key.to_user_string() for key in keys if batch not in made[key]), len(keys))
        for batch in batches
        if batch in suspects or any(batch not in made[key] for key in keys)
    )
    return [state for state in states if state is not None]


def describe(states: Sequence[BatchState]) -> list[str]:
    """Return a line a batch; the first ones stand for very many."""
    lines = [state.line for state in states[:SHOWN]]
    rest = [state.batch for state in states[SHOWN:]]
    return [*lines, f"{len(rest)} more: {rest[0]} to {rest[-1]}"] if rest else lines


def _by_intake(spec: dg.AssetSpec) -> bool:
    return spec.group_name in INTAKE


def _state(instance: dg.DagsterInstance, batch: str, lacks: tuple[str, ...], assets: int) -> BatchState | None:
    runs = instance.get_runs(dg.RunsFilter(tags={PARTITION_TAG: batch}), limit=1)
    if runs and runs[0].status is dg.DagsterRunStatus.FAILURE:
        return BatchState(batch, lacks, failed_steps(instance, runs[0].run_id), runs[0].run_id)
    return BatchState(batch, lacks, started=bool(runs) or len(lacks) < assets) if lacks else None


def failed_steps(instance: dg.DagsterInstance, run_id: str) -> tuple[str, ...]:
    """Return the steps of a run that failed; none where it failed before or after them."""
    steps = instance.get_run_step_stats(run_id)
    return tuple(step.step_key for step in steps if step.status is not None and step.status.value == "FAILURE")
