"""Challenge: what the champion and a model that would take its place say of the same pictures, old and new."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from xray_platform.clinical_columns import columns_of
from xray_platform.defs.cohort import Cohort, read_cohort, with_tensors
from xray_platform.defs.model_store import TrainingRecord, current_record
from xray_platform.defs.promotion_settings import PromotionSettings
from xray_platform.defs.score_cohort import score_images, scorer_of, stored_evaluation
from xray_platform.dicom.standard.standard_images import settings_of
from xray_platform.errors import DataError, StoreError, XrayError
from xray_platform.evaluation.challenger import THEIRS, alerts, not_worse
from xray_platform.evaluation.guards import FEWEST_PICTURES, GuardOutcome
from xray_platform.evaluation.threshold import Threshold
from xray_platform.imaging.recipe import Recipe
from xray_platform.models.contract import FittedModel
from xray_platform.models.named import load_model
from xray_platform.progress import silent
from xray_platform.serving.bundle import Bundle
from xray_platform.tables.all import IMAGES
from xray_platform.tables.places import Places
from xray_platform.tracking.champion_aliases import is_of
from xray_platform.tracking.mlflow_store import Tracking
from xray_platform.tracking.registry import Registered, champion_bundle


def judged_by_both(tracking: Tracking, places: Places, before: Registered, model: str) -> pd.DataFrame:
    """Return the validation and test pictures with the scores of `model`'s current training and of the champion.

    Columns: those of SCORES, batch, and champion_score. Raises DataError or StoreError where the champion, `before`,
    cannot be asked about one of them.
    """
    rows = stored_evaluation(places, current_record(places, model)).rows
    rows = rows[rows["split"] != "train"].merge(IMAGES.read(places, columns=("image", "batch")), on="image", how="left")
    theirs = _kept_scores(tracking, places, before, rows)
    return rows.assign(**{THEIRS: _asked_scores(places, champion_bundle(tracking), rows) if theirs is None else theirs})


def relative_guards(
    tracking: Tracking, places: Places, model: str, rows: pd.DataFrame, settings: PromotionSettings
) -> tuple[GuardOutcome, ...]:
    """Return whether a model is worse than the champion where it should not be, or raises far more alarms.

    rows: from `judged_by_both`.
    """
    try:
        shadow = _shadow(places, champion_bundle(tracking), current_record(places, model))
        alarmed = alerts(shadow, settings.guard_alerts)
    except XrayError as error:
        alarmed = GuardOutcome("alerts", None, str(error))
    return (
        not_worse("test part", rows[rows["split"] == "test"], settings.guard_worse),
        _newest(rows, settings.guard_worse),
        alarmed,
    )


def _newest(rows: pd.DataFrame, margin: float) -> GuardOutcome:
    """Judge the pictures of the newest batches that no model learnt from: of as many batches as it takes."""
    counts = rows.groupby("batch").size().sort_index(ascending=False)
    batches = list(counts.index[counts.cumsum().shift(fill_value=0) < FEWEST_PICTURES])
    if len(batches) == len(counts):
        return GuardOutcome("newest pictures", None, "there are no older ones beside them")
    return not_worse("newest pictures", rows[rows["batch"].isin(batches)], margin)


def _kept_scores(tracking: Tracking, places: Places, before: Registered, rows: pd.DataFrame) -> "pd.Series | None":
    """Return what the champion said when it was judged, where its training is still the newest of its model."""
    try:
        record = current_record(places, before.model)
        if not is_of(tracking, before, record.run):
            return None
        said = stored_evaluation(places, record).rows
    except (DataError, StoreError):
        return None
    scores = rows["image"].map(said.set_index("image")["score"])
    return None if scores.isna().any() else scores


def _asked_scores(places: Places, bundle: Bundle, rows: pd.DataFrame) -> "pd.Series":
    cohort = read_cohort(places, bundle.facts.recipes, bundle.facts.clinical_columns)
    known = cohort.rows[cohort.rows["image"].isin(rows["image"])]
    if len(known) < len(rows):
        raise DataError(f"only {len(known)} of {len(rows)} pictures have tensors of the champion's recipe")
    if settings_of(places, known["batch"].unique()) != bundle.facts.standard:
        raise DataError("the standard images are made otherwise than those that the champion learnt from")
    scores = score_images(load_model(bundle.facts.model, bundle.model_folder), cohort.images(known), silent)
    return rows["image"].map(pd.Series(scores, index=known["image"].to_numpy()))


def _shadow(places: Places, bundle: Bundle, record: TrainingRecord) -> pd.DataFrame:
    """Return what both models call each picture of the newest batch, labelled or not, that has tensors for both."""
    champions = load_model(bundle.facts.model, bundle.model_folder)
    theirs = _called(places, bundle.facts.recipes, champions, bundle.facts.threshold)
    ours = _called(places, record.recipes, scorer_of(places, record), stored_evaluation(places, record).threshold)
    return pd.DataFrame({"verdict": ours, "champion_verdict": theirs}).dropna()


def _called(places: Places, recipes: Sequence[Recipe], model: FittedModel, threshold: Threshold) -> "pd.Series[Any]":
    """Return `normal` or `abnormal` for each picture of the newest batch that has tensors of these recipes."""
    newest = IMAGES.parts(places)[-1]
    pictures = IMAGES.read(places, newest)[["image", "batch"]]
    rows = with_tensors(places, pictures, recipes, newest)
    cohort = Cohort(places, tuple(recipes), rows, columns_of(model))
    if cohort.rows.empty:
        raise DataError(f"no picture of {newest} has tensors of the recipe of both models")
    found = np.where(threshold.predict(score_images(model, cohort.images(cohort.rows), silent)), "abnormal", "normal")
    return pd.Series(found, index=cohort.rows["image"].to_numpy())
