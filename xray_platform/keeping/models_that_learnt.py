"""Models that learnt: which trained models had a person in their data; what they learnt cannot be taken out of them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from xray_platform.keeping.person import Learnt, Person
from xray_platform.serving.reference import CARD
from xray_platform.tables.all import SCORES, SPLITS
from xray_platform.tables.places import Places
from xray_platform.tracking.mlflow_store import Tracking, open_tracking
from xray_platform.tracking.names import PREFIX
from xray_platform.tracking.registry import Registered, champion, registered, versions_of

RECORD = "training.json"
PERHAPS = "perhaps"


def models_that_learnt(places: Places, person: Person) -> tuple[Learnt, ...]:
    """Return the trainings below `data/models` that had the person in their data, the newest of each model last.

    Where today's splits are not those of the training, and neither its reference nor its scores name the person,
    the part is `perhaps`. Where the person has no label a model is only listed if its reference names an image.
    """
    splits = SPLITS.read(places)
    parts = sorted(set(splits[splits["image"].isin(person.images)]["split"].astype(str)))
    versions = _versions(places)
    found = []
    for record in sorted(places.models.glob(f"*/*/{RECORD}")):
        said = json.loads(record.read_text(encoding="utf-8"))
        part = " and ".join(parts) if _same_data(said, splits, places) else _named_in(record.parent, person)
        if not part or (part == PERHAPS and not parts):
            continue
        numbers, best = versions.get(str(said["run"]), ((), False))
        found.append(Learnt(model=said["model"], run=said["run"], part=part, versions=numbers, champion=best))
    return tuple(found)


def _same_data(said: dict[str, object], splits: pd.DataFrame, places: Places) -> bool:
    """Say whether a training is of today's splits: as many images in each part, and its scores name them all."""
    counted = splits["split"].astype(str).value_counts().to_dict()
    if said.get("pictures") != counted or str(said["model"]) not in SCORES.parts(places):
        return False
    scored = SCORES.read(places, str(said["model"]))
    return set(scored["image"]) == set(splits["image"])


def _named_in(folder: Path, person: Person) -> str:
    for card in folder.rglob(CARD):
        if person.images & set(json.loads(card.read_text(encoding="utf-8"))["images"]):
            return "train"
    return PERHAPS


def _versions(places: Places) -> dict[str, tuple[tuple[str, ...], bool]]:
    """Return the registered versions of each run, and whether one of them is the champion."""
    if not (places.mlruns / "mlflow.db").is_file():
        return {}
    tracking = open_tracking(places)
    best = champion(tracking)
    runs: dict[str, tuple[str, ...]] = {}
    for name in sorted({path.parent.name for path in places.models.glob("*/current.json")}):
        for version in _registered(tracking, name):
            runs[version.run_id] = (*runs.get(version.run_id, ()), version.version)
    return {run: (numbers, best is not None and best.run_id == run) for run, numbers in runs.items()}


def _registered(tracking: Tracking, model: str) -> Iterator[Registered]:
    return (registered(version) for version in versions_of(tracking, f"{PREFIX}{model}"))
