"""Clinical columns: age, sex and view as numbers that go into a network beside the picture.

A picture with its columns is an array (2, S, S): the picture, and a plane whose first row begins with the numbers, as
`image_stack.pack_views` packs a smaller view. So whatever hands pictures on hands their columns on with them.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from xray_platform.errors import InputError
from xray_platform.image_stack import Images, ImageSource, Indices, check_images, images_digest, pack_views
from xray_platform.tables.columns import AGE_YEARS, SEX, VIEW_POSITION

ClinicalColumn = Literal["age", "sex", "view"]
ClinicalValues: TypeAlias = NDArray[np.float32]  # (N, K) in [0, 1]; all of a column's numbers 0: it is not known
COLUMNS: tuple[ClinicalColumn, ...] = get_args(ClinicalColumn)
OLDEST = float(AGE_YEARS.high or 0)  # years; de-identified ages end here
LONGEST_LIFE = 150.0  # years; more is no age
SEXES = tuple(SEX.allowed)
FRONTAL_VIEWS = ("PA", "AP")
OTHER_VIEWS = tuple(view for view in VIEW_POSITION.allowed if view not in FRONTAL_VIEWS)  # are one
WIDTHS: dict[str, int] = {"age": 2, "sex": len(SEXES), "view": len(FRONTAL_VIEWS) + 1}


@dataclass(frozen=True)
class ClinicalFacts:
    """What is known of a picture besides itself: the age in years, the sex and the view in DICOM's words; or None."""

    age: float | None = None
    sex: str | None = None
    view: str | None = None

    def known(self) -> frozenset[str]:
        """Return the columns that have a value which can be used."""
        return frozenset(name for name in COLUMNS if encode(self, (name,)).any())

    def or_else(self, other: "ClinicalFacts") -> "ClinicalFacts":
        """Return these facts, and of what they do not tell, those of `other`."""
        told = self.known()
        return ClinicalFacts(**{name: getattr(self if name in told else other, name) for name in COLUMNS})


def columns_in(text: str) -> tuple[ClinicalColumn, ...]:
    """Return the columns that a text such as `age, view` names, in the order of `COLUMNS`, whatever theirs.

    >>> columns_in("view, age")
    ('age', 'view')

    Raises ValueError where one is unknown, or there twice.
    """
    named = [part.strip() for part in text.split(",") if part.strip()]
    if unknown := [name for name in named if name not in COLUMNS]:
        raise ValueError(f"there is no clinical column {unknown[0]!r}; allowed: {', '.join(COLUMNS)}, with commas")
    if len(set(named)) < len(named):
        raise ValueError(f"the clinical columns {text!r} name one twice")
    return tuple(name for name in COLUMNS if name in named)


def columns_of(model: object) -> tuple[ClinicalColumn, ...]:
    """Return the clinical columns that a model takes beside the picture; most models take none."""
    return tuple(getattr(model, "clinical_columns", ()))


def width_of(columns: Sequence[str]) -> int:
    """Return how many numbers these columns are together.

    >>> width_of(("age", "view"))
    5
    """
    return sum(WIDTHS[name] for name in columns)


def encode(facts: ClinicalFacts, columns: Sequence[str]) -> ClinicalValues:
    """Return the numbers of these columns, (K,) float32 in [0, 1].

    age: years as a share of 90, and 1 where it is known. sex: M, F, O. view: PA, AP, any other. What is missing, is no
    age (below 0, or 150 and more) or no word that is known is all 0.

    >>> encode(ClinicalFacts(age=45, sex="M"), ("age", "sex", "view")).tolist()
    [0.5, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    made: list[float] = []
    for name in columns:
        made += {"age": _age, "sex": _sex, "view": _view}[name](facts)
    return np.array(made, np.float32)


def _age(facts: ClinicalFacts) -> list[float]:
    if facts.age is None or not 0 <= facts.age < LONGEST_LIFE:  # nor what is no number
        return [0.0, 0.0]
    return [min(float(facts.age), OLDEST) / OLDEST, 1.0]


def _sex(facts: ClinicalFacts) -> list[float]:
    word = _word(facts.sex)
    return [float(word == sex) for sex in SEXES]


def _view(facts: ClinicalFacts) -> list[float]:
    word = _word(facts.view)
    return [*(float(word == view) for view in FRONTAL_VIEWS), float(word in OTHER_VIEWS)]


def _word(text: Any) -> str:
    """Return a word in capitals; nothing of what a table has where there is none."""
    return text.strip().upper() if isinstance(text, str) else ""


def with_values(pictures: Images, values: ClinicalValues) -> Images:
    """Return pictures (..., S, S) with their values (..., K) as one array (..., 2, S, S); as they are where K is 0."""
    return pack_views([pictures, values[..., None, :]]) if values.shape[-1] else pictures


def without_values(images: Images, columns: Sequence[str]) -> Images:
    """Return pictures as a model with these columns takes them where none is known; as they are without columns."""
    if not columns:
        return images
    pictures = pictures_of(images)
    return with_values(pictures, np.zeros((len(pictures), width_of(columns)), np.float32))


def pictures_of(images: Images) -> Images:
    """Return the pictures (N, S, S) alone of such with columns, (N, 2, S, S); others as they are."""
    return images[:, 0] if images.ndim == 4 and images.shape[1] == 2 else images


def check_taken(
    images: NDArray[np.floating], columns: Sequence[str] = (), *, side: int | None = None, smallest: int = 1
) -> Images:
    """Return images as `check_images` does, with the plane of their columns, (N, 2, S, S), where there are columns.

    Raises InputError where pictures come without columns to a model that takes some, or with some to one that does not.
    """
    stack = np.asarray(images)
    if not columns:
        return check_images(stack, side=side, smallest=smallest)
    if stack.ndim != 4 or stack.shape[1] != 2:
        wanted = f"pictures with {', '.join(columns)} beside them, (N, 2, S, S),"
        raise InputError(f"pictures of shape {stack.shape}; {wanted} are wanted, be it with none of them known")
    for plane in (stack[:, 0], stack[:, 1]):
        check_images(plane, side=side, smallest=smallest)
    return np.ascontiguousarray(stack, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class ClinicalImages:
    """Pictures of a source with their columns: `values` (N, K) in the source's order; given out as (n, 2, S, S)."""

    source: ImageSource
    values: ClinicalValues

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, 2, S, S)."""
        side = self.source.shape[-1]
        return (len(self), 2, side, side)

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: Indices, /) -> Images:
        return with_values(self.source[index], self.values[index])

    def digest(self) -> str:
        """Return hexadecimal digits of the pictures, as their source names them, and of their values."""
        return hashlib.sha256(images_digest(self.source) + self.values.tobytes()).hexdigest()
