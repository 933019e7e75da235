"""What was taken in cannot be told otherwise later: each attack on the raw zone's files is noticed by `xray verify`."""

import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.dicom.intake.seal import unsealed
from xray_platform.dicom.pseudonym import PseudonymKey
from xray_platform.tables.places import Places
from xray_platform_tests.cli.conftest import Ran, Xray, command
from xray_platform_tests.conftest import KEY

KEY_ID = PseudonymKey(bytes.fromhex(KEY)).id
ROWS = [f"{number}.dcm,{label},person {number}" for number, label in enumerate(["normal", "ill", "normal", "ill"])]


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root whose raw zone holds two batches; what the files hold does not matter here."""
    home = tmp_path_factory.mktemp("history")
    for batch in ("one", "two"):
        source = home / batch
        source.mkdir()
        for number in range(4):
            (source / f"{number}.dcm").write_bytes(f"{batch} {number}".encode())
        (source / "labels.csv").write_text("\n".join(["file,label,subject", *ROWS]))
        assert take_in(home / "store", source) == 0
        shutil.copytree(home / "store", home / f"after-{batch}")
    return home


def take_in(root: Path, source: Path) -> int:
    """Do the part of `xray ingest` that concerns the raw zone; the rest takes long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XRAY_KEY", KEY)
        plan_batches(Places(root), source)
        return command(root, "run", "--select", "raw_archive").code


@pytest.fixture
def root(taken_in: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(taken_in / "store", tmp_path / "copy"))


@pytest.fixture
def source(taken_in: Path) -> Path:
    """New files, ready to be taken in."""
    folder = taken_in / "three"
    folder.mkdir(exist_ok=True)
    (folder / "new.dcm").write_bytes(b"new")
    return folder


def rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    before = path.read_bytes()
    path.write_bytes(change(before))
    assert path.read_bytes() != before


def lines(root: Path) -> list[bytes]:
    return journal(root).read_bytes().splitlines()


def journal(root: Path) -> Path:
    return Places(root).raw / "journal.jsonl"


def plan(root: Path, batch: str = "batch-0001") -> Path:
    return Places(root).plans / f"{batch}.json"


def hashed_anew(told: list[bytes], first: int) -> bytes:
    """Return the lines with a chain that fits from `first` on: what one can do without the key."""
    made = told[:first]
    for line in told[first:]:
        said = json.loads(line)
        said["prev"] = sha256(made[-1]).hexdigest() if made else "0" * 64
        made.append(json.dumps(said, separators=(",", ":")).encode())
    return b"\n".join(made) + b"\n"


def noticed(ran: Ran, *words: str) -> None:
    assert ran.code == 1, ran.out
    assert "Traceback" not in ran.out + ran.err
    for word in words:
        assert word in ran.out + ran.err


def kinds(ran: Ran) -> set[str]:
    """Of which kinds the faults are that were told, one a line."""
    return {line.split(": ")[0] for line in ran.out.splitlines() if ": " in line}


def test_a_store_as_it_was_made_is_whole(xray: Xray, root: Path) -> None:
    ran = xray("verify", "--deep", root=root)
    assert ran.code == 0, ran.out
    assert "The store is whole." in ran.err
    assert "not signed" not in ran.err


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b'"label": "normal"', b'"label": "ill"').replace(b'"label":"normal"', b'"label":"ill"'),
        lambda raw: raw.replace(b"person 1", b"person X").replace(b"person 2", b"person 1").replace(b"n X", b"n 2"),
        lambda raw: raw.replace(b'"abnormal": false', b'"abnormal": true').replace(b"false", b"true"),
        lambda raw: unsealed(raw).replace(b"person 1", b"person 3"),
        lambda raw: raw.replace(b'"origin"', b'"batch":"batch-0001","origin"'),
    ],
    ids=["labels", "subjects", "truths", "seal taken off", "a member said twice"],
)
def test_a_plan_that_was_edited_is_noticed(xray: Xray, root: Path, change: Callable[[bytes], bytes]) -> None:
    rewrite(plan(root), change)
    noticed(xray("verify", "--deep", root=root), "plan: raw/plans/batch-0001.json: it is not as it was written")


def test_plans_that_changed_places_are_noticed(xray: Xray, root: Path) -> None:
    shutil.copy(plan(root, "batch-0002"), plan(root))
    noticed(xray("verify", "--deep", root=root), "plans/batch-0001.json")


def test_a_plan_that_is_gone_is_noticed(xray: Xray, root: Path) -> None:
    plan(root).unlink()
    noticed(xray("verify", "--deep", root=root), "plan: raw/plans/batch-0001.json: it is gone")


def test_nothing_is_made_from_a_plan_that_was_edited(xray: Xray, root: Path) -> None:
    rewrite(plan(root), lambda raw: raw.replace(b"person 1", b"person 3"))
    ran = xray("run", "--select", "labels", "--force", root=root)
    noticed(ran, "batch-0001.json is not as it was written")
    assert xray("status", root=root).code == 0


