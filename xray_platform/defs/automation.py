"""Automation conditions: what is made anew by itself, and when."""

import dagster as dg

RETRAIN_CRON = "0 3 * * 0"

FOLLOW = dg.AutomationCondition.eager() & dg.AutomationCondition.all_deps_blocking_checks_passed()
"""As soon as something above changed, and only if its blocking checks passed."""

AFTER_TRAINING = (
    dg.AutomationCondition.any_deps_updated().since_last_handled()
    & ~dg.AutomationCondition.any_deps_missing()
    & ~dg.AutomationCondition.any_deps_in_progress()
    & ~dg.AutomationCondition.in_progress()
    & dg.AutomationCondition.all_deps_blocking_checks_passed()
)
"""Scores, reports and champion follow their model, also where they were never made before."""
