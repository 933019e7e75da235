"""The journal: appended only, each line bound to the one before, a half-written one mended; the index follows it."""

from pathlib import Path

import pytest

from xray_platform.dicom.intake.anchor import anchor_path
from xray_platform.dicom.intake.index import open_index
from xray_platform.dicom.intake.journal import JournalEntry, append, broken_links, journal_path, read_journal
from xray_platform.tables.places import Places


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(tmp_path)
    made.raw.mkdir(parents=True)
    return made


def entry(number: int, batch: str = "batch-0001") -> JournalEntry:
    return JournalEntry(batch, f"/in/{number}.dcm", f"{number}.dcm", f"{number:064x}", number, 5, "stored")


def entries(places: Places) -> list[JournalEntry]:
    return [line.entry for line in read_journal(places) if isinstance(line.entry, JournalEntry)]


def test_entries_come_back_in_order_and_the_chain_is_whole(places: Places) -> None:
    append(places, [entry(1), entry(2)])
    append(places, [entry(3)])
    assert entries(places) == [entry(1), entry(2), entry(3)]
    assert list(broken_links(places)) == []


def test_an_empty_journal_is_whole(places: Places) -> None:
    assert entries(places) == []
    assert list(broken_links(places)) == []


@pytest.mark.parametrize("cut", [1, 30, 200])
def test_a_half_written_line_is_left_out_and_then_mended(places: Places, cut: int) -> None:
    append(places, [entry(1)])
    head = anchor_path(places).read_bytes()
    append(places, [entry(2)])
    anchor_path(places).write_bytes(head)  # the crash came before the head was signed
    path = journal_path(places)
    path.write_bytes(path.read_bytes()[:-cut])
    assert entries(places) == [entry(1)]
    assert list(broken_links(places)) == ["line 2 is half-written"]
    append(places, [entry(3)])
    assert entries(places) == [entry(1), entry(3)]
    assert list(broken_links(places)) == []


def test_lines_longer_than_the_first_look_back_are_bound_too(places: Places) -> None:
    append(places, [JournalEntry("batch-0001", "/in/" + "x" * 200_000, "x", None, 0, 0, "failed", "why")])
    append(places, [entry(1)])
    assert list(broken_links(places)) == []


@pytest.mark.parametrize("change", ["edit", "remove", "swap", "insert"])
def test_any_change_of_the_past_breaks_the_chain(places: Places, change: str) -> None:
    append(places, [entry(number) for number in range(5)])
    path = journal_path(places)
    lines = path.read_bytes().splitlines(keepends=True)
    if change == "edit":
        lines[1] = lines[1].replace(b"/in/1.dcm", b"/in/9.dcm")
    elif change == "remove":
        del lines[2]
    elif change == "swap":
        lines[1], lines[2] = lines[2], lines[1]
    else:
        lines.insert(2, lines[1])
    path.write_bytes(b"".join(lines))
    assert any("does not follow" in words for words in broken_links(places))


def test_the_index_follows_the_journal_and_is_made_anew_when_it_is_lost(places: Places) -> None:
    append(places, [entry(1)])
    with open_index(places) as index:
        index.catch_up()
        assert list(index.of_batch("batch-0001")) == [entry(1)]
        append(places, [entry(2, "batch-0002")])
        index.catch_up()
        assert index.hash_of("/in/2.dcm", 2, 5) == entry(2).sha256
        assert index.hash_of("/in/2.dcm", 2, 6) is None
    (places.raw / "index.sqlite").write_bytes(b"no database at all, but long enough to be looked at" * 50)
    with open_index(places) as index:
        index.catch_up()
        assert list(index.stored()) == [entry(1).sha256, entry(2).sha256]


def test_an_index_that_knows_more_than_the_journal_starts_again(places: Places) -> None:
    append(places, [entry(1), entry(2)])
    with open_index(places) as index:
        index.catch_up()
    path = journal_path(places)
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    with open_index(places) as index:
        index.catch_up()
        assert index.stored_count() == 1
