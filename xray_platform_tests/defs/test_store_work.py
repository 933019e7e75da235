"""Work on a store in a plain folder asks nothing; on a working copy it asks where the store is remembered."""

from pathlib import Path

import pytest
import yaml

from xray_platform.defs import store_work
from xray_platform.defs.store_work import work_on


def test_of_a_store_in_a_folder_dagster_yaml_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text("storage: [")
    assert work_on(tmp_path, lambda: "done") == "done"


def test_of_a_working_copy_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dagster.yaml").write_text("storage: [")
    monkeypatch.setattr(store_work, "url_of", lambda _: "s3://bucket/store")
    with pytest.raises(yaml.YAMLError):
        work_on(tmp_path, lambda: "done")