def test_an_edited_last_line_of_the_journal_is_noticed(xray: Xray, root: Path) -> None:
    *before, last = lines(root)
    edited = b"\n".join([*before, last.replace(b"3.dcm", b"9.dcm")]) + b"\n"
    journal(root).write_bytes(edited)
    noticed(xray("verify", "--deep", root=root), "journal: raw/journal.jsonl: line 8 has a seal that does not fit")


@pytest.mark.parametrize("first", [0, 3, 7])
@pytest.mark.parametrize("seals", ["kept", "taken off"])
def test_a_journal_that_was_hashed_anew_is_noticed(xray: Xray, root: Path, first: int, seals: str) -> None:
    told = lines(root)
    told[first] = told[first].replace(b".dcm", b".DCM")
    if seals == "taken off":
        told = [unsealed(line) for line in told]
    journal(root).write_bytes(hashed_anew(told, first))
    noticed(xray("verify", "--deep", root=root), "its last lines are changed or gone", "does not fit")


@pytest.mark.parametrize("left", [0, 4, 7])
def test_a_journal_that_was_cut_off_is_noticed(xray: Xray, root: Path, source: Path, left: int) -> None:
    journal(root).write_bytes(b"".join(line + b"\n" for line in lines(root)[:left]))
    noticed(xray("verify", "--deep", root=root), "its last lines are changed or gone")
    noticed(xray("ingest", source, root=root), "its last lines are changed or gone", "xray verify --accept")
    noticed(xray("verify", "--deep", root=root), "its last lines are changed or gone")


def test_a_line_that_no_intake_wrote_is_noticed(xray: Xray, root: Path, source: Path) -> None:
    told = lines(root)
    journal(root).write_bytes(hashed_anew([*told, unsealed(told[-1])], len(told)))
    noticed(xray("verify", "--deep", root=root), "line 9 has a seal that does not fit")
    noticed(xray("ingest", source, root=root), "has lines that no intake has written", "xray verify --accept")
    assert not plan(root, "batch-0003").exists()


@pytest.mark.parametrize("change", ["edited", "gone", "torn"])
def test_an_anchor_that_was_changed_is_noticed(xray: Xray, root: Path, source: Path, change: str) -> None:
    anchor = Places(root).raw / "anchor.json"
    if change == "gone":
        anchor.unlink()
    else:
        rewrite(
            anchor, lambda raw: raw.replace(b'"head":{"size":', b'"head":{"size":1') if change == "edited" else b"{"
        )
    words = {"edited": "its seal does not fit", "gone": "it is gone", "torn": "damaged or cannot be read"}
    noticed(xray("verify", "--deep", root=root), "anchor: raw/anchor.json: ", words[change])
    assert xray("ingest", source, root=root).code == 1


def test_a_raw_zone_put_back_to_an_earlier_day_is_noticed(xray: Xray, root: Path, taken_in: Path) -> None:
    shutil.rmtree(Places(root).raw)
    shutil.copytree(Places(taken_in / "after-one").raw, Places(root).raw)
    noticed(xray("verify", "--deep", root=root), "not the one that was recorded when batch-0002 was taken in")


def test_a_raw_zone_without_any_seal_is_noticed_where_dagster_remembers(xray: Xray, root: Path) -> None:
    for path in Places(root).plans.glob("*.json"):
        rewrite(path, lambda raw: unsealed(raw).replace(b"person 1", b"person 3"))
    journal(root).write_bytes(hashed_anew([unsealed(line) for line in lines(root)], 0))
    (Places(root).raw / "anchor.json").unlink()
    noticed(xray("verify", "--deep", root=root), "it is gone, though this raw zone was signed")


def test_an_index_that_hides_a_deleted_file_is_not_believed(xray: Xray, root: Path) -> None:
    import sqlite3

    stored = next(path for path in Places(root).raw.glob("??/??/*"))
    stored.unlink()
    with sqlite3.connect(Places(root).raw / "index.sqlite") as connection:
        connection.execute("DELETE FROM owners WHERE sha256 = ?", (stored.name,))
    noticed(xray("verify", "--deep", root=root), f"missing: {stored.relative_to(Places(root).data)}")


