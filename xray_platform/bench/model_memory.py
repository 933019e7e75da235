"""Model memory: the most memory that fitting, scoring and reporting take for 2,000 and for 20,000 images of 224 px.

Run as `python -m xray_platform.bench.model_memory ROOT STAGE` it does one stage on the store at ROOT in a process of
its own and prints the most MiB that this process had.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import zarr

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.bench.machine import peak_memory_mb
from xray_platform.bench.tensor_store import record_tensors
from xray_platform.defs.cohort import Cohort, read_cohort
from xray_platform.defs.score_cohort import score_images
from xray_platform.evaluation.evaluate import evaluate
from xray_platform.evaluation.report import write_report
from xray_platform.evaluation.report_input import ReportInput
from xray_platform.imaging.recipe import default_recipe
from xray_platform.imaging.store.tensors import create_tensors, rows_part
from xray_platform.models.all import MODELS
from xray_platform.models.contract import FitContext, Part
from xray_platform.progress import Progress, silent
from xray_platform.tables.all import SPLITS, TENSORS
from xray_platform.tables.layouts import tensor_array
from xray_platform.tables.places import Places
from xray_platform.training.epoch_callback import ignore_epoch

SIDE, BATCH_IMAGES = 224, 1000
FEW, MANY = 2000, 20_000
PARTS = {"train": 0.7, "val": 0.15, "test": 0.15}
NETWORK = {"width": 8, "epochs": 1, "batch_size": 64, "threads": 1}


def measure(progress: Progress, inputs: Inputs) -> Figures:
    """Return the most memory of each stage for few and for many images, and their ratio."""
    stores = {count: inputs.root / f"{count}-images" for count in (FEW, MANY)}
    for count, root in stores.items():
        _fill(Places(root), count)
    figures: dict[str, float | int | str] = {}
    for number, stage in enumerate(STAGES):
        most = {count: _most(root, stage) for count, root in stores.items()}
        figures |= {f"{stage}, {count} images, mb": most[count] for count in stores}
        figures[f"{stage}, {MANY} images against {FEW}, ratio"] = most[MANY] / most[FEW]
        progress(number + 1, len(STAGES), "stages measured")
    return figures


def _most(root: Path, stage: str) -> float:
    command = [sys.executable, "-m", __spec__.name, str(root), stage]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.split()[-1])


def _fill(places: Places, count: int) -> None:
    """Write the tensors of so many images, with labels and a split; after the first batch by links to its files."""
    recipe, rng = default_recipe(SIDE), np.random.default_rng(0)
    batches = [f"batch-{number:04d}" for number in range(count // BATCH_IMAGES)]
    first = tensor_array(places, recipe.id, batches[0])
    create_tensors(first, BATCH_IMAGES, recipe)
    coarse = rng.integers(0, 65535, (BATCH_IMAGES, SIDE // 8, SIDE // 8), np.uint16)
    zarr.open_array(first, mode="r+")[:] = coarse.repeat(8, axis=1).repeat(8, axis=2)
    splits = []
    for batch in batches:
        array = tensor_array(places, recipe.id, batch)
        for file in [path for path in first.rglob("*") if path.is_file()] if array != first else []:
            target = array / file.relative_to(first)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(file, target)
        record_tensors(places, recipe.id, batch)
        images = [f"{batch[-4:]}{number:012x}" for number in range(BATCH_IMAGES)]
        rows = [{"image": image, "batch": batch, "recipe": recipe.id, "row": row} for row, image in enumerate(images)]
        TENSORS.write(places, TENSORS.frame(rows), rows_part(batch, recipe.id))
        splits += _splits(batch, images)
    SPLITS.write(places, SPLITS.frame(splits))


def _splits(batch: str, images: list[str]) -> list[dict[str, Any]]:
    """Return the rows of the table SPLITS of a batch: every second image abnormal, one image a subject."""
    edges = np.cumsum([round(share * len(images)) for share in PARTS.values()])
    part = np.array(list(PARTS))[np.searchsorted(edges, np.arange(len(images)), side="right")]
    empty = dict.fromkeys(column.name for column in SPLITS.columns if column.nullable)
    return [
        {**empty, "image": image, "batch": batch, "subject": f"sub-{image}", "abnormal": number % 2 == 1,
         "findings": "abnormal" if number % 2 else "normal", "split": str(part[number]), "reason": "assigned"}
        for number, image in enumerate(images)
    ]  # fmt: skip


def _cohort(places: Places) -> Cohort:
    return read_cohort(places, (default_recipe(SIDE),))


def _fit(name: str, settings: Mapping[str, Any], places: Places) -> None:
    """Fit a model to the training part, and keep it."""
    cohort, kind = _cohort(places), MODELS[name]
    parts = [Part(cohort.images(rows), cohort.labels(rows)) for rows in (cohort.part("train"), cohort.part("val"))]
    chosen = tuple(
        part.model_validate({field: value for field, value in settings.items() if field in part.model_fields})
        for part in kind.settings
    )
    fitted = kind.fit(parts[0], parts[1], chosen, FitContext(places.models / name, ignore_epoch))
    fitted.save(places.models / name / "model")


def _score(name: str, places: Places) -> None:
    """Score the whole cohort with the model that was kept, and keep the scores."""
    cohort = _cohort(places)
    scores = score_images(MODELS[name].load(places.models / name / "model"), cohort.images(cohort.rows), silent)
    cohort.rows.assign(score=scores).to_parquet(places.root / "scores.parquet")


def _report(places: Places) -> None:
    """Evaluate the scores that were kept, and write the report."""
    scores = pd.read_parquet(places.root / "scores.parquet")
    evaluation = evaluate(scores, model="attention_cnn")
    hashes = scores[["image"]].assign(sha256="0" * 64, pixel_sha256="0" * 64)
    given = ReportInput(evaluation=evaluation, title="memory", family="network", hashes=hashes)
    write_report(places.reports / "memory", given)


STAGES: Mapping[str, Callable[[Places], None]] = {
    "pca_residual fitted": partial(_fit, "pca_residual", {}),
    "one_class_svm fitted": partial(_fit, "one_class_svm", {}),
    "attention_cnn fitted": partial(_fit, "attention_cnn", NETWORK),
    "attention_cnn scored": partial(_score, "attention_cnn"),
    "report": _report,
}


def main(root: Path, stage: str) -> None:
    """Do one stage and say how much memory this process had at most."""
    STAGES[stage](Places(root))
    sys.stdout.write(f"\n{peak_memory_mb():.0f}\n")


MEMORY = Benchmark("memory", "memory of fitting, scoring and reporting for ten times the images", measure)

if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
