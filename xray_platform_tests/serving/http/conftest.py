"""One server for the tests that do it no harm."""

from collections.abc import Iterator

import pytest

from xray_platform.serving.http.champion import ModelLocation
from xray_platform.serving.http.settings import ServeSettings
from xray_platform_tests.serving.bundles import small_bundle
from xray_platform_tests.serving.http.serving import Running, server


@pytest.fixture(scope="package")
def location(tmp_path_factory: pytest.TempPathFactory) -> ModelLocation:
    bundle = small_bundle(tmp_path_factory.mktemp("served") / "bundle")
    return ModelLocation(bundle.folder, bundle.id, "7")


@pytest.fixture(scope="package")
def served(location: ModelLocation) -> Iterator[Running]:
    settings = ServeSettings(readers=1, max_file_mib=4, max_images=3, upload_seconds=2, read_seconds=10)
    with server(lambda: location, settings) as running:
        yield running
