"""Graph: everything that Dagster loads, named one by one."""

import dagster as dg

from xray_platform.defs import archive, evaluation, imaging, models
from xray_platform.defs.automation import retraining_job, sensor, weekly_retraining
from xray_platform.defs.checks import CHECKS
from xray_platform.defs.failures import failure_record
from xray_platform.defs.inbox import inbox_sensor, intake_job
from xray_platform.defs.store import Store

ASSETS = [*archive.ASSETS, *imaging.ASSETS, *models.ASSETS, *evaluation.ASSETS]


def definitions() -> dg.Definitions:
    """Return the code location.

    One process runs all steps of a run: the steps themselves use all cores, and on a small machine a process for each
    step costs more than it brings (about one second a step).
    """
    return dg.Definitions(
        assets=ASSETS,
        asset_checks=CHECKS,
        jobs=[intake_job, retraining_job],
        schedules=[weekly_retraining],
        sensors=[sensor, inbox_sensor, failure_record],
        resources={"store": Store(root="")},
        executor=dg.in_process_executor,
    )
