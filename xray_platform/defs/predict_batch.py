"""Predict a batch: what the champion says of its pictures, by their tensors or by their files."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from xray_platform.defs.asset_result import AssetResult
from xray_platform.defs.clinical_values import stated_facts
from xray_platform.defs.cohort import Cohort, with_tensors
from xray_platform.defs.read_parts import read_parts
from xray_platform.dicom.standard.standard_images import settings_of
from xray_platform.object_store.on_demand import bring
from xray_platform.progress import Progress
from xray_platform.serving.class_probabilities import ClassProbability, named_in
from xray_platform.serving.files import predict_files
from xray_platform.serving.predict import Predictor
from xray_platform.serving.prediction import PredictedFile
from xray_platform.serving.reference import Placed
from xray_platform.tables.all import CLASS_PREDICTIONS, EMBEDDINGS, IMAGES, PREDICTIONS
from xray_platform.tables.places import Places
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.registry import champion, champion_bundle

Judged = tuple[dict[str, object], tuple[ClassProbability, ...]]


def predict_batch(places: Places, batch: str, progress: Progress) -> AssetResult:
    """Predict every picture of a batch, with or without label; nothing before there is a champion."""
    tracking = open_tracking(places)
    in_use = champion(tracking)
    if in_use is None:
        for table in (PREDICTIONS, CLASS_PREDICTIONS, EMBEDDINGS):
            table.write(places, table.frame([]), batch)
        return AssetResult(PREDICTIONS, PREDICTIONS.frame([]), {"champion": "none yet; train the models"})
    bundle = champion_bundle(tracking)
    predictor = Predictor.load(bundle.folder, expected=bundle.id)
    by = {"model": in_use.model, "run": in_use.run_id}
    judged = list(_rows(places, batch, predictor, progress))
    rows = [{**row, **by} for row, _ in judged]
    frame = PREDICTIONS.frame(rows)
    PREDICTIONS.write(places, frame, batch)
    EMBEDDINGS.write(places, EMBEDDINGS.frame(rows), batch)
    each = [
        {"image": row["image"], "batch": batch, **by, **one.as_json()} for row, classes in judged for one in classes
    ]
    CLASS_PREDICTIONS.write(places, CLASS_PREDICTIONS.frame(each), batch)
    return AssetResult(
        PREDICTIONS,
        frame,
        {
            "champion": f"{in_use.model}, version {in_use.version}",
            "pictures": len(frame),
            "abnormal": int((frame["verdict"] == "abnormal").sum()),
            "not judged": len(IMAGES.read(places, batch)) - len(frame),
        },
    )


def _rows(places: Places, batch: str, predictor: Predictor, progress: Progress) -> Iterator[Judged]:
    """Judge a batch by its tensors where the champion learnt from such, else by its files; yield rows with classes."""
    pictures = IMAGES.read(places, batch)[["image", "batch", "subject", "file"]]
    rows = with_tensors(places, pictures, predictor.facts.recipes, batch)
    if len(rows) == len(pictures) and (pictures.empty or settings_of(places, [batch]) == predictor.facts.standard):
        return _by_tensors(Cohort(places, predictor.facts.recipes, rows, predictor.facts.clinical_columns), predictor)
    return _by_files(places, pictures, predictor, progress)


def _by_tensors(pictures: Cohort, predictor: Predictor) -> Iterator[Judged]:
    images = pictures.images(pictures.rows)
    for chosen, read in read_parts(predictor.model, images):
        part: pd.DataFrame = pictures.rows.iloc[chosen]
        (scores, classes), placed = predictor.judge(read), predictor.place(read)
        prediction = part[["image", "batch", "subject"]].assign(
            score=scores,
            probability=predictor.probability(scores),
            verdict=np.where(predictor.facts.threshold.predict(scores), "abnormal", "normal"),
            distance=[where.distance if where else np.nan for where in placed],
            embedding=pd.Series([_along(predictor, where) for where in placed], index=part.index, dtype=object),
            named=pd.Series([named_in(said) for said in classes], index=part.index, dtype=object),
        )
        rows_of_part = ({str(name): value for name, value in row.items()} for row in prediction.to_dict("records"))
        yield from zip(rows_of_part, classes, strict=True)


def _by_files(places: Places, pictures: pd.DataFrame, predictor: Predictor, progress: Progress) -> Iterator[Judged]:
    by_path = {str(places.processed / row["file"]): row for row in pictures.to_dict("records")}
    files = [places.processed / file for file in pictures["file"]]
    bring(places, files)
    stated = dict(zip(files, stated_facts(places, pictures["image"].astype(str).tolist()), strict=True))
    for record in predict_files(files, predictor, progress, said=stated):
        if isinstance(record, PredictedFile):
            row, prediction = by_path[record.file], record.prediction
            said = {
                **{name: row[name] for name in ("image", "batch", "subject")},
                **{name: getattr(prediction, name) for name in ("score", "probability", "verdict")},
            }
            where = prediction.placed
            seen = {"distance": where.distance if where else None, "embedding": _along(predictor, where)}
            yield {**said, **seen, "named": named_in(prediction.classes)}, prediction.classes


def _along(predictor: Predictor, where: Placed | None) -> tuple[float, ...]:
    """Return where a picture lies along the axes of what its model learnt; of a model without a reference nothing."""
    if where is None or predictor.reference is None:
        return ()
    return tuple(predictor.reference.axes.along(where.seen[None])[0].tolist())
