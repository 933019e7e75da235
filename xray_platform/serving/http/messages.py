"""Messages: what the API says, as JSON; the same models make its OpenAPI description."""

import base64
import re
from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from xray_platform.clinical_columns import ClinicalColumn, ClinicalFacts
from xray_platform.serving.heatmap_picture import HeatmapPicture
from xray_platform.serving.http.champion import Champion, Served
from xray_platform.serving.http.engine import Judged
from xray_platform.serving.model_input import Refusal
from xray_platform.serving.said_facts import unused
from xray_platform.serving.uncertainty import uncertainty

NOTICE = "Research software, not a medical device. No decision about a patient may rest on it."
_CODED = re.compile(r"(Q\d{3}|timeout|killed|error|distance|columns): ")


class Message(BaseModel):
    """A message of the API."""

    model_config = ConfigDict(frozen=True)


class Remark(Message):
    """What a quality rule says of an image: its code, and in words."""

    code: str = Field(examples=["Q063"])
    words: str = Field(examples=["the shorter side has 300 pixels; 512 or more are expected"])


class Model(Message):
    """Which model speaks."""

    name: str = Field(examples=["attention_cnn"])
    version: str = Field(description="version of the registered model", examples=["3"])
    bundle: str = Field(description="SHA-256 of the bundle: weights, recipe, threshold, calibration")
    notes: tuple[str, ...] = Field((), description="what is worth knowing before its predictions are read")
    clinical_columns: tuple[ClinicalColumn, ...] = Field(
        (), description="what it takes beside the image: as the header states it, else as the request says it"
    )


class Heatmap(Message):
    """Where an image looks abnormal: a grey PNG that covers the whole image as it came."""

    png: str = Field(description="PNG, 8 bits, base64; 0 stands for `low` and less, 255 for `high` and more")
    low: float = Field(description="value of the model's map where the scale begins")
    high: float = Field(description="value of the model's map where the scale ends")
    scale: Literal["model", "image"] = Field(description="whether the ends are the same for all images, or this one's")
    rows: int = Field(description="height of the image that it covers; the PNG itself may be smaller")
    columns: int = Field(description="width of the image that it covers")
    seen: tuple[tuple[float, float], ...] = Field(
        description="corners (row, column) of what the model looked at; outside of them the map says nothing"
    )


class ClassMessage(Message):
    """What a model of several classes says of one of them."""

    name: str = Field(examples=["effusion"])
    score: float
    probability: float = Field(description="calibrated probability of this class", examples=[0.71])
    named: bool = Field(description="whether the model names it for this image")


class Prediction(Message):
    """What the model says of one image."""

    label: str = Field(examples=["abnormal"])
    probability: float = Field(description="calibrated probability of being abnormal", examples=[0.83])
    score: float = Field(description="the model's own number; higher is more abnormal", examples=[1.72])
    threshold: float = Field(description="score from which on the label is abnormal", examples=[0.4])
    threshold_probability: float = Field(description="the threshold as a probability", examples=[0.5])
    uncertainty: float = Field(
        description="1 where the probability lies at the threshold, 0 as far from it as it can be", examples=[0.34]
    )
    quality: Literal["accept", "quarantine"] = Field(
        description="what an intake would do; quarantine: the image is unlike what the model learnt from"
    )
    distance: float | None = Field(
        None,
        description="how far the image lies from what the model learnt, 0 to 2; null where it does not know",
    )
    distance_limit: float | None = Field(
        None, description="distance beyond which it is unlike all that the model learnt from, and a warning says so"
    )
    warnings: tuple[Remark, ...] = ()
    heatmap: Heatmap | None = None
    classes: tuple[ClassMessage, ...] = Field((), description="of a model that knows several classes, in their order")


class Refused(Message):
    """Why there is no prediction for an image."""

    error: tuple[Remark, ...]


class Predictions(Message):
    """The answer to images: one entry each, in the order in which they came."""

    request: str = Field(description="id of the request, as in the server's log")
    model: Model
    notice: str = NOTICE
    notes: tuple[str, ...] = Field((), description="what was said of the images that the model does not take")
    images: tuple[Prediction | Refused, ...]


class Problem(Message):
    """Why a request was not answered."""

    request: str
    error: Remark


class Models(Message):
    """Which model serves, and what is wrong with the one that should, if anything."""

    serving: Model | None
    problem: str = Field("", description="why the registered champion does not serve, where that is so")
    notice: str = NOTICE


def remark(text: str) -> Remark:
    """Return what a rule says, its code and its words apart."""
    found = _CODED.match(text)
    return Remark(code=found[1], words=text[found.end() :]) if found else Remark(code="image", words=text)


def remarks(text: str) -> tuple[Remark, ...]:
    """Return what several rules say in one text."""
    return tuple(remark(part) for part in re.split(r"; (?=Q\d{3}: )", text))


def model_message(served: Served) -> Model:
    """Say which model it is."""
    location = served.location
    predictor = served.predictor
    return Model(
        name=served.name,
        version=location.version,
        bundle=location.bundle,
        notes=predictor.notes,
        clinical_columns=predictor.facts.clinical_columns,
    )


def not_used(told: Iterable[ClinicalFacts], served: Served) -> tuple[str, ...]:
    """Say what was said of images that the model does not take."""
    return tuple(unused(told, served.name, served.predictor.facts.clinical_columns))


def models_message(champion: Champion) -> Models:
    """Say which model serves, and what is wrong."""
    serving = model_message(champion.served) if champion.served else None
    return Models(serving=serving, problem=champion.problem)


def image_message(found: Judged | Refusal) -> Prediction | Refused:
    """Say what the model says of an image, or why it does not."""
    if isinstance(found, Refusal):
        return Refused(error=remarks(found.reason))
    said = found.prediction
    return Prediction(
        label=said.verdict,
        probability=said.probability,
        score=said.score,
        threshold=said.threshold,
        threshold_probability=said.threshold_probability,
        uncertainty=uncertainty(said.probability, said.threshold_probability),
        quality="quarantine" if said.quarantine else "accept",
        distance=said.placed.distance if said.placed else None,
        distance_limit=said.placed.limit if said.placed else None,
        warnings=tuple(map(remark, said.warnings)),
        heatmap=heatmap_message(found.heatmap) if found.heatmap else None,
        classes=tuple(ClassMessage(**vars(one)) for one in said.classes),
    )


def heatmap_message(heatmap: HeatmapPicture) -> Heatmap:
    """Say where an image looks abnormal."""
    return Heatmap(
        png=base64.b64encode(heatmap.png).decode(),
        low=heatmap.scale.low,
        high=heatmap.scale.high,
        scale="model" if heatmap.scale.shared else "image",
        rows=heatmap.rows,
        columns=heatmap.columns,
        seen=tuple((row, column) for row, column in heatmap.seen),
    )
