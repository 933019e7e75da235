"""A bundle that is not the one that was made judges nobody: each attack on its files ends `predict` in one line."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from xray_platform.serving import made_with
from xray_platform.serving.bundle import FACTS, Bundle, write_bundle
from xray_platform.tables.places import Places
from xray_platform.tracking import names, registry, registry_file
from xray_platform.tracking.mlflow_store import open_tracking
from xray_platform.tracking.runs import open_run
from xray_platform.training.trained_network import TrainedNetwork
from xray_platform_tests.cli.conftest import Ran, Xray
from xray_platform_tests.cli.processes import imported, processor_seconds
from xray_platform_tests.serving.bundles import facts, network
from xray_platform_tests.tracking.champions import promoted

NAME = "attention_cnn"
WEIGHTS = "model/weights.safetensors"
COLD_SECONDS = 5.3  # of processor time that one picture took before; now it takes 3.3, and other machines are slower


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root whose registry holds two versions of a model; the second is the champion. Beside it, a picture."""
    home = tmp_path_factory.mktemp("bundles")
    tracking = open_tracking(Places(home / "store"))
    for seed in (0, 1):
        said = made_with.made_with(NAME, facts().recipe, network(seed))
        folder = home / f"bundle-{seed}"
        write_bundle(folder, facts().model_copy(update={"made_with": said}), network(seed))
        with open_run(tracking, model=NAME) as run:
            run.log_bundle(folder)
        registry.register(tracking, run.run_id)
        promoted(tracking, run.run_id)
    place = np.hypot(*np.mgrid[-1:1:300j, -1:1:300j])
    grey = 200 * np.exp(-place) + np.random.default_rng(0).integers(0, 30, place.shape)
    cv2.imwrite(str(home / "picture.png"), grey.astype(np.uint8))
    return home


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "store", tmp_path / "copy"))


@pytest.fixture
def bundles(root: Path) -> list[Path]:
    """The folders of both versions in the copy, the older first."""
    tracking = open_tracking(Places(root))
    versions = sorted(
        tracking.client.search_model_versions(f"name = '{names.CHAMPION_MODEL}'"), key=lambda one: one.version
    )
    return [registry.bundle_of(tracking, version).folder for version in versions]


@pytest.fixture
def predict(xray: Xray, root: Path, made: Path) -> Callable[..., Ran]:
    return lambda *words: xray("predict", made / "picture.png", "--json", *words, root=root)


def refused(ran: Ran, *words: str) -> None:
    assert (ran.code, ran.out) == (1, "")
    assert "Traceback" not in ran.err
    (line,) = [line for line in ran.err.splitlines() if line.startswith("xray: ")]
    assert all(word in line for word in words), line


def threshold(folder: Path, *, hashed_anew: bool = False) -> None:
    """Turn every verdict round."""
    written = json.loads((folder / FACTS).read_text())
    written["facts"]["threshold"]["value"] = -1e9
    if hashed_anew:
        written["facts_sha256"] = None
        (folder / FACTS).write_text(json.dumps(written))
        written["facts_sha256"] = made_digest(folder)
    (folder / FACTS).write_text(json.dumps(written, indent=2))


def made_digest(folder: Path) -> str:
    from xray_platform.serving.bundle import _digest_of_facts

    return _digest_of_facts((folder / FACTS).read_bytes())


def test_a_sound_bundle_judges_without_a_word(predict: Callable[..., Ran]) -> None:
    for words in ((), ("--model", NAME)):
        ran = predict(*words)
        assert (ran.code, ran.err.strip()) == (0, "")
        assert json.loads(ran.out)["model"] == NAME


@pytest.mark.parametrize("model", ["champion", NAME])
@pytest.mark.parametrize("hashed_anew", [False, True])
def test_an_edited_threshold_is_refused(
    predict: Callable[..., Ran], bundles: list[Path], model: str, hashed_anew: bool
) -> None:
    threshold(bundles[1], hashed_anew=hashed_anew)
    refused(predict("--model", model), "was changed: its digest is")


def test_weights_that_were_swapped_are_refused(predict: Callable[..., Ran], bundles: list[Path]) -> None:
    shutil.copy(bundles[0] / WEIGHTS, bundles[1] / WEIGHTS)
    refused(predict(), f"holds a changed {WEIGHTS}")


def test_another_model_in_its_place_is_refused(predict: Callable[..., Ran], bundles: list[Path]) -> None:
    shutil.rmtree(bundles[1])
    shutil.copytree(bundles[0], bundles[1])
    assert Bundle.open(bundles[1])
    refused(predict(), "was changed: its digest is")


@pytest.mark.parametrize("name", ["model/weights.pkl", "extra.json"])
def test_an_added_file_is_refused(predict: Callable[..., Ran], bundles: list[Path], name: str) -> None:
    (bundles[1] / name).write_bytes(b"{}")
    refused(predict(), "holds a file that it does not list", name)


def test_facts_that_are_no_json_or_gone_are_refused(predict: Callable[..., Ran], bundles: list[Path]) -> None:
    (bundles[1] / FACTS).write_bytes(b"{")
    refused(predict(), "was changed: its digest is")
    (bundles[1] / FACTS).unlink()
    refused(predict(), "no bundle in")


def test_verify_names_the_bundle(xray: Xray, root: Path, bundles: list[Path]) -> None:
    Places(root).data.mkdir(exist_ok=True)
    assert xray("verify", root=root).code == 0
    threshold(bundles[0], hashed_anew=True)
    ran = xray("verify", root=root)
    assert ran.code == 1
    named = [line.split(": ")[:2] for line in ran.out.splitlines() if ": " in line]
    assert named == [["bundle", f"{names.PREFIX}{NAME} version 1"], ["bundle", f"{names.CHAMPION_MODEL} version 1"]]


