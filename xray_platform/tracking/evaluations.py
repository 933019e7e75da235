"""Evaluations: the run in which a trained model was judged; a judgement with other settings or pictures has its own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mlflow.entities import Run
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NAME

from xray_platform.tracking.mlflow_store import Tracking
from xray_platform.tracking.parameters import flat
from xray_platform.tracking.runs import TrackedRun, open_run, tags_of

EVALUATION = "evaluation"
EVALUATED_IN = "xray.judged_in"  # a training's tag: the run of its last judgement
INHERITED_TAGS = ("model", "family", "recipe", "origin", "data")


@contextmanager
def open_evaluation(tracking: Tracking, training: str, model: str, settings: Mapping[str, Any]) -> Iterator[TrackedRun]:
    """Open the run in which this training is judged by these settings, and note it as the training's last judgement.

    `settings` become the parameters `evaluation.<name>`, which MLflow writes once: the first judgement stands in the
    training's own run, one with other settings in a nested run, so that parameters and figures of a run belong
    together. The same settings lead to the same run again. Raises DataError where there is no such training.
    """
    wanted = flat({EVALUATION: settings})
    tags = tags_of(tracking, training)
    siblings = _nested(tracking, training)
    found = next((run for run in [tracking.client.get_run(training), *siblings] if _agrees(run, wanted)), None)
    with open_run(
        tracking,
        model=model,
        run_id=found.info.run_id if found else None,
        name=f"{tags.get(MLFLOW_RUN_NAME, model)}-judged-{len(siblings) + 2}",
        parent=None if found else training,
        tags={} if found else inherited_tags(tracking, training),
    ) as run:
        run.log_parameters({EVALUATION: settings})
        tracking.client.set_tag(training, EVALUATED_IN, run.run_id)
        yield run


def evaluated_in(tracking: Tracking, training: str) -> str:
    """Return the run in which a training was judged last; its own where it was judged but once."""
    return tags_of(tracking, training).get(EVALUATED_IN, training)


def training_of(tracking: Tracking, run_id: str) -> str:
    """Return the training that was judged in a run: the one above it, or the run itself."""
    return tags_of(tracking, run_id).get(MLFLOW_PARENT_RUN_ID, run_id)


def inherited_tags(tracking: Tracking, run_id: str) -> dict[str, str]:
    """Return the tags of a run that hold for its judgements and its model too."""
    tags = tags_of(tracking, run_id)
    return {name: tags[name] for name in INHERITED_TAGS if name in tags}


def _nested(tracking: Tracking, training: str) -> list[Run]:
    return list(tracking.client.search_runs([tracking.experiment_id], f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{training}'"))


def _agrees(run: Run, wanted: Mapping[str, str]) -> bool:
    """Tell whether a run has these parameters of an evaluation, or none yet."""
    has = {name: text for name, text in run.data.params.items() if name.startswith(f"{EVALUATION}.")}
    return has in ({}, dict(wanted))
