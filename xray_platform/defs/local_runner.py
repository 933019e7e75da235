"""Local runner: materialise what is pending, stage by stage, in this process, without a Dagster server."""

import os
import time
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import dagster as dg

from xray_platform.defs.freshness import Graph
from xray_platform.defs.instance import open_instance
from xray_platform.defs.integrity import damage, describe_faults, settings_of_last
from xray_platform.defs.location import in_location
from xray_platform.defs.materializations import LastMaterializations
from xray_platform.defs.partitions import BATCHES
from xray_platform.defs.reasons import reasons
from xray_platform.defs.store import ROOT_VARIABLE
from xray_platform.dicom.intake.batch_plan import batch_names
from xray_platform.errors import InputError
from xray_platform.tables.faults import Fault
from xray_platform.tables.places import Places

Listener = Callable[[dg.EventLogEntry], None]
Notice = Callable[[str], None]
RunConfig = Mapping[str, Mapping[str, Any]]
ONE_BY_ONE = 20  # batches; of more, Dagster is asked for all at once, which takes as long as for some dozens
STAGES = (("archive", "imaging"), ("detectors", "networks", "ensembles"), ("evaluation",), ("predictions",))


@dataclass(frozen=True)
class RunOutcome:
    """One Dagster run: what it was asked for and how it ended; `failures`: the reason of each failed asset or check."""

    run_id: str
    partition: str | None
    assets: tuple[str, ...]
    seconds: float
    failures: Mapping[str, str]

    @property
    def success(self) -> bool:
        return not self.failures


