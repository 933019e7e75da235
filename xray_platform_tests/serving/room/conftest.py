"""A small store whose images the champion has judged, and a reading room that serves it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from xray_platform.dicom.deidentify.publish import publish_batch
from xray_platform.dicom.deidentify.settings import DeidentifySettings
from xray_platform.dicom.intake.batch_plan import plan_batches
from xray_platform.dicom.intake.raw_store import take_in
from xray_platform.dicom.pseudonym import load_key
from xray_platform.dicom.quality.examine import examine_batch
from xray_platform.dicom.quality.settings import QualitySettings
from xray_platform.serving.http.champion import ModelLocation
from xray_platform.serving.predict import Predictor
from xray_platform.serving.room.words import shipped_words
from xray_platform.tables.all import CATALOGUE, IMAGES, PREDICTIONS, QUALITY
from xray_platform.tables.places import Places
from xray_platform_tests.serving.bundles import small_bundle
from xray_platform_tests.serving.http.serving import Running, server


@pytest.fixture(scope="package")
def location(tmp_path_factory: pytest.TempPathFactory) -> ModelLocation:
    bundle = small_bundle(tmp_path_factory.mktemp("room") / "bundle")
    return ModelLocation(bundle.folder, bundle.id, "3")


@pytest.fixture
def places(archive: Path, tmp_path: Path, location: ModelLocation) -> Places:
    places = Places(tmp_path / "store")
    (plan,) = plan_batches(places, archive, origin="phantom")
    CATALOGUE.write(places, take_in(places, plan), plan.batch)
    QUALITY.write(places, examine_batch(places, plan.batch, QualitySettings()), plan.batch)
    published = publish_batch(places, plan.batch, load_key(), DeidentifySettings())
    IMAGES.write(places, published.images, plan.batch)
    predictor = Predictor.load(location.folder, threads=1)
    rows: list[dict[str, Any]] = []
    for image in published.images.to_dict("records"):
        said = predictor.predict((places.processed / image["file"]).read_bytes())
        given = {name: image[name] for name in ("image", "batch", "subject")}
        judged = {"score": said.score, "probability": said.probability, "verdict": said.verdict}
        rows.append({**given, **judged, "model": said.model, "run": "0" * 32})
    PREDICTIONS.write(places, PREDICTIONS.frame(rows), plan.batch)
    return places


Open = Callable[..., AbstractContextManager[Running]]


@pytest.fixture
def room(places: Places, location: ModelLocation) -> Open:
    """Return what opens a reading room on the store."""

    @contextmanager
    def opened(token: str | None = None, words: dict[str, str] | None = None) -> Iterator[Running]:
        said = {**shipped_words(), **(words or {})}
        with server(lambda: location, token=token, store=places, words=said) as running:
            yield running

    return opened
