"""Asset: the one way in which this platform declares a Dagster asset.

The body does one domain call and returns a `Made`; from that come metadata, data version and freshness tag. The
manifests that are kept meanwhile are noted, so that what it wrote can be held against them. An error that the user can
mend becomes a plain failure without a traceback.
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import dagster as dg

from xray_platform.defs.freshness import TAG, Graph, made_from
from xray_platform.defs.integrity import FILES
from xray_platform.defs.made import Made
from xray_platform.defs.partitions import BATCHES
from xray_platform.errors import XrayError
from xray_platform.tables.manifest import noted

Body = Callable[..., Made]


def platform_asset(
    *,
    group: str,
    version: str,
    deps: Sequence[str] = (),
    name: str | None = None,
    by_batch: bool = False,
    kinds: set[str] | None = None,
    automation: dg.AutomationCondition[Any] | None = None,
    pool: str | None = None,
    description: str | None = None,
) -> Callable[[Body], dg.AssetsDefinition]:
    """Turn a body `(context, store, …) -> Made` into an asset of the given group.

    `version` is the code version: raise it when the body's result changes for the same inputs. `deps` are the assets
    that it reads; a batch asset reads the same batch of them, any other reads all batches.
    """

    def declare(body: Body) -> dg.AssetsDefinition:
        @functools.wraps(body)
        def run(context: dg.AssetExecutionContext, **arguments: Any) -> dg.MaterializeResult[Any]:
            made_of = made_from(context.instance, *_here(context))
            with plain_failures(), noted() as kept:
                made = body(context=context, **arguments)
            metadata = {**made.describe(), FILES: dg.MetadataValue.json(kept)}
            return dg.MaterializeResult(metadata=metadata, data_version=made.data_version, tags={TAG: made_of})

        run.__annotations__ = {**body.__annotations__, "return": dg.MaterializeResult}
        return dg.asset(
            name=name,
            group_name=group,
            code_version=version,
            deps=list(deps),
            partitions_def=BATCHES if by_batch else None,
            kinds=kinds,
            automation_condition=automation,
            pool=pool,
            description=description or body.__doc__,
        )(run)

    return declare


@contextmanager
def plain_failures() -> Iterator[None]:
    """Turn an error that the user can mend into a Dagster failure that shows its text alone."""
    try:
        yield
    except XrayError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None


def _here(context: dg.AssetExecutionContext) -> tuple[dg.AssetSpec, str | None, Graph]:
    """Return the running asset's spec, its partition, and the graph as far as this asset sees it."""
    spec = context.assets_def.specs_by_key[context.asset_key]
    known = [context.job_def.asset_layer.get(dep.asset_key).to_asset_spec() for dep in spec.deps]
    return spec, context.partition_key if context.has_partition_key else None, Graph([spec, *known])
