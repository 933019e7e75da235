"""Said: age, sex and view of images as a request says them: in its address, or in fields of its form."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Depends, Query

from xray_platform.clinical_columns import COLUMNS, ClinicalFacts
from xray_platform.errors import InputError
from xray_platform.serving.http.bodies import Body, BodyError
from xray_platform.serving.said_facts import ALLOWED, said_value

_ONCE = "once for all images or once for each, in their order; empty: not known; what a header states counts before it"
TOLD = {name: f"{ALLOWED[name]}; {_ONCE}" for name in COLUMNS}
FORM_FIELDS: dict[str, Any] = {
    name: {"type": "array", "items": {"type": "string"}, "description": words} for name, words in TOLD.items()
}


def _said_in_address(
    age: Annotated[list[str] | None, Query(description=TOLD["age"], examples=[["63"]])] = None,
    sex: Annotated[list[str] | None, Query(description=TOLD["sex"], examples=[["F"]])] = None,
    view: Annotated[list[str] | None, Query(description=TOLD["view"], examples=[["PA"]])] = None,
) -> dict[str, list[str]]:
    given = {"age": age, "sex": sex, "view": view}
    return {name: values for name, values in given.items() if values}


SaidInAddress = Annotated[dict[str, list[str]], Depends(_said_in_address)]


def said_of(body: Body, in_address: Mapping[str, Sequence[str]]) -> list[ClinicalFacts]:
    """Return what a request says of each of its images.

    Raises BodyError where a value is not allowed, said in two places, or neither once nor once for each image; the
    images are then let go of. The words say what is allowed and never what was sent.
    """
    try:
        columns = _columns(body, in_address)
    except BodyError:
        body.close()
        raise
    return [
        ClinicalFacts(**{name: values[place] for name, values in columns.items()})  # type: ignore[arg-type]
        for place in range(len(body.files))
    ]


def _columns(body: Body, in_address: Mapping[str, Sequence[str]]) -> dict[str, list[float | str | None]]:
    """Return what is said by column, a value for each image."""
    in_form = {name: [value.decode("latin-1") for value in values] for name, values in body.fields.items()}
    if double := [name for name in in_form if name in in_address]:
        raise BodyError(422, double[0], f"{double[0]} is said in the address and in the form; one is allowed")
    return {name: _of_each(name, values, len(body.files)) for name, values in {**in_address, **in_form}.items()}


def _of_each(name: str, values: Sequence[str], images: int) -> list[float | str | None]:
    if len(values) not in (1, images):
        said = f"{name} is said {len(values)} times of {images} images; once, or once for each, is allowed"
        raise BodyError(422, name, said)
    try:
        known = [said_value(name, value) for value in values]
    except InputError as error:
        raise BodyError(422, name, f"what is said of {name} is not allowed; allowed: {ALLOWED[name]}") from error
    return known if len(known) == images else known * images
