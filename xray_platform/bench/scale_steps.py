"""Scale steps: what is done to a store of many pictures, step by step; each is timed by its own processor seconds."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import numpy as np

from xray_platform.bench.batch_way import TICKS, Seconds, StepSeconds, busy, drop, run, ticks
from xray_platform.bench.machine import peak_memory_mb
from xray_platform.bench.opened_store import open_store
from xray_platform.bench.scale_store import A_BATCH, RUN, grow_to
from xray_platform.bench.started import xray_command
from xray_platform.defs.batch_states import unfinished
from xray_platform.defs.cohort import read_cohort
from xray_platform.defs.graph import settings_classes
from xray_platform.defs.launchpad import tensors_in_use
from xray_platform.defs.partitions import BATCHES
from xray_platform.defs.store_settings import read_settings
from xray_platform.defs.verify import verify_store
from xray_platform.dicom.intake.raw_store import lost_raw
from xray_platform.dicom.intake.verify import history_differences
from xray_platform.errors import MachineError
from xray_platform.evaluation.curves import curves_of
from xray_platform.evaluation.evaluate import Evaluation, EvaluationSettings, evaluate
from xray_platform.evaluation.leaderboard import Entry, leaderboard
from xray_platform.evaluation.leaderboard_page import write_leaderboard
from xray_platform.evaluation.load_evaluation import load_evaluation
from xray_platform.evaluation.paired_models import pair_models
from xray_platform.evaluation.report import write_report
from xray_platform.evaluation.report_input import ReportInput
from xray_platform.imaging.recipe import Recipe
from xray_platform.imaging.recipes import known_recipes
from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.progress import silent
from xray_platform.tables.all import CATALOGUE, IMAGES, LEADERBOARD, SCORES
from xray_platform.tables.places import Places
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.names import CHAMPION, CHAMPION_MODEL

MODELS = ("attention_cnn", "resnet", "pca_residual")
RESAMPLES = 200
"""Draws behind each interval; a tenth of what a store takes unless told otherwise, for they are alike."""
DELIVERED = 128  # pixels
MOST_BYTES = 20_000_000
"""Of a page: more no browser shows well."""
SETTINGS = EvaluationSettings(resamples=RESAMPLES)


def grown(places: Places, pictures: int) -> Seconds:
    """Fill the store."""
    with open_store(places) as store:
        ids = {asset: recipe.id for asset, recipe in _recipes(places).items()}
        return _timed("store grown", lambda: grow_to(store, pictures, ids, silent))


def _recipes(places: Places) -> Mapping[str, Recipe]:
    """Return the recipe of each asset of tensors that the store has."""
    known = known_recipes(places)
    used = tensors_in_use(read_settings(places, settings_classes(known)).values())
    return {one.asset: known[one.recipe].recipe(one.tensor_side) for one in used}


def _timed(name: str, work: Callable[[], object]) -> Seconds:
    return {name: busy(work)[1]}


def _catalogue(places: Places) -> Seconds:
    return _timed("catalogue and images read", lambda: (CATALOGUE.read(places), IMAGES.read(places)))


def _journal(places: Places) -> Seconds:
    def look() -> None:
        if wrong := [*history_differences(places), *lost_raw(places)]:
            raise MachineError(f"the journal of the grown store has {len(wrong)} faults: {wrong[0]}")

    return _timed("journal, plans and raw files compared", look)


def _verified(places: Places) -> Seconds:
    with open_store(places) as store:
        return _timed("xray verify, without reading bytes", lambda: verify_store(store))


def _status(places: Places) -> Seconds:
    command = xray_command(places.root, "status")
    return _timed("xray status", lambda: subprocess.run(command, check=True, capture_output=True))


def _pending(places: Places) -> Seconds:
    with open_store(places) as store:
        return {**_timed("what is pending", store.pending), **_timed("unfinished batches", lambda: unfinished(store))}


def _asset(name: str) -> Callable[[Places], Seconds]:
    """Return the step that materialises an asset of all batches, with its checks."""

    def step(places: Places) -> Seconds:
        with open_store(places) as store:
            seconds = StepSeconds()
            _, whole = busy(lambda: run(store, [dg.AssetKey(name)], seconds, (), force=True))
        each = {step: spent for step, spent in seconds.seconds.items() if step != name}
        return {f"{name}, in all": whole, name: seconds.seconds[name], **each}

    return step


def _cohort(places: Places) -> Seconds:
    recipe = next(iter(_recipes(places).values()))
    return _timed("cohort read", lambda: read_cohort(places, [recipe]))


def _scores(places: Places) -> Seconds:
    """Judge three models of different skill by made-up scores, and keep what they say."""
    rows = read_cohort(places, [next(iter(_recipes(places).values()))]).rows
    rng = np.random.default_rng(0)
    found: Seconds = {}
    for skill, model in enumerate(MODELS, start=1):
        score = rng.normal(size=len(rows)) + 0.5 * skill * rows["abnormal"].to_numpy(float)
        evaluation, spent = busy(lambda: evaluate(rows.assign(score=score), SETTINGS, model=model))  # noqa: B023 - called here
        found[f"scores of a model judged, {RESAMPLES} draws"] = spent
        _, written = busy(lambda: SCORES.write(places, evaluation.rows, model))  # noqa: B023 - called here
        found["scores of a model written"] = written
        _judgement(places, model).write_text(json.dumps(evaluation.dump()), encoding="utf-8")
    return found


def _leaderboard(places: Places) -> Seconds:
    def made() -> None:
        evaluations = [_kept(places, model) for model in MODELS]
        frame = leaderboard([Entry(one, "network", RUN, f"{one.model}/report.html") for one in evaluations])
        LEADERBOARD.write(places, frame)
        pairs = pair_models(evaluations, MODELS[-1])
        write_leaderboard(places.reports, frame, {one.model: curves_of(one) for one in evaluations}, pairs=pairs)

    return _timed("leaderboard of three models", made)


def _report(places: Places) -> Seconds:
    evaluation, folder = _kept(places, MODELS[0]), places.reports / MODELS[0] / RUN
    found = _timed("report of a model", lambda: write_report(folder, ReportInput(evaluation)))
    if (size := (folder / "report.html").stat().st_size) > MOST_BYTES:
        raise MachineError(f"the page of a report has {size:,} bytes; at most {MOST_BYTES:,} are promised")
    return found


def _monitoring(places: Places) -> Seconds:
    with _champion(places):
        return _asset("monitoring")(places)


@contextmanager
def _champion(places: Places) -> Iterator[None]:
    """Let a run that nobody has trained be champion meanwhile, so that the predictions are those of the champion."""
    client = open_tracking(places).client
    if not client.search_registered_models(f"name = '{CHAMPION_MODEL}'"):
        client.create_registered_model(CHAMPION_MODEL)
    source = (places.mlruns / "artifacts" / RUN).as_uri()
    version = client.create_model_version(CHAMPION_MODEL, source, run_id=RUN, tags={"model": MODELS[0]})
    client.set_registered_model_alias(CHAMPION_MODEL, CHAMPION, version.version)
    try:
        yield
    finally:
        client.delete_registered_model_alias(CHAMPION_MODEL, CHAMPION)


def _batch(places: Places) -> Seconds:
    """Take a new batch in, from the inbox to the predictions."""
    number = len(list(places.inbox.glob("*")))
    delivery = f"delivery-{number}"
    waiting = places.root.parent / delivery
    if not waiting.is_dir():
        write_archive(waiting, ArchiveSettings(pictures=A_BATCH, side=DELIVERED, seed=10 + number, broken=False))
    found: Seconds = {}
    with open_store(places) as store:
        places.inbox.mkdir(parents=True, exist_ok=True)
        ticks(store, TICKS)
        _, found["inbox sensor, nothing new"] = busy(lambda: ticks(store, 1))
        drop(sorted(waiting.rglob("*.dcm")), places.inbox / delivery)
        opened, found["inbox sensor, a new batch"] = busy(lambda: ticks(store, TICKS))
        store.instance.add_dynamic_partitions(str(BATCHES.name), opened)
        keys = [
            key for key in store.select(["archive", "imaging", "predictions"], None) if store.graph.partitioned(key)
        ]
        steps = StepSeconds()
        _, found["run of the new batch"] = busy(lambda: run(store, keys, steps, opened))
    found |= {f"new batch: {name}": spent for name, spent in steps.seconds.items()}
    found[NEW_BATCH] = found["inbox sensor, a new batch"] + found["run of the new batch"]
    return found


def _extended(places: Places) -> Seconds:
    """Join the labels and divide the pictures once more after a batch came, as at the hour."""
    after = {**_asset("labels")(places), **_asset("splits")(places)}
    return {f"{name}, after a new batch": after[name] for name in ("labels", "splits")}


def _kept(places: Places, model: str) -> Evaluation:
    return load_evaluation(_judgement(places, model), SCORES.read(places, model))


def _judgement(places: Places, model: str) -> Path:
    return places.root / f"{model}.json"


GROWN = "grown"
NEW_BATCH = "new batch of 1,000, in all"
STEPS: Mapping[str, Callable[[Places], Seconds]] = {
    "catalogue": _catalogue,
    "journal": _journal,
    "verify": _verified,
    "status": _status,
    "pending": _pending,
    "labels": _asset("labels"),
    "splits": _asset("splits"),
    "cohort": _cohort,
    "data_report": _asset("data_report"),
    "scores": _scores,
    "leaderboard": _leaderboard,
    "report": _report,
    "monitoring": _monitoring,
    "batch": _batch,
    "extended": _extended,
}
"""In the order in which they are done: each has what those before it left."""


def main(root: Path, step: str, pictures: int) -> None:
    """Do one step and print its processor seconds and the most MiB that this process had."""
    places = Places(root)
    seconds = grown(places, pictures) if step == GROWN else STEPS[step](places)
    sys.stdout.write("\n" + json.dumps({"seconds": dict(seconds), "mb": peak_memory_mb()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
