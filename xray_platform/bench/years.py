"""Years: two years of a store in minutes: what is noticed when, what is retrained, promoted and kept from it.

Made-up deliveries, a month each, go the way of all pictures. Retraining starts as in a store that asks for it: where a
batch with labels drifted, and every sixth month; not in a month in which the model in use was found wrong more often
than before, for then a person looks at the labels first: those of the month before are put right, and taken in again.
Where the retrained model is no better, a person says that the champion stays, as `xray promote champion` does.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg
import pandas as pd
import yaml

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.bench.opened_store import open_store, own_key
from xray_platform.bench.simulated_years import EVENTS, MONTHS, WRONG_LABELS, Month, correct
from xray_platform.bench.years_figure import draw_years
from xray_platform.defs.launchpad import QUICK_SETTINGS
from xray_platform.defs.local_runner import LocalRunner
from xray_platform.defs.monitoring_results import monitored
from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.errors import MachineError
from xray_platform.evaluation.performance import PerformanceSettings
from xray_platform.progress import Progress
from xray_platform.tables.all import DECISIONS, PREDICTIONS, SPLITS
from xray_platform.tables.places import Places

MODELS = ("attention_cnn",)
EVERY = 6  # months from one scheduled retraining to the next
FIRST = 3  # the month in which the first models are made
MODEL_ASSETS = ",".join(f"{name},{name}_scores,{name}_report" for name in MODELS) + ",leaderboard,champion"
READ = ",".join(f'+key:"{name}"' for name in MODELS)  # with all that is made before them
CONFIRMED = {"champion": {"promote": "champion", "by": "a person", "why": "the retrained model is no better"}}


@dataclass(frozen=True)
class MonthSeen:
    """What was seen in a month, and what was done: reasons of a retraining, and what became of the models.

    confirmed: a person said that the champion stays; right: by measure, the share of the month's verdicts that were
    right by the true labels; None before a champion.
    """

    number: int
    drifted: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    retrained: str = ""
    decisions: tuple[str, ...] = ()
    confirmed: bool = False
    right: tuple[float, float] | None = None


def measure(progress: Progress, inputs: Inputs) -> Figures:
    """Live through the months, draw what happened, and count what was noticed in time."""
    with TemporaryDirectory(prefix="xray-years-") as folder, own_key():
        places = Places(Path(folder) / "store")
        places.root.mkdir()
        places.settings.write_text(yaml.safe_dump(_settings()), encoding="utf-8")
        with open_store(places) as store:
            seen = list(_lived(store, Path(folder), progress))
    drawing = inputs.root / "bench" / "years.png"
    drawing.parent.mkdir(parents=True, exist_ok=True)
    drawing.write_bytes(draw_years(seen))
    return {**figures_of(seen), "drawn in": str(drawing.relative_to(inputs.root))}


def _settings() -> dict[str, object]:
    chosen = {name: dict(QUICK_SETTINGS[name]) for name in MODELS}
    return {**chosen, **{f"{name}_scores": {"corruption_pictures": 0} for name in MODELS}}


def _lived(store: LocalRunner, folder: Path, progress: Progress) -> Iterator[MonthSeen]:
    said: dict[int, pd.DataFrame] = {}
    found: list[MonthSeen] = []
    for number in range(1, MONTHS + 1):
        archive = folder / f"{number:02d}"
        Month(number).write(archive)
        if number == WRONG_LABELS + 1:
            correct(folder / f"{WRONG_LABELS:02d}" / "labels.csv")
            plan_batches(store.places, folder / f"{WRONG_LABELS:02d}", origin="phantom")
        batches = [plan.batch for plan in plan_batches(store.places, archive, origin="phantom")]
        _made(store, [key for key in store.select([], READ) if key.to_user_string() not in MODELS])
        _made(store, store.select([], "predictions,monitoring"))
        seen = _seen(store.places, number, batches[-1])
        if reason := _reason(seen, number):
            seen = replace(seen, retrained=reason, decisions=_retrained(store))
            if seen.drifted and seen.decisions == ("kept",):
                seen = replace(seen, confirmed=_confirmed(store))
        said[number] = PREDICTIONS.read(store.places, batches[-1])
        found.append(seen)
        progress(number, MONTHS, "months")
    truth = SPLITS.read(store.places).set_index("image")["abnormal"].astype(bool)
    yield from (replace(seen, right=_right(said[seen.number], truth)) for seen in found)


def _made(store: LocalRunner, keys: Sequence[dg.AssetKey]) -> None:
    for outcome in store.run(keys, lambda _: None):
        if not outcome.success:
            raise MachineError(f"a run failed: {dict(outcome.failures)}")


def _seen(places: Places, number: int, batch: str) -> MonthSeen:
    """Say what monitoring noticed of the newest batch."""
    watched = monitored(places, PerformanceSettings())
    found = [side[batch] for side in (watched.pictures, watched.predictions) if batch in side]
    facts = [fact for one in found for fact in one.drifted]
    losses = tuple(point.said for point in watched.performance if point.alarm and point.batch == batch)
    return MonthSeen(number, tuple(fact.said for fact in facts), losses)


def _reason(seen: MonthSeen, number: int) -> str:
    if number == FIRST:
        return "the first models"
    if number < FIRST or seen.losses:
        return ""
    if seen.drifted:
        return "drift"
    return "schedule" if number % EVERY == 0 else ""


def _retrained(store: LocalRunner) -> tuple[str, ...]:
    """Retrain, and return what became of each model that would have been champion."""
    before = set(DECISIONS.parts(store.places))
    list(store.run(store.select([], MODEL_ASSETS), lambda _: None, force=True))
    new = [part for part in DECISIONS.parts(store.places) if part not in before]
    return tuple(str(word) for part in new for word in DECISIONS.read(store.places, part)["decision"])


def _confirmed(store: LocalRunner) -> bool:
    """Let a person say that the champion stays: the batches that are there are known then."""
    return all(
        outcome.success
        for outcome in store.run(store.select([], "champion"), lambda _: None, force=True, config=CONFIRMED)
    )


def _right(said: pd.DataFrame, truth: "pd.Series[bool]") -> tuple[float, float] | None:
    """Return the share of abnormal pictures that were called so, and of normal ones."""
    rows = said[said["image"].isin(truth.index)]
    abnormal = rows["image"].map(truth).astype(bool)
    if rows.empty or abnormal.all() or not abnormal.any():
        return None
    called = rows["verdict"] == "abnormal"
    return float(called[abnormal].mean()), float((~called[~abnormal]).mean())


def figures_of(seen: Sequence[MonthSeen]) -> Figures:
    """Count what was noticed in the month in which it began, or the one after, and what became of the models."""
    noticed = {one.number: bool(one.drifted or one.losses) for one in seen}
    begun = {month + late for month in EVENTS for late in (0, 1)}
    quiet = [number for number in noticed if number > 2 and number not in begun]
    decisions = [word for one in seen for word in one.decisions]
    figures: dict[str, float | int | str] = {
        "what": f"{len(seen)} months of phantoms; retrained on drift and every {EVERY} months; "
        f"{datetime.now(UTC).date().isoformat()}",
    }
    for month, event in EVENTS.items():
        first = next((number for number in (month, month + 1) if noticed.get(number)), None)
        figures[f"{event} in month {month}, noticed in month"] = first if first is not None else "not noticed"
    figures["other months in which something was noticed"] = ", ".join(str(n) for n in quiet if noticed[n]) or "none"
    figures["months with an alarm"] = sum(noticed.values())
    figures |= {
        f"noticed in month {one.number}": "; ".join(one.drifted + one.losses) for one in seen if noticed[one.number]
    }
    figures["retrained in months"] = ", ".join(f"{one.number} ({one.retrained})" for one in seen if one.retrained)
    figures["champion confirmed by a person in months"] = (
        ", ".join(str(one.number) for one in seen if one.confirmed) or "none"
    )
    for word in ("promoted", "kept", "refused"):
        figures[f"models {word}"] = decisions.count(word)
    return figures


YEARS = Benchmark("years", "two simulated years of a store: what is noticed, retrained, promoted, refused", measure)
