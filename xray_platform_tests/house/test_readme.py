"""The README says what the code says."""

from xray_platform_tests.house.readme import README, rewritten


def test_its_tables_are_those_of_the_code() -> None:
    text = README.read_text(encoding="utf-8")
    assert rewritten(text) == text, "run `python -m xray_platform_tests.house.readme`"


def test_its_pictures_and_pages_are_there() -> None:
    text = README.read_text(encoding="utf-8")
    links = [part.split(")")[0] for part in text.split("](")[1:]]
    assert len(links) > 5
    missing = [link for link in links if not (README.parent / link).exists()]
    assert not missing


def test_the_two_commands_come_first() -> None:
    first = README.read_text(encoding="utf-8").split("```console")[1].split("```")[0].split("\n")
    assert [line.split("#")[0].strip() for line in first if line.startswith("$")] == ["$ make demo", "$ make test"]
