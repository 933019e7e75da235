"""Dataset description: what only people know of the data: who took them, when, on whom, who read them, what for.

A user writes it once into the store's `dataset.yaml`. What is left out is nowhere made up: reports call it "not
reported".
"""

import datetime as dt
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from xray_platform.tables.columns import NAME_OF_ORIGIN

LONGEST_TEXT = 4000
DAY = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def _readable(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("it holds control signs")
    return text


def _day_text(value: Any) -> Any:
    """Return a day as text: YAML reads 2015 as a number and 2015-03-01 as a date."""
    if isinstance(value, dt.date):
        return value.isoformat()
    return str(value) if type(value) is int else value


def _day(text: str) -> str:
    if not DAY.fullmatch(text):
        raise ValueError("a day is written YYYY, YYYY-MM or YYYY-MM-DD")
    return text


Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT),
    AfterValidator(_readable),
]
Day = Annotated[str, BeforeValidator(_day_text), AfterValidator(_day)]


class Part(BaseModel):
    """The parent of what `dataset.yaml` holds: frozen, no unknown fields, every field described."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Part):
    """One archive that pictures came from."""

    origin: Annotated[str, StringConstraints(pattern=NAME_OF_ORIGIN)] = Field(
        description="name of the origin that was given at intake (`xray ingest --origin`)"
    )
    name: Text | None = Field(None, description="the archive's name for people")
    institution: Text | None = Field(None, description="who took the pictures or publishes them")
    country: Text | None = Field(None, description="country, or countries, of the patients")
    collected_from: Day | None = Field(None, description="when the first picture was taken: YYYY, YYYY-MM, YYYY-MM-DD")
    collected_to: Day | None = Field(None, description="when the last picture was taken, likewise")
    selection: Text | None = Field(
        None, description="how patients were found and chosen: all of a ward, at random, by diagnosis, …"
    )
    licence: Text | None = Field(None, description="under which licence, or agreement, the pictures are used")
    reference: Text | None = Field(None, description="publication or address that describes the archive")

    @model_validator(mode="after")
    def _in_order(self) -> "Source":
        first, last = self.collected_from, self.collected_to
        if first and last and last[: len(first)] < first[: len(last)]:
            raise ValueError(f"collected_to {last} is before collected_from {first}")
        return self

    @property
    def dates(self) -> str | None:
        """When its pictures were taken, in words; None where nothing is said."""
        if self.collected_from and self.collected_to:
            return f"{self.collected_from} to {self.collected_to}"
        return f"from {self.collected_from}" if self.collected_from else self._until

    @property
    def _until(self) -> str | None:
        return f"until {self.collected_to}" if self.collected_to else None


class ReferenceStandard(Part):
    """What the labels mean, and who set them, how."""

    definition: Text | None = Field(
        None, description="what counts as normal and as each finding, and by which evidence"
    )
    rationale: Text | None = Field(None, description="why this reference and no other")
    readers: Text | None = Field(None, description="who set the labels: how many, of what training")
    method: Text | None = Field(None, description="how: read anew, taken from reports, by a program; with which tools")
    blinding: Text | None = Field(None, description="what readers knew besides the picture, and of a model's output")
    disagreement: Text | None = Field(None, description="how disagreement was settled")
    agreement: Text | None = Field(None, description="how far readers agreed, measured how")
    test_part: Text | None = Field(None, description="how the test part was read, if otherwise than the rest")


class DatasetDescription(Part):
    """What `dataset.yaml` says of the data of a store. Everything may be left out."""

    name: Text | None = Field(None, description="the data set's name")
    version: Text | None = Field(None, description='its version, in quotes: "1.0"')
    summary: Text | None = Field(None, description="what it is, in two or three sentences")
    sources: tuple[Source, ...] = Field((), description="the archives that pictures came from, one entry an origin")
    design: Literal["prospective", "retrospective"] | None = Field(
        None, description="prospective: planned before the pictures were taken; else retrospective"
    )
    goal: Text | None = Field(None, description="what is to be shown: the aim or the hypothesis")
    setting: Text | None = Field(None, description="where patients were seen: emergency, ward, screening, …")
    eligibility: Text | None = Field(None, description="who was included, who was left out, before the intake")
    acquisition: Text | None = Field(None, description="how pictures were taken: protocol, devices, quality assurance")
    sample_size: Text | None = Field(None, description="how the number of pictures was planned")
    reference_standard: ReferenceStandard = Field(ReferenceStandard(), description="what the labels mean")
    missing_data: Text | None = Field(None, description="how missing or doubtful labels were dealt with")
    intended_use: Text | None = Field(
        None, description="what models of these data are for: task, patients, users, role"
    )
    out_of_scope_use: tuple[Text, ...] = Field((), description="what they are not for, one use a line")
    limits: tuple[Text, ...] = Field((), description="known gaps and biases of the data, one a line")
    implications: Text | None = Field(None, description="what follows for practice")
    ethics: Text | None = Field(None, description="approval of an ethics committee, or why none was needed")
    consent: Text | None = Field(None, description="patients' consent, or its waiver")
    licence: Text | None = Field(None, description="under which licence the whole may be used")
    registration: Text | None = Field(None, description="register and number of the study")
    protocol: Text | None = Field(None, description="where the full protocol is found")
    availability: Text | None = Field(None, description="where data, code and models can be had")
    funding: Text | None = Field(None, description="who paid, and what part they took")
    interests: Text | None = Field(None, description="interests, also commercial ones, of those who did it")
    contact: Text | None = Field(None, description="whom to ask")

    @model_validator(mode="after")
    def _each_origin_once(self) -> "DatasetDescription":
        origins = [source.origin for source in self.sources]
        if twice := sorted({origin for origin in origins if origins.count(origin) > 1}):
            raise ValueError(f"sources: the origin {twice[0]!r} stands there twice")
        return self

    @property
    def said(self) -> bool:
        """Whether anything is said at all."""
        return self != DatasetDescription()


def entries(part: Part, above: str = "") -> list[tuple[str, str | None, str]]:
    """Return each text of a part: its name with those above it, its value (None: not reported), and what it means.

    Lists of texts are joined; of sources each has its origin in the name.
    """
    found: list[tuple[str, str | None, str]] = []
    for name, field in type(part).model_fields.items():
        value, title = getattr(part, name), f"{above}{name}"
        if isinstance(value, Part):
            found += entries(value, f"{title}.")
        elif isinstance(value, tuple) and value and isinstance(value[0], Part):
            found += [entry for one in value for entry in entries(one, f"{title}.{one.origin}.")]
        else:
            text = "; ".join(value) if isinstance(value, tuple) else value
            found.append((title, text or None, field.description or ""))
    return found
