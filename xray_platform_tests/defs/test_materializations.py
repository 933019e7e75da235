"""What Dagster remembers is asked for once a look through the store, and anew for what was made since."""

from collections.abc import Iterator

import dagster as dg
import pytest

from xray_platform.defs import materializations
from xray_platform.defs.materializations import LastMaterializations

WHOLE, BY_BATCH = dg.AssetKey("whole"), dg.AssetKey("by_batch")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def made(instance: dg.DagsterInstance, key: dg.AssetKey, batch: str | None, version: str) -> None:
    instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=batch, tags={"version": version}))


def version(last: LastMaterializations, key: dg.AssetKey, batch: str | None) -> str | None:
    found = last.of(key, batch)
    return found.tags["version"] if found and found.tags else None


@pytest.mark.parametrize(("key", "batch"), [(WHOLE, None), (BY_BATCH, "batch-0001")])
def test_what_was_made_since_is_known_once_it_is_told(
    instance: dg.DagsterInstance, key: dg.AssetKey, batch: str | None
) -> None:
    made(instance, key, batch, "1")
    last = LastMaterializations(instance, together=True)
    assert version(last, key, batch) == "1"
    made(instance, key, batch, "2")
    last.forget([key], batch)
    assert version(last, key, batch) == "2"
    assert version(LastMaterializations(instance), key, batch) == "2"


def test_an_asset_that_every_batch_reads_is_asked_for_once(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dg.AssetKey] = []
    ask = materializations.last_materialization

    def counted(
        instance: dg.DagsterInstance, key: dg.AssetKey, partition: str | None
    ) -> dg.AssetMaterialization | None:
        asked.append(key)
        return ask(instance, key, partition)

    monkeypatch.setattr(materializations, "last_materialization", counted)
    last = LastMaterializations(instance, together=True)
    assert [version(last, WHOLE, None) for _ in range(5)] == [None] * 5, "nor is it asked again what was never made"
    assert asked == [WHOLE]