def test_another_key_is_told_and_is_no_damage(
    xray: Xray, root: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XRAY_KEY", "67031eb6b0bf83d6ae80fa862d7c424efc6745bd4b0104a30af27c75b445fef9")
    noticed(xray("verify", "--deep", root=root), f"is signed with the pseudonym key {KEY_ID}, this machine has ")
    noticed(xray("ingest", source, root=root), f"is signed with the pseudonym key {KEY_ID}")


def test_a_machine_without_the_key_checks_what_it_can_and_makes_none(
    xray: Xray, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XRAY_KEY")
    monkeypatch.setenv("XRAY_KEY_FILE", str(root / "elsewhere.key"))
    noticed(xray("verify", "--deep", root=root), "this machine has none; give that key")
    assert not (root / "elsewhere.key").exists()
    journal(root).write_bytes(b"".join(line + b"\n" for line in lines(root)[:5]))
    noticed(xray("verify", "--deep", root=root), "its last lines are changed or gone")


def test_after_a_look_the_raw_zone_can_be_taken_as_it_is(xray: Xray, root: Path, source: Path) -> None:
    """A backup that is older than the last intake: its files lie there, and the journal does not know them."""
    journal(root).write_bytes(b"".join(line + b"\n" for line in lines(root)[:7]))
    rewrite(plan(root), lambda raw: raw.replace(b"person 1", b"person 3"))
    ran = xray("verify", "--deep", "--accept", root=root)
    assert "Journal and plans are signed as they are now." in ran.err
    assert kinds(ran) == {"unknown", "catalogue"}, "files are looked at all the same"
    assert take_in(root, source) == 0
    assert kinds(xray("verify", "--deep", root=root)) == {"unknown", "catalogue"}
    rewrite(plan(root), lambda raw: raw.replace(b"person 3", b"person 1"))
    noticed(xray("verify", "--deep", root=root), "plans/batch-0001.json")


def old(root: Path) -> None:
    """Make the store what a version before anchors left."""
    for path in Places(root).plans.glob("*.json"):
        path.write_bytes(unsealed(path.read_bytes()))
    journal(root).write_bytes(hashed_anew([unsealed(line) for line in lines(root)], 0))
    (Places(root).raw / "anchor.json").unlink()
    shutil.rmtree(Places(root).dagster)


def test_an_old_store_is_told_of_and_signed_by_its_next_intake(xray: Xray, root: Path, source: Path) -> None:
    old(root)
    ran = xray("verify", "--deep", root=root)
    assert ran.code == 0, ran.out
    assert "not signed yet" in ran.err
    assert take_in(root, source) == 0
    ran = xray("verify", "--deep", root=root)
    assert ran.code == 0, ran.out
    assert "not signed yet" not in ran.err
    journal(root).write_bytes(hashed_anew([line.replace(b"/one/", b"/0ne/") for line in lines(root)], 0))
    rewrite(plan(root), lambda raw: raw.replace(b"person 1", b"person 3"))
    noticed(
        xray("verify", "--deep", root=root), "plans/batch-0001.json", "not those that were there when it was signed"
    )


@pytest.mark.parametrize("before_seals", [False, True])
def test_who_is_forgotten_leaves_a_tombstone_and_a_past_that_holds(
    xray: Xray, root: Path, source: Path, before_seals: bool
) -> None:
    if before_seals:
        old(root)
    before = lines(root)
    subject = PseudonymKey(bytes.fromhex(KEY)).subject("person 1")
    ran = xray("forget", subject, "--yes", root=root)
    assert ran.code == 0, ran.out + ran.err
    after = lines(root)
    assert [len(line) for line in after[: len(before)]] == [len(line) for line in before]
    assert len(after) == len(before) + 1
    changed = [place for place, line in enumerate(before) if line != after[place]]
    assert [json.loads(before[place])["relative"] for place in changed] == ["1.dcm", "1.dcm"]
    assert b"1.dcm" not in b"".join(after)
    assert b"person 1" not in plan(root).read_bytes()
    for words in (["verify"], ["verify", "--deep"], ["verify", "--accept"], ["verify", "--deep"]):
        ran = xray(*words, root=root)
        assert ran.code == 0, ran.out + ran.err
    (source / "again.dcm").write_bytes(b"one 1")
    assert take_in(root, source) == 0
    assert "its bytes were forgotten on request" in journal(root).read_text()
    assert not (Places(root).raw / sha256(b"one 1").hexdigest()[:2] / sha256(b"one 1").hexdigest()[2:4]).exists()
    (source / "again.dcm").unlink()
    assert xray("verify", "--deep", root=root).code == 0
    rewrite(
        journal(root), lambda raw: raw.replace(b'{"forgotten":"', b'{"forgotten":"0', 1).replace(b"  \n", b" \n", 1)
    )
    noticed(xray("verify", root=root), "a seal that does not fit")


def test_nobody_is_forgotten_where_the_past_was_changed(xray: Xray, root: Path) -> None:
    subject = PseudonymKey(bytes.fromhex(KEY)).subject("person 1")
    rewrite(plan(root), lambda raw: raw.replace(b"person 3", b"person 2"))
    ran = xray("forget", subject, "--yes", root=root)
    assert ran.code == 1
    assert "not as it was written" in ran.err
    assert b"1.dcm" in journal(root).read_bytes()