class LocalRunner:
    """The asset graph of one store, run in this process."""

    def __init__(self, places: Places, definitions: dg.Definitions, *, read_only: bool = False) -> None:
        """Open a store; with `read_only` one that Dagster has no memory of gets none, and looks as if never run."""
        os.environ[ROOT_VARIABLE] = str(places.root)
        self.places = places
        forgotten = read_only and not places.dagster.is_dir()
        self.instance = dg.DagsterInstance.ephemeral() if forgotten else open_instance(places)
        self.definitions = definitions
        self._assets = definitions.resolve_asset_graph()
        self.graph = Graph(self._assets.get(key).to_asset_spec() for key in self._assets.get_all_asset_keys())

    def close(self) -> None:
        self.instance.dispose()

    def select(self, groups: Sequence[str], selection: str | None) -> list[dg.AssetKey]:
        """Return the assets that a user named, by group or in Dagster's selection syntax, with commas; neither: all.

        Of models that are on request only what is named by the syntax. Raises InputError where nothing has that name.
        """
        if not groups and not selection:
            return self.graph.asked()
        known = sorted({spec.group_name or "" for spec in self.graph.specs.values()})
        unknown = [group for group in groups if group not in known]
        if unknown:
            raise InputError(f"unknown group {', '.join(unknown)}; allowed: {', '.join(known)}")
        found = {key for key in self.graph.asked() if self.graph.specs[key].group_name in groups}
        if selection:
            found |= self._resolve(selection)
        return [key for key in self.graph.specs if key in found]

    def _resolve(self, selection: str) -> set[dg.AssetKey]:
        found: set[dg.AssetKey] = set()
        for part in filter(None, (part.strip() for part in selection.split(","))):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", dg.BetaWarning)  # Dagster's own, raised for every group selection
                    found |= dg.AssetSelection.from_string(part).resolve(self._assets)
            except (dg.DagsterError, ValueError) as error:
                raise InputError(f"cannot understand the selection {part!r}; {self._names()}") from error
        if not found:
            raise InputError(f"no asset is selected by {selection!r}; {self._names()}")
        return found

    def _names(self) -> str:
        return "there are " + ", ".join(key.to_user_string() for key in self.graph.specs)

    def batches(self) -> list[str]:
        """Return all batches, in order: those that have a plan; a partition that somebody typed in by hand is none."""
        return batch_names(self.places)

    def checks(self) -> Collection[dg.AssetCheckKey]:
        """Return all checks of the graph."""
        return self._assets.asset_check_keys

    def _open(self) -> None:
        """Open the partition of each batch: an ingest that was killed has left a plan alone."""
        opened = self.instance.get_dynamic_partitions(str(BATCHES.name))
        if missing := [batch for batch in self.batches() if batch not in opened]:
            self.instance.add_dynamic_partitions(str(BATCHES.name), missing)

    def run(
        self,
        keys: Sequence[dg.AssetKey],
        listener: Listener,
        *,
        force: bool = False,
        deep: bool = False,
        config: RunConfig | None = None,
        notice: Notice | None = None,
        batches: Collection[str] | None = None,
    ) -> Iterator[RunOutcome]:
        """Materialise those of `keys` that are damaged or pending, batch by batch, then stage by stage.

        Of what goes by batch only that of `batches` is looked at, where they are given.

        What is missing or changed in the store is made anew first, with the settings that it was made with, and told by
        `notice`; with the same content nothing downstream of it is out of date. With `deep` every byte is read for it.
        A failed batch holds nothing back but its own pictures, any other failed asset nothing but what reads it.
        """
        last = LastMaterializations(self.instance, together=batches is None or len(batches) > ONE_BY_ONE)
        request = _Request(last, listener, force, deep, config or {}, notice, batches)
        self._open()
        failed: set[dg.AssetKey] = set()
        for stage in STAGES:
            yield from self._by_batch(
                [key for key in self._staged(keys, stage) if self.graph.partitioned(key)], request
            )
            whole = [key for key in self._staged(keys, stage) if not self.graph.partitioned(key)]
            yield from self._whole(whole, request, failed)

    def _whole(
        self, keys: Sequence[dg.AssetKey], request: "_Request", failed: set[dg.AssetKey]
    ) -> Iterator[RunOutcome]:
        """Make assets of all batches, again for what a failure in the same run has needlessly kept from running."""
        while True:
            before = len(failed)
            held = self.graph.held_back(failed)
            for outcome in self._run([key for key in keys if key not in held], None, request, changing=held):
                yield outcome
                failed |= self._failed(outcome)
            if len(failed) == before:
                return

    def _failed(self, outcome: RunOutcome) -> set[dg.AssetKey]:
        """Return the assets that failed, or whose blocking check did; all of a run that says of none."""
        names = {name.split(":")[0] for name in outcome.failures}
        asked = {dg.AssetKey.from_user_string(name) for name in outcome.assets}
        return {key for key in asked if key.to_user_string() in names} or (asked if names else set())

    def _staged(self, keys: Sequence[dg.AssetKey], stage: Sequence[str]) -> list[dg.AssetKey]:
        return [key for key in keys if self.graph.specs[key].group_name in stage]

    def _by_batch(self, keys: Sequence[dg.AssetKey], request: "_Request") -> Iterator[RunOutcome]:
        wanted = [batch for batch in self.batches() if request.batches is None or batch in request.batches]
        for batch in wanted if keys else []:
            for outcome in self._run(keys, batch, request):
                yield outcome
                if not outcome.success:
                    request.tell([f"{batch} failed; everything else goes on without its pictures"])

    def pending(self) -> list[str]:
        """Name what `run` would make of all assets, by batch or stage; nothing is changed."""
        by_batch = [key for key in self.graph.specs if self.graph.partitioned(key)]
        whole = [key for key in self.graph.asked() if key not in by_batch]
        named: list[str] = []
        behind: set[dg.AssetKey] = set()
        last = LastMaterializations(self.instance, together=True)
        for batch in self.batches():
            stale = self.graph.pending(last, by_batch, batch)
            behind |= {*stale}
            named += self._named(stale, self.damaged(by_batch, batch, last=last), batch)
        stale = self.graph.pending(last, whole, None, changing=behind)
        return named + self._named(stale, self.damaged(whole, None, last=last), None)

    def damaged(
        self,
        keys: Sequence[dg.AssetKey],
        partition: str | None,
        *,
        deep: bool = False,
        last: LastMaterializations | None = None,
    ) -> dict[dg.AssetKey, list[Fault]]:
        """Return what is missing or changed of what these assets wrote, by asset; assets without fault are left out.

        `last` is what Dagster remembers, where it was asked already.
        """
        remembered = last or LastMaterializations(self.instance)
        found = {
            key: damage(remembered, self.places, key, partition, deep=deep) for key in self.graph.specs if key in keys
        }
        return {key: faults for key, faults in found.items() if faults}

    def _named(
        self, stale: Sequence[dg.AssetKey], damaged: Collection[dg.AssetKey], partition: str | None
    ) -> list[str]:
        named = [(key, "") for key in stale] + [(key, " (damaged)") for key in damaged if key not in stale]
        return [f"{_named(key, partition)}{why}" for key, why in named]

    def _run(
        self,
        keys: Sequence[dg.AssetKey],
        partition: str | None,
        request: "_Request",
        changing: Collection[dg.AssetKey] = (),
    ) -> Iterator[RunOutcome]:
        """Make anew what is damaged, then what is pending: so what is the same again takes nothing else along.

        What reads any of `changing` is pending too.
        """
        last = request.last
        damaged = self.damaged(keys, partition, deep=request.deep, last=last)
        request.tell(
            line for key, faults in damaged.items() for line in describe_faults(_named(key, partition), faults)
        )
        stale = self.graph.pending(last, keys, partition, request.force)
        if mending := [key for key in damaged if key not in stale]:
            again = {key.to_user_string(): settings_of_last(self.instance, key, partition) for key in mending}
            outcome = self._materialise(mending, partition, request.listener, again)
            last.forget(mending, partition)
            yield outcome
            if not outcome.success:
                return
        if stale or mending or changing:
            last.forget(keys, partition)  # others may have made it since this run began
            if pending := self.graph.pending(last, keys, partition, request.force, changing=changing):
                yield self._materialise(pending, partition, request.listener, request.config)
                last.forget(pending, partition)

    def _materialise(
        self, keys: Sequence[dg.AssetKey], partition: str | None, listener: Listener, config: RunConfig
    ) -> RunOutcome:
        run_id, began = str(uuid4()), time.monotonic()
        self.instance.add_event_listener(run_id, listener)
        job = self._job(keys)
        in_location(self.instance, job)
        result = job.execute_in_process(
            run_config=_run_config(keys, config),
            instance=self.instance,
            partition_key=partition,
            asset_selection=list(keys),
            run_id=run_id,
            raise_on_error=False,
        )
        names = tuple(key.to_user_string() for key in keys)
        return RunOutcome(run_id, partition, names, time.monotonic() - began, _failures(result))

    def _job(self, keys: Sequence[dg.AssetKey]) -> dg.JobDefinition:
        """Return the job that makes all these, so that the run stands under its name; else that of all assets."""
        for job in self.definitions.jobs or ():
            found = self.definitions.resolve_job_def(job.name)
            if set(keys) <= set(found.asset_layer.executable_asset_keys):
                return found
        return self.definitions.resolve_implicit_global_asset_job_def()


@dataclass(frozen=True)
class _Request:
    """How `run` was asked, and what Dagster remembered then."""

    last: LastMaterializations
    listener: Listener
    force: bool
    deep: bool
    config: RunConfig
    notice: Notice | None
    batches: Collection[str] | None = None

    def tell(self, lines: Iterable[str]) -> None:
        if self.notice is not None:
            for line in lines:
                self.notice(line)


def _named(key: dg.AssetKey, partition: str | None) -> str:
    return key.to_user_string() + (f" of {partition}" if partition else "")


def _run_config(pending: Sequence[dg.AssetKey], config: RunConfig) -> dict[str, Any]:
    """Give each asset its settings, and keep Dagster's own lines off the terminal."""
    ops = {name: {"config": dict(config[name])} for key in pending if (name := key.to_user_string()) in config}
    return {"ops": ops, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def _failures(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """Return the reason of each failure, by asset or check, in the words meant for a user."""
    found = reasons(result.all_events)
    if not result.success and not found:
        return {"run": "failed before any step; the Dagster UI has its events"}
    return found
