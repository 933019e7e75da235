"""Config fields: a settings class as Dagster's launchpad shows it, each number with its range, checked before a run.

Dagster asks the code location for the plan of a run before the run exists, and what a value's type refuses then ends
there: the launchpad shows the reason, and no run has to fail for it.
"""

import types
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import dagster as dg
from pydantic import Field, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from xray_platform.defs.dagster_internals import ConfigScalar, ConfigScalarKind, PostProcessingError
from xray_platform.settings import Settings

Bound = tuple[str, Any]
SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "multiple_of": "a multiple of", "max_length": "no longer than"}
KINDS = {
    int: ConfigScalarKind.INT,
    float: ConfigScalarKind.FLOAT,
    str: ConfigScalarKind.STRING,
}
NAMES = {int: "Int", float: "Float", str: "String"}


class RangedScalar(ConfigScalar):
    """A number or text of the launchpad; its name says what is allowed."""

    def __init__(self, python_type: type, allowed: str, adapter: TypeAdapter[Any]) -> None:
        name = f"{NAMES[python_type]} {allowed}"
        super().__init__(key=f"xray {name}", given_name=name, scalar_kind=KINDS[python_type])
        self.allowed, self.adapter = allowed, adapter

    def post_process(self, value: Any) -> Any:
        """Return the value; Dagster shows the error beside the field where it is out of range."""
        try:
            return self.adapter.validate_python(value)
        except ValidationError:
            raise PostProcessingError(f"found {value!r}; allowed: {self.allowed}") from None


def config_schema(settings: type[Settings], defaults: Settings) -> dict[str, dg.Field]:
    """Return the launchpad's fields of a settings class, with these values to begin with."""
    return {
        name: dg.Field(
            _config_type(f"{settings.__name__}.{name}", field),
            default_value=getattr(defaults, name),
            description=" ".join(filter(None, (field.description, f"({said})" if (said := range_of(field)) else ""))),
        )
        for name, field in settings.model_fields.items()
    }


def range_of(field: FieldInfo) -> str:
    """Return in words what a field allows; nothing where its type says it all."""
    if get_origin(field.annotation) is Literal:
        return "one of " + ", ".join(map(str, get_args(field.annotation)))
    return _words(tuple(_bounds(field)))


def _config_type(name: str, field: FieldInfo) -> Any:
    annotation: Any = field.annotation
    if get_origin(annotation) is Literal:
        return dg.Enum(name, [dg.EnumValue(value) for value in get_args(annotation)])
    if get_origin(annotation) in (Union, types.UnionType):
        (inner,) = (part for part in get_args(annotation) if part is not type(None))
        return dg.Noneable(_ranged(inner, ()))
    return _ranged(annotation, tuple(_bounds(field)))


def _bounds(field: FieldInfo) -> Iterator[Bound]:
    for bound in field.metadata:
        for keyword in SIGNS:
            if hasattr(bound, keyword):
                yield keyword, getattr(bound, keyword)


def _words(bounds: tuple[Bound, ...]) -> str:
    """Say bounds: both ends as one range, and whatever is there besides."""
    said = dict(bounds)
    both = f"{said.pop('ge'):.10g} to {said.pop('le'):.10g}" if {"ge", "le"} <= said.keys() else ""
    return ", ".join(filter(None, (both, *(f"{SIGNS[keyword]} {value:.10g}" for keyword, value in said.items()))))


@cache
def _ranged(python_type: type, bounds: tuple[Bound, ...]) -> Any:
    if not bounds:
        return python_type
    constraints: Mapping[str, Any] = dict(bounds)
    within: Any = Annotated[python_type, Field(**constraints)]
    return RangedScalar(python_type, _words(bounds), TypeAdapter(within))
