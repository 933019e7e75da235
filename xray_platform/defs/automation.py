"""Automation: what is made anew by itself, and when."""

from typing import Any

import dagster as dg

from xray_platform.defs.jobs import RETRAIN
from xray_platform.defs.models_in_use import ON_REQUEST

RETRAIN_CRON = "0 3 * * 0"
"""Sundays at 03:00 UTC."""

FOLLOW = dg.AutomationCondition.eager() & dg.AutomationCondition.all_deps_blocking_checks_passed()
"""As soon as something above changed, and only if its blocking checks passed: archive and imaging."""

COHORT_CRON = "0 * * * *"
"""Every hour."""

HOURLY = (
    dg.AutomationCondition.any_deps_updated().since_last_handled()
    & dg.AutomationCondition.cron_tick_passed(COHORT_CRON)
    & ~dg.AutomationCondition.in_progress()
)
"""At the hour, if some batch above changed since, also where another failed or was never run: what is made whole from
all batches, and would cost more with each of them if it followed every one."""


def _following(one: str) -> dg.AutomationCondition[Any]:
    """Return when something is made that reads whole tables of the archive: as soon as one of what it reads changed."""
    above = dg.AssetSelection.assets(one)
    return (
        (
            dg.AutomationCondition.newly_missing() | dg.AutomationCondition.any_deps_updated().allow(above)
        ).since_last_handled()
        & ~dg.AutomationCondition.any_deps_in_progress().allow(above)
        & ~dg.AutomationCondition.in_progress()
        & dg.AutomationCondition.all_deps_blocking_checks_passed().allow(above)
    )


FOLLOW_LABELS = _following("labels")
"""As soon as the labels changed and their checks passed; they have left out the batches that failed already."""

FOLLOW_SPLITS = _following("splits")
"""As soon as the splits changed and their checks passed."""

_OF_THE_DATA = dg.AssetSelection.assets("boxes", "label_shortcuts")
_MAY_LACK = _OF_THE_DATA | dg.AssetSelection.assets(*(f"{model}_report" for model in ON_REQUEST))
AFTER_TRAINING = (
    dg.AutomationCondition.any_deps_updated().ignore(_OF_THE_DATA).since_last_handled()
    & ~dg.AutomationCondition.any_deps_missing().ignore(_MAY_LACK)
    & ~dg.AutomationCondition.any_deps_in_progress()
    & ~dg.AutomationCondition.in_progress()
    & dg.AutomationCondition.all_deps_blocking_checks_passed()
)
"""Scores, reports, leaderboard and champion follow their model, also where they were never made before. Boxes, which
are joined anew at the hour, and what follows the splits reach a report at the next training: a report registers a
version of its model."""

sensor = dg.AutomationConditionSensorDefinition(
    "follow_changes",
    target=dg.AssetSelection.all(),
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=10,
    description="Makes archive and imaging assets when something above them changed, labels and boxes at the hour, "
    "reports after a training.",
)

weekly_retraining = dg.ScheduleDefinition(
    name="weekly_retraining",
    job_name=RETRAIN,
    cron_schedule=RETRAIN_CRON,
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Retrains all models of the store every Sunday at 03:00 UTC.",
)
