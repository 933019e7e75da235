"""Aliases say who is in use, who challenges it and who came before; tags say who decided that, and why."""

import pytest

from xray_platform.errors import DataError
from xray_platform.tracking import promotion, registry
from xray_platform.tracking.mlflow_store import Tracking
from xray_platform_tests.tracking.champions import promoted


def aliases(tracking: Tracking) -> dict[str, tuple[str, ...]]:
    return {one.version: one.aliases for one in promotion.champion_versions(tracking)}


def test_a_champion_is_displaced_and_comes_back(copy: Tracking, runs: tuple[str, str]) -> None:
    first, second = runs
    assert promoted(copy, first, "the first").aliases == ("champion",)
    assert promoted(copy, first).version == "1"
    assert promoted(copy, second, "better by 0.02").version == "2"
    held = registry.champion(copy)
    assert held is not None
    assert (held.run_id, held.model, held.version) == (second, "attention_cnn", "2")
    assert aliases(copy) == {"1": ("previous",), "2": ("champion",)}
    back = promotion.named(copy, "previous")
    promotion.promote(copy, back.version, by="a person", why="too many false alarms", chosen=True)
    assert aliases(copy) == {"1": ("champion",), "2": ("previous",)}


def test_who_promoted_what_when_and_why_is_written_down(copy: Tracking, runs: tuple[str, str]) -> None:
    promoted(copy, runs[0])
    promoted(copy, runs[1], "fewer false alarms", chosen=True)
    new, old = promotion.champion_versions(copy)
    assert {
        "promoted_by": "a test",
        "promoted_why": "fewer false alarms",
        "promoted_how": "chosen",
        "promoted_instead_of": "1",
        "model": "attention_cnn",
    }.items() <= new.tags.items()
    assert old.tags["displaced_why"] == "fewer false alarms"
    assert old.tags["promoted_at"] < new.tags["promoted_at"] == old.tags["displaced_at"]


def test_a_challenger_is_another_than_the_champion(copy: Tracking, runs: tuple[str, str]) -> None:
    promoted(copy, runs[0])
    second = promotion.candidate(copy, runs[1])
    assert promotion.set_challenger(copy, second.version).aliases == ("challenger",)
    with pytest.raises(DataError, match="cannot challenge itself"):
        promotion.set_challenger(copy, "1")
    promotion.promote(copy, second.version, by="a test", why="it won")
    assert aliases(copy) == {"1": ("previous",), "2": ("champion",)}
    promotion.clear_challenger(copy)


def test_what_can_be_promoted_is_named_by_alias_version_or_model(copy: Tracking, runs: tuple[str, str]) -> None:
    registry.register(copy, runs[0])
    registry.register(copy, runs[1], tags={"val_auroc": "0.9"})
    assert promotion.named(copy, "attention_cnn").tags["val_auroc"] == "0.9"
    assert promotion.named(copy, "1").run_id == runs[1]
    for unknown in ("challenger", "2", "padim"):
        with pytest.raises(DataError, match=rf"called '{unknown}'; there are 1 \(attention_cnn\), attention_cnn"):
            promotion.named(copy, unknown)
