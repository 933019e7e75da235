"""What is taken from Dagster's private parts stands in one file, and is as that file expects it."""

import inspect
import re
from pathlib import Path

import dagster as dg
import dagster_webserver.app
from dagster_webserver.webserver import DagsterWebserver

import xray_platform
from xray_platform.defs import dagster_internals as internals

PACKAGE = Path(xray_platform.__file__).parent
PRIVATE = re.compile(
    r"^\s*(?:from|import) (?:dagster\._|dagster_shared|mlflow\._|pydicom\._|great_expectations\._)", re.MULTILINE
)


def parameters(function: object) -> set[str]:
    return set(inspect.signature(function).parameters)  # type: ignore[arg-type]


def test_one_file_imports_private_modules() -> None:
    found = [path.name for path in PACKAGE.rglob("*.py") if PRIVATE.search(path.read_text(encoding="utf-8"))]
    assert found == ["dagster_internals.py"]


def test_an_instance_can_be_opened_below_a_folder() -> None:
    assert {"base_dir", "config_dir", "overrides"} <= parameters(internals.InstanceRef.from_dir)


def test_checks_of_one_partition_can_be_asked_for() -> None:
    storage = dg.DagsterInstance.ephemeral().event_log_storage
    assert {"check_keys", "partition_filter"} <= parameters(storage.get_latest_asset_check_execution_by_key)
    assert internals.PartitionKeyFilter(key="batch-0001").key == "batch-0001"
    assert internals.AssetCheckExecutionRecordStatus.SUCCEEDED.value == "SUCCEEDED"


def test_a_run_can_say_where_its_code_lies() -> None:
    assert "remote_job_origin" in parameters(dg.DagsterInstance.create_run_for_job)
    target = internals.LoadableTargetOrigin(module_name="xray_platform.definitions")
    location = internals.ManagedGrpcPythonEnvCodeLocationOrigin(target, "xray_platform")
    origin = internals.RemoteRepositoryOrigin(location, internals.SINGLETON_REPOSITORY_NAME).get_job_origin("intake")
    assert origin.job_name == "intake"
    assert origin.repository_origin.repository_name == "__repository__"


def test_a_value_can_be_refused_by_its_type() -> None:
    assert {"key", "given_name", "scalar_kind"} <= parameters(internals.ConfigScalar)
    assert issubclass(internals.PostProcessingError, Exception)


def test_the_webserver_is_made_from_a_name_that_can_be_replaced() -> None:
    assert dagster_webserver.app.DagsterWebserver is DagsterWebserver  # type: ignore[attr-defined]
    assert "build_routes" in vars(DagsterWebserver)
