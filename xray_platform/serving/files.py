"""Files: predictions for whole files and folders, many at once, each for itself."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from xray_platform.clinical_columns import ClinicalFacts
from xray_platform.dicom.intake.sources import spelled
from xray_platform.progress import Progress, silent
from xray_platform.serving.listing import files_below
from xray_platform.serving.model_input import ModelInput, Refusal
from xray_platform.serving.predict import Predictor
from xray_platform.serving.prediction import FileRecord, PredictedFile, RefusedFile
from xray_platform.serving.reading import ReadingTask, read_file, read_in_children
from xray_platform.serving.reference import Unfamiliar
from xray_platform.workers import Lost

AT_ONCE = 1000  # files whose pictures wait in memory together
BATCH = 32  # pictures a model scores together

Item = TypeVar("Item")


def predict_files(
    paths: Sequence[Path],
    predictor: Predictor,
    progress: Progress = silent,
    *,
    heatmaps: bool = False,
    unfamiliar: Unfamiliar = "warn",
    said: Mapping[Path, ClinicalFacts] = {},
) -> Iterator[FileRecord]:
    """Yield one record for every file below `paths`, in order; what is wrong with one never stops the others.

    Files are read in child processes that can be killed, so that no file, however hostile, takes the predictor down.
    Hidden files are left out. With `heatmaps` each prediction has its heat map, as large as its picture. A path that
    leads nowhere and a folder without a file each give a record with the error. A picture farther from what the model
    learnt than its limit is judged with a warning, or refused where `unfamiliar` says so. `said` is by file what is
    known of a picture besides itself, where its header does not state it.
    """
    found = [(path, reason) for start in paths for path, reason in files_below(start)]
    done = 0
    for chunk in _chunks(found, AT_ONCE):
        for record in _predict_chunk(chunk, predictor, said, heatmaps=heatmaps):
            done += 1
            progress(done, len(found), "predicting")
            yield _refused(record) if unfamiliar == "refuse" else record


def _refused(record: FileRecord) -> FileRecord:
    """Return what is told of a file where an unfamiliar picture gets no prediction."""
    if isinstance(record, PredictedFile) and record.prediction.unfamiliar:
        return RefusedFile(record.file, record.prediction.unfamiliar)
    return record


def _predict_chunk(
    chunk: list[tuple[Path, str]], predictor: Predictor, said: Mapping[Path, ClinicalFacts], *, heatmaps: bool
) -> Iterator[FileRecord]:
    preparation, unsaid = predictor.preparation, ClinicalFacts()
    tasks = [ReadingTask(path, preparation, said.get(path, unsaid)) for path, reason in chunk if not reason]
    read = read_in_children(read_file, tasks, predictor.quality)
    results = ((path, Refusal(reason) if reason else next(read)) for path, reason in chunk)
    for batch in _chunks(results, BATCH):
        yield from _predict_batch(batch, predictor, heatmaps=heatmaps)


def _predict_batch(
    batch: list[tuple[Path, ModelInput | Refusal | Lost]], predictor: Predictor, *, heatmaps: bool
) -> Iterator[FileRecord]:
    made = [picture for _, picture in batch if isinstance(picture, ModelInput)]
    predictions = iter(predictor.predict_inputs(made, heatmap=heatmaps))
    for path, picture in batch:
        if isinstance(picture, ModelInput):
            prediction = next(predictions)
            shown = predictor.heatmap_picture(prediction.heatmap, picture) if prediction.heatmap is not None else None
            yield PredictedFile(spelled(str(path)), prediction, shown)
        elif isinstance(picture, Lost):
            yield RefusedFile(spelled(str(path)), f"its reading was given up ({picture.reason}): {picture.detail}")
        else:
            yield RefusedFile(spelled(str(path)), picture.reason)


def _chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    walk = iter(items)
    while chunk := list(islice(walk, size)):
        yield chunk
