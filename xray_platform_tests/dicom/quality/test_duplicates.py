"""Duplicates: the same picture, person or identifier met twice is told, and what is unknown equals nothing."""

from xray_platform.dicom.quality.duplicates import KnownFile, exact_duplicates, near_duplicates, seen_files

FIRST = KnownFile("first", instance="i", person="p", pixel_sha256="x", looks="0" * 64, split="train")


def codes(file: KnownFile, *others: KnownFile) -> list[tuple[str, str]]:
    return [(finding.rule, finding.severity) for finding in exact_duplicates(file, seen_files(others))]


def near(*files: KnownFile) -> list[int]:
    return [place for place, _ in near_duplicates(files, files)]


def test_a_stranger_is_like_nobody() -> None:
    assert codes(KnownFile("n", instance="j", person="q", pixel_sha256="y", split="test"), FIRST) == []


def test_what_is_not_known_is_equal_to_nothing() -> None:
    nothing = KnownFile("n")
    assert codes(nothing, nothing, FIRST) == []
    assert codes(FIRST, nothing) == []
    assert near(nothing, nothing) == []


def test_a_header_that_was_changed_is_warned_of_and_changed_pixels_are_a_conflict() -> None:
    assert codes(KnownFile("n", instance="i", person="p", pixel_sha256="x"), FIRST) == [("Q081", "warn")]
    assert codes(KnownFile("n", instance="i", person="p", pixel_sha256="y"), FIRST) == [("Q081", "quarantine")]
    assert codes(KnownFile("n", instance="i", person="p"), FIRST) == [("Q081", "quarantine")]


def test_an_identifier_of_another_patient_is_told_besides() -> None:
    found = codes(KnownFile("n", instance="i", person="q", pixel_sha256="x"), FIRST)
    assert found == [("Q085", "quarantine"), ("Q081", "warn")]


def test_the_same_pixels_under_another_name_matter_more_where_the_patient_is_another() -> None:
    assert codes(KnownFile("n", instance="j", person="p", pixel_sha256="x"), FIRST) == [("Q082", "warn")]
    assert codes(KnownFile("n", instance="j", pixel_sha256="x"), FIRST) == [("Q082", "warn")]
    assert codes(KnownFile("n", instance="j", person="q", pixel_sha256="x"), FIRST) == [("Q082", "quarantine")]


def test_one_patient_may_not_be_in_two_splits() -> None:
    assert codes(KnownFile("n", person="p", split="test"), FIRST) == [("Q084", "warn")]
    assert codes(KnownFile("n", person="p", split="train"), FIRST) == []
    assert codes(KnownFile("n", person="p"), FIRST) == []


def test_of_many_alike_the_first_is_named() -> None:
    second = KnownFile("second", instance="i", person="p", pixel_sha256="y")
    conflict, twin = exact_duplicates(
        KnownFile("n", instance="i", person="p", pixel_sha256="y"), seen_files([FIRST, second])
    )
    assert conflict.evidence == "picture first has its SOP instance UID and other pixels"
    assert twin.evidence == "picture second has its pixels"


def test_a_file_is_nearly_like_one_before_it_not_after() -> None:
    other = KnownFile("other", pixel_sha256="y", looks="0" * 60 + "00ff")
    far = KnownFile("far", pixel_sha256="z", looks="f" * 64)
    assert near(FIRST, other, far) == [1]
    assert near(far, FIRST, other) == [2]


def test_twenty_bits_apart_are_near_and_more_are_not() -> None:
    twenty = KnownFile("b", pixel_sha256="y", looks="f" * 5 + "0" * 59)
    more = KnownFile("c", pixel_sha256="z", looks="f" * 5 + "0" * 58 + "1")
    assert near(FIRST, twenty) == [1]
    assert near(FIRST, more) == []


def test_equal_pixels_are_not_nearly_alike_for_that_has_its_own_rule() -> None:
    assert near(FIRST, KnownFile("n", pixel_sha256="x", looks="0" * 64)) == []


def test_a_batch_is_compared_with_what_was_there_before() -> None:
    new = [KnownFile("new", pixel_sha256="y", looks="0" * 64), KnownFile("far", pixel_sha256="z", looks="f" * 64)]
    ((place, finding),) = near_duplicates(new, [FIRST])
    assert (place, finding.rule, finding.evidence) == (0, "Q083", "it looks nearly like picture first")
    assert list(near_duplicates(new, [])) == []