def test_a_damaged_bundle_is_not_crowned(root: Path, bundles: list[Path]) -> None:
    from xray_platform.errors import StoreError

    threshold(bundles[0])
    tracking = open_tracking(Places(root))
    runs = {version.run_id for version in tracking.client.search_model_versions(f"name = '{names.CHAMPION_MODEL}'")}
    held = registry.champion(tracking)
    assert held is not None
    (other,) = runs - {held.run_id}
    with pytest.raises(StoreError, match="was changed: its digest is"):
        promoted(tracking, str(other))
    assert registry.champion(tracking) == held


def test_mlflows_own_way_of_serving_compares_too(bundles: list[Path]) -> None:
    import mlflow.pyfunc
    from mlflow.exceptions import MlflowException

    from xray_platform.errors import StoreError

    threshold(bundles[1], hashed_anew=True)
    with pytest.raises((StoreError, MlflowException), match="was changed: its digest is"):
        mlflow.pyfunc.load_model(str(bundles[1].parents[1]))


@pytest.fixture
def _other_code(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the network's module read otherwise than when the bundle was made."""
    source = made_with._source
    monkeypatch.setattr(
        made_with, "_source", lambda name: source(name) + ("\nOTHER = 1\n" if name.endswith(NAME) else "")
    )
    made_with._digest.cache_clear()
    yield
    made_with._digest.cache_clear()


@pytest.mark.usefixtures("_other_code")
def test_other_code_that_computes_the_same_is_told_of(predict: Callable[..., Ran]) -> None:
    ran = predict()
    assert ran.code == 0
    assert f"the code of {NAME} was changed since its bundle was made" in " ".join(ran.err.split())


def test_other_code_that_computes_otherwise_is_refused(
    predict: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    score = TrainedNetwork.score
    monkeypatch.setattr(TrainedNetwork, "score", lambda self, images: -score(self, images))
    refused(predict(), f"the code of {NAME} is not that of its bundle", "train it again")


def test_a_bundle_from_elsewhere_is_used_and_said_to_vouch_for_itself(
    predict: Callable[..., Ran], bundles: list[Path], tmp_path: Path
) -> None:
    copied = Path(shutil.copytree(bundles[1], tmp_path / "copied"))
    ran = predict("--bundle", copied)
    assert ran.code == 0
    assert "vouches for this bundle" in " ".join(ran.err.split())
    threshold(copied)
    refused(predict("--bundle", copied), f"holds a changed {FACTS}")


def test_with_its_digest_a_bundle_from_elsewhere_is_known(
    predict: Callable[..., Ran], bundles: list[Path], tmp_path: Path
) -> None:
    copied = Path(shutil.copytree(bundles[1], tmp_path / "copied"))
    digest = Bundle.open(copied).id
    ran = predict("--bundle", copied, "--digest", digest.upper())
    assert (ran.code, ran.err.strip()) == (0, "")
    threshold(copied, hashed_anew=True)
    refused(predict("--bundle", copied, "--digest", digest), "was changed: its digest is")
    refused(predict("--digest", "0" * 64), "has the digest", digest)


def test_an_older_bundle_without_its_code_is_told_of(xray: Xray, made: Path, tmp_path: Path) -> None:
    written = write_bundle(tmp_path / "old", facts(), network(0))
    ran = xray("predict", made / "picture.png", "--bundle", written.folder, "--digest", written.id)
    assert ran.code == 0
    assert "does not say with which code it was made" in " ".join(ran.err.split())


def test_one_picture_is_judged_without_importing_mlflow(made: Path) -> None:
    words = ("--root", made / "store", "predict", made / "picture.png")
    names = imported(*words)
    assert not {"mlflow", "dagster", "pandas", "zarr", "sklearn", "scipy.optimize"} & names
    assert "torch" in names
    assert min(processor_seconds(*words) for _ in range(2)) < COLD_SECONDS


@pytest.mark.parametrize("name", ["champion", "attention_cnn"])
def test_the_short_way_finds_what_mlflow_says(made: Path, name: str) -> None:
    places = Places(made / "store")
    found, said = registry_file.registered_bundle(places, name), registry.model_bundle(open_tracking(places), name)
    assert found is not None
    assert (found.folder, found.id) == (said.folder, said.id)


def test_the_short_way_leaves_the_unusual_to_mlflow(
    made: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert registry_file.registered_bundle(Places(made / "store"), "magic") is None
    assert registry_file.registered_bundle(Places(tmp_path), "champion") is None
    (tmp_path / "mlruns").mkdir()
    (tmp_path / "mlruns" / "mlflow.db").write_bytes(b"no database")
    assert registry_file.registered_bundle(Places(tmp_path), "champion") is None
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    assert registry_file.registered_bundle(Places(made / "store"), "champion") is None


def test_the_short_way_heeds_which_version_is_current(root: Path, bundles: list[Path]) -> None:
    newest = registry_file.registered_bundle(Places(root), NAME)
    open_tracking(Places(root)).client.set_registered_model_alias(f"{names.PREFIX}{NAME}", names.CURRENT, "1")
    current = registry_file.registered_bundle(Places(root), NAME)
    assert newest is not None
    assert current is not None
    assert [current.id, newest.id] == [Bundle.open(folder).id for folder in bundles]
