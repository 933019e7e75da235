"""The page about the model in use says of the newest batch what is known of it, and nothing more."""

from pathlib import Path

import pytest

from xray_platform.evaluation.dataset.drift import Drift, Outcome
from xray_platform.evaluation.monitoring_page import Monitoring, write_monitoring


def watched(*outcomes: Outcome) -> Monitoring:
    """What was found of batches one after the other."""
    named = {f"batch-{number:04d}": outcome for number, outcome in enumerate(outcomes, start=1)}
    pictures = {
        name: Drift(name, outcome, 40, 0 if outcome == "nothing before" else 40) for name, outcome in named.items()
    }
    return Monitoring("a model", pictures, {}, (), {})


@pytest.mark.parametrize(
    ("outcomes", "headline", "summary"),
    [
        ((), "Nothing to compare yet", "There is no batch with pictures yet. In 0 batches: 0 drifts and 0 losses."),
        (("nothing before",), "Nothing to compare yet", "It is the first batch with pictures: there is nothing"),
        (("nothing before", "too few"), "Nothing to compare yet", "Too few to say anything: 40 subjects against 40"),
        (("nothing before", "alike"), "As before", "The newest batch is like those before it. In 2 batches: 0 drifts"),
        (("nothing before", "drifted"), "Something changed", "batch-0002: "),
        (("nothing before", "drifted", "alike"), "As before", "The newest batch is like those before it."),
    ],
)
def test_the_headline_is_what_was_found_of_the_newest_batch(
    outcomes: tuple[Outcome, ...], headline: str, summary: str, tmp_path: Path
) -> None:
    page = write_monitoring(tmp_path, watched(*outcomes)).read_text(encoding="utf-8")
    assert f"<h1>{headline}</h1>" in page
    assert summary in page
