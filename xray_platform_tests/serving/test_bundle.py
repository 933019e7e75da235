"""A bundle is whole or it is refused."""

import errno
import json
from pathlib import Path

import pytest

from xray_platform.errors import StoreError
from xray_platform.serving.bundle import FACTS, Bundle, write_bundle
from xray_platform_tests.serving.bundles import facts, small_bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return small_bundle(tmp_path / "bundle")


def test_what_is_written_comes_back(bundle: Bundle) -> None:
    opened = Bundle.open(bundle.folder)
    assert opened == bundle
    assert opened.facts == facts()
    files = ["graph.bin", "graph.xml", "network.json", "weights.safetensors"]
    assert sorted(path.name for path in opened.model_folder.iterdir()) == files


def test_the_id_follows_the_content(bundle: Bundle, tmp_path: Path) -> None:
    assert small_bundle(tmp_path / "again").id == bundle.id
    assert small_bundle(tmp_path / "other", seed=1).id != bundle.id


def test_a_changed_file_is_found(bundle: Bundle) -> None:
    weights = bundle.model_folder / "weights.safetensors"
    raw = bytearray(weights.read_bytes())
    raw[-1] ^= 1
    weights.write_bytes(raw)
    with pytest.raises(StoreError, match=r"holds a changed model/weights\.safetensors"):
        Bundle.open(bundle.folder)


def test_a_missing_file_is_found(bundle: Bundle) -> None:
    (bundle.model_folder / "network.json").unlink()
    with pytest.raises(StoreError, match=r"lacks model/network\.json"):
        Bundle.open(bundle.folder)


def test_a_file_that_was_smuggled_in_is_found(bundle: Bundle) -> None:
    (bundle.model_folder / "weights.pkl").write_bytes(b"cos\nsystem\n")
    with pytest.raises(StoreError, match=r"does not list, model/weights\.pkl"):
        Bundle.open(bundle.folder)


def test_a_link_is_not_followed_though_its_target_has_the_right_bytes(bundle: Bundle, tmp_path: Path) -> None:
    card = bundle.model_folder / "network.json"
    card.rename(tmp_path / "elsewhere.json")
    card.symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(StoreError, match=r"changed model/network\.json"):
        Bundle.open(bundle.folder)


def test_a_later_format_is_refused_with_both_numbers(bundle: Bundle) -> None:
    written = json.loads((bundle.folder / FACTS).read_text())
    (bundle.folder / FACTS).write_text(json.dumps(written | {"format": 4}))
    with pytest.raises(StoreError, match="has the format 4; this version reads 1 and 2 and 3"):
        Bundle.open(bundle.folder)


@pytest.mark.parametrize(
    ("where", "value", "words"),
    [
        ("model", "Not A Name", "facts.model"),
        ("family", "oracle", "facts.family"),
        ("surprise", 1, "facts.surprise"),
        ("recipe", {"steps": [{"kind": "sharpen"}]}, "facts.recipe.steps"),
    ],
)
def test_facts_that_this_version_does_not_know_are_named(bundle: Bundle, where: str, value: object, words: str) -> None:
    written = json.loads((bundle.folder / FACTS).read_text())
    written["facts"][where] = value
    (bundle.folder / FACTS).write_text(json.dumps(written))
    with pytest.raises(StoreError, match=rf"is no bundle of this version: {words}"):
        Bundle.open(bundle.folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00"])
def test_what_is_no_json_is_no_bundle(bundle: Bundle, text: str) -> None:
    (bundle.folder / FACTS).write_text(text)
    with pytest.raises(StoreError, match="is no bundle of this version"):
        Bundle.open(bundle.folder)


def test_a_folder_without_a_bundle_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no bundle in .*: bundle\.json: No such file"):
        Bundle.open(tmp_path)


def test_a_bundle_is_replaced_as_a_whole(bundle: Bundle) -> None:
    new = small_bundle(bundle.folder, seed=1)
    assert new.id != bundle.id
    assert [path.name for path in bundle.folder.parent.iterdir()] == ["bundle"]


def test_a_full_disk_leaves_the_old_bundle(bundle: Bundle) -> None:
    class Full:
        def save(self, folder: Path) -> None:
            (folder / "half").write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StoreError, match=r"cannot write .*bundle: No space left on device"):
        write_bundle(bundle.folder, facts(), Full())
    assert Bundle.open(bundle.folder) == bundle
    assert [path.name for path in bundle.folder.parent.iterdir()] == ["bundle"]


def test_a_bundle_may_be_moved(bundle: Bundle, tmp_path: Path) -> None:
    moved = bundle.folder.rename(tmp_path / "moved")
    assert Bundle.open(moved).id == bundle.id
