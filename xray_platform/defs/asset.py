"""Asset: the one way in which this platform declares a Dagster asset.

The body does one domain call and returns an `AssetResult`; from that come metadata, data version and freshness tag. The
manifests that are kept meanwhile are noted, so that what it wrote can be held against them. An error that the user can
mend becomes a plain failure without a traceback.
"""

import functools
import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import dagster as dg
from pydantic import ValidationError

from xray_platform.defs.asset_groups import ASSET_GROUPS, source_of
from xray_platform.defs.asset_result import AssetResult
from xray_platform.defs.config_fields import config_schema
from xray_platform.defs.freshness import ANY_DEPS, SETTINGS, TAG, UNASKED, Graph, made_from
from xray_platform.defs.integrity import FILES
from xray_platform.defs.materializations import LastMaterializations
from xray_platform.defs.partitions import BATCHES
from xray_platform.defs.store import root_folder
from xray_platform.defs.store_work import work_on
from xray_platform.errors import InputError, XrayError
from xray_platform.settings import Settings, first_problem
from xray_platform.tables.manifest import noted

Body = Callable[..., AssetResult]
CONFIG = "config"


@dataclass(frozen=True, kw_only=True)
class platform_asset:  # noqa: N801 - a decorator
    """Declares a body `(context, store, config?) -> AssetResult` as an asset: how Dagster shows and runs it.

    `version` is the code version: raise it when the body's result changes for the same inputs. `deps` are the assets
    that it reads; a batch asset reads the same batch of them, any other reads all batches. Without a name it has the
    body's, without a description the body's docstring. With `any_deps` it is made of those of its dependencies
    that there are, and a failed one does not hold it back. `more_deps` says what else it reads with given settings;
    `shows_dataset` that it shows what `dataset.yaml` says; `model` whose training, scores or report it is;
    with `on_request` nothing makes it but a person who asks for it.
    """

    group: str
    version: str
    deps: Sequence[str] = ()
    name: str | None = None
    by_batch: bool = False
    kinds: Set[str] = frozenset()
    automation: dg.AutomationCondition[Any] | None = None
    pool: str | None = None
    description: str | None = None
    any_deps: bool = False
    shows_dataset: bool = False
    model: str = ""
    on_request: bool = False
    more_deps: Callable[[Any], Sequence[str]] = lambda _: ()

    def __call__(self, body: Body) -> "PlatformAsset":
        return PlatformAsset(body, self)


@dataclass(frozen=True)
class PlatformAsset:
    """A declared asset."""

    body: Body
    declared: platform_asset

    @property
    def name(self) -> str:
        return self.declared.name or self.body.__name__

    @property
    def settings(self) -> type[Settings] | None:
        """The class of its settings: what its body's argument `config` is annotated with."""
        return self.body.__annotations__.get(CONFIG)

    def definition(
        self, settings: Settings | None = None, own: Mapping[str, str] | None = None, *, unasked: bool = False
    ) -> dg.AssetsDefinition:
        """Return it as Dagster loads it, its launchpad beginning with the given settings (else with the defaults).

        `own` is what else of the store it is made from, by name: with other values it is out of date. `unasked`: it is
        made only where a person asks for it.
        """
        declared = self.declared
        kind = type(settings) if settings is not None else self.settings
        initial = settings or (kind() if kind else None)
        group = ASSET_GROUPS[declared.group]
        return dg.asset(
            name=self.name,
            group_name=declared.group,
            code_version=declared.version,
            deps=[*declared.deps, *declared.more_deps(initial)],
            partitions_def=BATCHES if declared.by_batch else None,
            kinds=set(declared.kinds),
            automation_condition=declared.automation,
            pool=declared.pool,
            description=declared.description or self.body.__doc__,
            owners=[group.owner],
            tags=group.tags_of(self.name),
            metadata={
                **source_of(self.body),
                **_own_settings(kind, initial, own or {}),
                ANY_DEPS: declared.any_deps,
                **({UNASKED: True} if unasked else {}),
            },
            freshness_policy=group.freshness,
            config_schema=config_schema(kind, initial) if kind and initial else None,
        )(_run(self.body, kind))


def _run(body: Body, kind: type[Settings] | None) -> Callable[..., dg.MaterializeResult[Any]]:
    """Return the body as Dagster calls it: settings out of the launchpad's values; its result in Dagster's words."""

    @functools.wraps(body)
    def run(context: dg.AssetExecutionContext, **resources: Any) -> dg.MaterializeResult[Any]:
        made_of = made_from(LastMaterializations(context.instance), *_here(context))
        with plain_failures(), noted() as kept:
            config = {CONFIG: _validated(kind, context.op_execution_context.op_config)} if kind else {}
            root = root_folder() if (store := resources.get("store")) is None else store.places.root
            made = work_on(root, functools.partial(body, context=context, **resources, **config))
        metadata = {**made.describe(), FILES: dg.MetadataValue.json(kept)}
        return dg.MaterializeResult(metadata=metadata, data_version=made.data_version, tags={TAG: made_of})

    seen = [part for part in inspect.signature(body).parameters.values() if part.name != CONFIG]
    run.__signature__ = inspect.Signature(seen, return_annotation=dg.MaterializeResult)  # type: ignore[attr-defined]
    kept = {name: annotation for name, annotation in body.__annotations__.items() if name != CONFIG}
    run.__annotations__ = {**kept, "return": dg.MaterializeResult}
    return run


def _own_settings(kind: type[Settings] | None, initial: Settings | None, own: Mapping[str, str]) -> dict[str, str]:
    """Return as metadata what the store sets otherwise than the defaults; an asset made with others is out of date."""
    usual = kind().model_dump(mode="json") if kind else {}
    values = initial.model_dump(mode="json") if initial else {}
    differs = {**{name: value for name, value in values.items() if value != usual[name]}, **own}
    return {SETTINGS: json.dumps(differs, sort_keys=True)} if differs else {}


def _validated(kind: type[Settings], values: Mapping[str, Any]) -> Settings:
    """Return the launchpad's values as settings; InputError for what their types alone cannot refuse."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise InputError(first_problem(kind, error)) from None


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
