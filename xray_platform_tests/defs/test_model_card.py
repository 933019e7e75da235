"""Model card: it says what people say of the data, and obeys no sign of it."""

from xray_platform.defs.asset_result import unmarked
from xray_platform.defs.model_card import description_of_model
from xray_platform.defs.model_store import TrainingRecord
from xray_platform.evaluation.dataset.description import DatasetDescription
from xray_platform_tests.evaluation.invented import evaluation
from xray_platform_tests.evaluation.test_report import ATTACK

RECORD = TrainingRecord(
    model="invented",
    family="detector",
    run="0" * 32,
    recipe={},
    settings={},
    description=("invented: learns nothing",),
    inputs={},
    dagster_run="",
    provenance={},
    seconds=1.0,
    pictures={"train": 1},
)


def test_what_people_say_stands_there_as_text() -> None:
    said = DatasetDescription(intended_use=f"triage {ATTACK} [a](http://evil.example)", limits=("few *children*",))
    text = description_of_model(RECORD, evaluation(120), [], said)
    assert "**Intended for:** triage" in text
    assert unmarked(ATTACK) in text
    assert "<script>" not in text
    assert "](http" not in text
    assert "few &#42;children&#42;" in text
    assert "**Intended use:** Research on chest radiographs" in text


def test_what_they_do_not_say_is_left_out() -> None:
    text = description_of_model(RECORD, evaluation(120), [])
    assert "Intended for" not in text
    assert "Licence" not in text
