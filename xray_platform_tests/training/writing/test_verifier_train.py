"""Training the verifier: it learns to tell what the detector takes for writing, and is exported as torch has it."""

import cv2
import numpy as np
import pytest
import torch

from xray_platform.dicom.burned_in import crops as dicom_crops
from xray_platform.dicom.burned_in import text_verifier
from xray_platform.errors import InputError
from xray_platform.networks.text_detector import CHANNELS, STRIDE
from xray_platform.networks.text_verifier import LAYERS
from xray_platform.training.writing.dataset import Background, Material, TrainingExample, make_example
from xray_platform.training.writing.export import export_verifier
from xray_platform.training.writing.fonts import FontSet
from xray_platform.training.writing.train import WritingTrainingSettings, make_writings
from xray_platform.training.writing.verifier_dataset import VIEW, candidates_as_they_are, candidates_in
from xray_platform.training.writing.verifier_train import VerifierTrainingSettings, fit_verifier, train_verifier

SIDE = 96


class _SeesWritingInEdges(torch.nn.Module):
    """Stands for a detector that takes whatever differs from its surroundings for writing."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        spread = torch.nn.functional.max_pool2d(pictures, 3 * STRIDE, STRIDE, STRIDE)
        spread = spread + torch.nn.functional.max_pool2d(-pictures, 3 * STRIDE, STRIDE, STRIDE)
        seen = (12 * (spread - 0.3))[:, :, : pictures.shape[2] // STRIDE, : pictures.shape[3] // STRIDE]
        return torch.cat([seen, torch.full_like(seen, -9).expand(-1, len(CHANNELS) - 1, -1, -1)], 1)


def example(words: tuple[int, int] | None, blot: tuple[int, int] | None, unsure: bool = False) -> TrainingExample:
    """A grey crop with a striped word, a blot, or both, their corners given; the blot may count for nothing."""
    grey, cells = np.full((SIDE, SIDE), 90, np.uint8), SIDE // STRIDE
    target, weight = np.zeros((5, cells, cells), np.float32), np.ones((5, cells, cells), np.float32)
    if words is not None:
        row, column = words
        grey[row : row + 12, column : column + 40 : 4] = 255
        target[0, row // STRIDE : row // STRIDE + 3, column // STRIDE : column // STRIDE + 10] = 1
    if blot is not None:
        cv2.circle(grey, blot[::-1], 7, (255,), -1)
        if unsure:
            weight[:, (blot[0] - 12) // STRIDE : (blot[0] + 12) // STRIDE] = 0
    return TrainingExample(grey, target, weight)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (example((20, 20), None), [True]),
        (example(None, (60, 60)), [False]),
        (example((12, 20), (72, 60)), [True, False]),
        (example((12, 20), (72, 60), unsure=True), [True]),
        (example(None, None), []),
    ],
    ids=["words", "blot", "both", "blot in doubt", "neither"],
)
def test_candidates_are_writing_if_the_example_says_so_and_left_out_where_it_does_not(
    given: TrainingExample, expected: list[bool]
) -> None:
    candidates = list(candidates_in(given, _SeesWritingInEdges()))
    assert [candidate.writing for candidate in candidates] == expected
    assert all(candidate.crops.shape[1:] == (LAYERS, dicom_crops.HIGH, dicom_crops.WIDE) for candidate in candidates)


def test_it_learns_to_tell_them_apart_and_the_exported_graph_says_the_same(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 60, (40, 1, LAYERS, dicom_crops.HIGH, dicom_crops.WIDE), dtype=np.uint8)
    stripes = noise.copy()
    stripes[:, :, 0, 16:32, ::6] += 150
    losses: list[float] = []
    trained = fit_verifier(
        list(stripes), list(noise), VerifierTrainingSettings(batch_size=8, steps=12, threads=1),
        lambda _done, _all, what: losses.append(float(what.split()[-1])),
    )  # fmt: skip
    assert losses[-1] < losses[0]
    path = tmp_path_factory.mktemp("shipped") / "text_verifier.xml"
    monkeypatch.setattr(text_verifier, "MODEL", export_verifier(trained, path))
    text_verifier._request.cache_clear()
    for crop in (stripes[0], noise[0]):
        with torch.inference_mode():
            expected = float(torch.sigmoid(trained(torch.from_numpy(crop).float() / 255)))
        assert text_verifier.verify(crop) == pytest.approx(expected, abs=0.01)
    both = [text_verifier.verify(crop) for crop in (noise[0], stripes[0])]
    assert text_verifier.verify(np.concatenate([noise[0], stripes[0]])) == pytest.approx(max(both), abs=1e-4)
    text_verifier._request.cache_clear()


def test_it_is_trained_on_examples_larger_than_the_detectors(fonts: FontSet) -> None:
    writings = make_writings(fonts, WritingTrainingSettings(writings=20))
    ground = np.full((500, 500), 60, np.uint8)
    material = Material([[Background(ground)], [Background(ground, bare=True)]], [0.9, 0.1], writings, fonts)
    assert make_example(material, np.random.default_rng(0), VIEW).target.shape[1:] == (VIEW // STRIDE, VIEW // STRIDE)
    said: list[str] = []
    train_verifier(
        material, _SeesWritingInEdges(), VerifierTrainingSettings(examples=6, batch_size=4, steps=2, threads=1),
        lambda _done, _all, what: said.append(what),
    )  # fmt: skip
    assert said.count("looking for what seems to be writing") == 6


def test_a_detector_that_finds_nothing_teaches_nothing(fonts: FontSet) -> None:
    class Blind(torch.nn.Module):
        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            rows, columns = (side // STRIDE for side in pictures.shape[2:])
            return torch.full((1, len(CHANNELS), rows, columns), -9.0)

    writings = make_writings(fonts, WritingTrainingSettings(writings=10))
    material = Material([[Background(np.zeros((300, 300), np.uint8))]], [1.0], writings, fonts)
    with pytest.raises(InputError, match="found no writing in 1 examples"):
        train_verifier(material, Blind(), VerifierTrainingSettings(examples=1, threads=1))


def test_crops_and_network_agree_about_layers() -> None:
    assert dicom_crops.LAYERS == LAYERS


def test_real_writing_is_what_is_surely_seen_in_pictures_that_nobody_saw_to_be_bare() -> None:
    plain, written = np.full((448, 448), 90, np.uint8), np.full((448, 448), 90, np.uint8)
    written[200:216, 150:230:4] = 255
    pictures = [Background(plain), Background(written)]
    (candidate,) = candidates_as_they_are(pictures, _SeesWritingInEdges(), np.random.default_rng(1))
    assert candidate.writing
    seen_by_a_person = [*pictures, Background(written, bare=True)]
    found = list(candidates_as_they_are(seen_by_a_person, _SeesWritingInEdges(), np.random.default_rng(1)))
    assert found
    assert not any(candidate.writing for candidate in found), "a person saw it to be bare"
