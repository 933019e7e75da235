"""Archives that results go to and images come from are a list; without one, the command says where to write it."""

from pathlib import Path

import pytest

from xray_platform_tests.cli.conftest import command
from xray_platform_tests.cli.test_pictures import archive
from xray_platform_tests.conftest import KEY


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("archives") / "store"
    root.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XRAY_KEY", KEY)
        assert command(root, "ingest", archive(root.parent / "in", 2, 1)).code == 0
    return root


@pytest.mark.parametrize(("asked", "what"), [("send", "destinations"), ("pull", "sources")])
def test_without_a_list_it_says_where_to_write_it_and_with_one_shows_it(root: Path, asked: str, what: str) -> None:
    (root / "xray.yaml").write_text("")
    said = " ".join(command(root, asked).out.split())
    assert f"No archive is listed yet. Name one in xray.yaml under `pacs:`, `{what}:`" in said
    (root / "xray.yaml").write_text(f"pacs:\n  {what}:\n    main: dicom://ARCHIVE@127.0.0.1:104\n")
    assert "dicom://ARCHIVE@127.0.0.1:104" in command(root, asked).out


@pytest.mark.parametrize("asked", ["send", "pull"])
def test_an_archive_that_is_not_on_the_list_is_refused(root: Path, asked: str) -> None:
    (root / "xray.yaml").write_text("")
    ran = command(root, asked, "elsewhere")
    assert ran.code != 0
    assert "elsewhere" in ran.out + ran.err
