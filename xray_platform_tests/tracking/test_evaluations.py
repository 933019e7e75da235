"""A training that is judged once more has a nested run for it; parameters and figures of a run belong together."""

from collections.abc import Mapping

import pytest

from xray_platform.errors import DataError
from xray_platform.tracking.evaluations import evaluated_in, open_evaluation
from xray_platform.tracking.mlflow_store import Tracking
from xray_platform.tracking.runs import open_run

YOUDEN = {"threshold_rule": "youden", "data": {"val": "a1"}}
SENSITIVE = {"threshold_rule": "sensitivity", "data": {"val": "a1"}}


def judged(tracking: Tracking, training: str, settings: Mapping[str, object], auroc: float) -> str:
    with open_evaluation(tracking, training, "m", settings) as run:
        run.log_metrics({"val/auroc": auroc})
    return run.run_id


def test_the_first_judgement_stands_in_the_trainings_own_run(tracking: Tracking) -> None:
    with open_run(tracking, model="m", name="m-10-phantoms-c0ffee") as run:
        run.log_parameters({"seed": 1})
    assert evaluated_in(tracking, run.run_id) == run.run_id
    assert judged(tracking, run.run_id, YOUDEN, 0.9) == run.run_id
    params = tracking.client.get_run(run.run_id).data.params
    assert params == {"seed": "1", "evaluation.threshold_rule": "youden", "evaluation.data.val": "a1"}


def test_other_settings_or_pictures_lead_to_a_nested_run_and_the_same_lead_back(tracking: Tracking) -> None:
    with open_run(tracking, model="m", name="m-10-phantoms-c0ffee", tags={"origin": "phantom"}) as run:
        pass
    judged(tracking, run.run_id, YOUDEN, 0.9)
    nested = judged(tracking, run.run_id, SENSITIVE, 0.9)
    other = judged(tracking, run.run_id, YOUDEN | {"data": {"val": "b2"}}, 0.7)
    assert len({run.run_id, nested, other}) == 3
    found = tracking.client.get_run(nested)
    assert found.info.run_name == "m-10-phantoms-c0ffee-judged-2"
    assert found.data.tags["mlflow.parentRunId"] == run.run_id
    assert found.data.tags["origin"] == "phantom"
    assert tracking.client.get_run(run.run_id).data.metrics == {"val/auroc": 0.9}
    assert evaluated_in(tracking, run.run_id) == other
    assert judged(tracking, run.run_id, SENSITIVE, 0.9) == nested
    assert judged(tracking, run.run_id, YOUDEN, 0.9) == run.run_id == evaluated_in(tracking, run.run_id)


def test_a_training_that_is_not_there_cannot_be_judged(tracking: Tracking) -> None:
    with pytest.raises(DataError, match="there is no MLflow run nowhere"):
        judged(tracking, "nowhere", YOUDEN, 0.9)
