"""Findings: one text a picture, and one order of classes."""

import pytest

from xray_platform.errors import InputError
from xray_platform.tables.findings import classes_in, joined, ordered_classes


def test_findings_are_joined_by_alphabet_each_once() -> None:
    assert joined(["mass", "effusion", "mass"]) == "effusion|mass"
    assert joined([]) == "normal"


def test_a_picture_has_the_classes_that_its_findings_name() -> None:
    assert classes_in("effusion|mass") == ("effusion", "mass")
    assert classes_in("normal") == ("normal",)


def test_normal_comes_first_then_what_is_declared_then_the_alphabet() -> None:
    texts = ["virus", "bacteria|mass", "normal", "virus"]
    assert ordered_classes(texts) == ("normal", "bacteria", "mass", "virus")
    assert ordered_classes(texts, ["virus", "mass"]) == ("normal", "virus", "mass", "bacteria")


def test_a_class_that_nobody_has_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match="'fungus'; there are normal, virus"):
        ordered_classes(["virus", "normal"], ["fungus"])
