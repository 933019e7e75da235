"""Clinical columns become numbers, unknown ones nothing, and go where pictures go."""

import numpy as np
import pytest

from xray_platform.clinical_columns import (
    COLUMNS,
    ClinicalFacts,
    ClinicalImages,
    check_taken,
    columns_in,
    encode,
    pictures_of,
    width_of,
    with_values,
    without_values,
)
from xray_platform.errors import InputError
from xray_platform.image_stack import KnownImages, images_digest, unpack_view

PICTURES = np.random.default_rng(0).random((5, 32, 32), dtype=np.float32)
KNOWN = ClinicalFacts(63.0, "F", "AP")


def test_the_order_in_which_columns_are_named_is_no_matter() -> None:
    assert columns_in("view,age , sex") == columns_in("age, sex, view") == COLUMNS
    assert columns_in("") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [("age, weight", "no clinical column 'weight'; allowed: age, sex, view"), ("age, age", "name one twice")],
)
def test_what_is_no_column_is_refused_with_those_that_there_are(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        columns_in(text)


@pytest.mark.parametrize("age", [None, -1.0, 150.0, 999.0, float("nan"), float("inf")])
def test_an_age_that_is_none_is_unknown(age: float | None) -> None:
    assert not encode(ClinicalFacts(age=age), ("age",)).any()


def test_a_newborn_is_not_taken_for_unknown() -> None:
    assert encode(ClinicalFacts(age=0.0), ("age",)).tolist() == [0.0, 1.0]


def test_old_people_are_as_old_as_de_identification_leaves_them() -> None:
    assert np.array_equal(encode(ClinicalFacts(age=97.0), ("age",)), encode(ClinicalFacts(age=90.0), ("age",)))


@pytest.mark.parametrize(("sex", "view"), [(None, None), ("", ""), ("X", "SIDEWAYS"), ("female", "AP view")])
def test_words_that_are_not_dicoms_are_unknown(sex: str | None, view: str | None) -> None:
    assert not encode(ClinicalFacts(sex=sex, view=view), ("sex", "view")).any()
    assert ClinicalFacts(1.0, sex, view).known() == {"age"}


def test_each_word_has_numbers_of_its_own_and_lateral_views_share_theirs() -> None:
    words = [encode(ClinicalFacts(sex=sex), ("sex",)).tobytes() for sex in ("F", "M", "O", None)]
    assert len(set(words)) == 4
    views = [encode(ClinicalFacts(view=view), ("view",)).tobytes() for view in ("PA", "AP", "LL", None)]
    assert len(set(views)) == 4
    assert encode(ClinicalFacts(view="LATERAL"), ("view",)).tobytes() == views[2]
    assert encode(ClinicalFacts(sex=" f "), ("sex",)).tobytes() == words[0]


def test_what_a_header_does_not_tell_is_filled_by_what_is_said_and_nothing_else_is() -> None:
    header = ClinicalFacts(sex="M", view="SIDEWAYS")
    assert header.or_else(KNOWN) == ClinicalFacts(63.0, "M", "AP")


def test_pictures_with_columns_are_packed_like_views_and_come_apart_again() -> None:
    values = np.stack([encode(KNOWN, COLUMNS)] * 5)
    both = with_values(PICTURES, values)
    assert both.shape == (5, 2, 32, 32)
    assert np.array_equal(pictures_of(both), PICTURES)
    assert np.array_equal(unpack_view(both, 0, 32), PICTURES)
    assert np.array_equal(both[:, 1, 0, : width_of(COLUMNS)], values)
    assert not both[:, 1].reshape(5, -1)[:, width_of(COLUMNS) :].any()
    assert not without_values(both, COLUMNS)[:, 1].any()
    assert without_values(PICTURES, ()) is PICTURES


def test_pictures_without_the_columns_that_a_model_takes_are_refused_and_the_other_way_round() -> None:
    with pytest.raises(InputError, match=r"pictures with age, sex beside them, \(N, 2, S, S\), are wanted"):
        check_taken(PICTURES, ("age", "sex"))
    with pytest.raises(InputError, match="a stack of squares"):
        check_taken(without_values(PICTURES, ("age",)))
    broken = without_values(PICTURES, ("age",)).copy()
    broken[0, 1, 0, 0] = np.nan
    with pytest.raises(InputError, match="no numbers"):
        check_taken(broken, ("age",))


def test_other_values_of_the_same_pictures_have_another_digest() -> None:
    known = np.stack([encode(KNOWN, COLUMNS)] * 5)
    images, again, unknown = (ClinicalImages(PICTURES, values) for values in (known, known.copy(), known * 0))
    assert isinstance(images, KnownImages)
    assert images_digest(images) == images_digest(again) != images_digest(unknown)
    assert images.shape == images[:].shape
    assert np.array_equal(images[np.array([3, 1])], images[:][[3, 1]])
