"""Duplicates: the same picture, person or identifier met twice is told, and what is unknown equals nothing."""

from xray_platform.dicom.quality.duplicates import Known, alike, company_of, nearly_alike

FIRST = Known("first", instance="i", person="p", pixel_sha256="x", looks="0" * 64, split="train")


def codes(file: Known, *others: Known) -> list[tuple[str, str]]:
    return [(finding.rule, finding.severity) for finding in alike(file, company_of(others))]


def near(*files: Known) -> list[int]:
    return [place for place, _ in nearly_alike(files, files)]


def test_a_stranger_is_like_nobody() -> None:
    assert codes(Known("n", instance="j", person="q", pixel_sha256="y", split="test"), FIRST) == []


def test_what_is_not_known_is_equal_to_nothing() -> None:
    nothing = Known("n")
    assert codes(nothing, nothing, FIRST) == []
    assert codes(FIRST, nothing) == []
    assert near(nothing, nothing) == []


def test_a_header_that_was_changed_is_warned_of_and_changed_pixels_are_a_conflict() -> None:
    assert codes(Known("n", instance="i", person="p", pixel_sha256="x"), FIRST) == [("Q081", "warn")]
    assert codes(Known("n", instance="i", person="p", pixel_sha256="y"), FIRST) == [("Q081", "quarantine")]
    assert codes(Known("n", instance="i", person="p"), FIRST) == [("Q081", "quarantine")]


def test_an_identifier_of_another_patient_is_told_besides() -> None:
    found = codes(Known("n", instance="i", person="q", pixel_sha256="x"), FIRST)
    assert found == [("Q085", "quarantine"), ("Q081", "warn")]


def test_the_same_pixels_under_another_name_matter_more_where_the_patient_is_another() -> None:
    assert codes(Known("n", instance="j", person="p", pixel_sha256="x"), FIRST) == [("Q082", "warn")]
    assert codes(Known("n", instance="j", pixel_sha256="x"), FIRST) == [("Q082", "warn")]
    assert codes(Known("n", instance="j", person="q", pixel_sha256="x"), FIRST) == [("Q082", "quarantine")]


def test_one_patient_may_not_be_in_two_splits() -> None:
    assert codes(Known("n", person="p", split="test"), FIRST) == [("Q084", "warn")]
    assert codes(Known("n", person="p", split="train"), FIRST) == []
    assert codes(Known("n", person="p"), FIRST) == []


def test_of_many_alike_the_first_is_named() -> None:
    second = Known("second", instance="i", person="p", pixel_sha256="y")
    conflict, twin = alike(Known("n", instance="i", person="p", pixel_sha256="y"), company_of([FIRST, second]))
    assert conflict.evidence == "picture first has its SOP instance UID and other pixels"
    assert twin.evidence == "picture second has its pixels"


def test_a_file_is_nearly_like_one_before_it_not_after() -> None:
    other = Known("other", pixel_sha256="y", looks="0" * 60 + "00ff")
    far = Known("far", pixel_sha256="z", looks="f" * 64)
    assert near(FIRST, other, far) == [1]
    assert near(far, FIRST, other) == [2]


def test_twenty_bits_apart_are_near_and_more_are_not() -> None:
    twenty = Known("b", pixel_sha256="y", looks="f" * 5 + "0" * 59)
    more = Known("c", pixel_sha256="z", looks="f" * 5 + "0" * 58 + "1")
    assert near(FIRST, twenty) == [1]
    assert near(FIRST, more) == []


def test_equal_pixels_are_not_nearly_alike_for_that_has_its_own_rule() -> None:
    assert near(FIRST, Known("n", pixel_sha256="x", looks="0" * 64)) == []


def test_a_batch_is_compared_with_what_was_there_before() -> None:
    new = [Known("new", pixel_sha256="y", looks="0" * 64), Known("far", pixel_sha256="z", looks="f" * 64)]
    ((place, finding),) = nearly_alike(new, [FIRST])
    assert (place, finding.rule, finding.evidence) == (0, "Q083", "it looks nearly like picture first")
    assert list(nearly_alike(new, [])) == []
