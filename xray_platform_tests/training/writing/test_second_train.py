"""Teaching the second look: it learns to tell what the detector takes for writing, and is shipped as torch has it."""

import cv2
import numpy as np
import pytest
import torch

from xray_platform.dicom.burned_in import cuts as room
from xray_platform.dicom.burned_in import second_look
from xray_platform.errors import InputError
from xray_platform.networks.second_look import LAYERS
from xray_platform.networks.text_detector import CHANNELS, STRIDE
from xray_platform.training.writing.dataset import Background, Lesson, Material, make_lesson
from xray_platform.training.writing.export import export_second_look
from xray_platform.training.writing.fonts import FontSet
from xray_platform.training.writing.second_dataset import VIEW, pieces_in, real_pieces
from xray_platform.training.writing.second_train import SecondTraining, learn_second_look, teach_second_look
from xray_platform.training.writing.train import WritingTraining, make_writings

SIDE = 96


class _SeesWritingInEdges(torch.nn.Module):
    """Stands for a detector that takes whatever differs from its surroundings for writing."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        spread = torch.nn.functional.max_pool2d(pictures, 3 * STRIDE, STRIDE, STRIDE)
        spread = spread + torch.nn.functional.max_pool2d(-pictures, 3 * STRIDE, STRIDE, STRIDE)
        seen = (12 * (spread - 0.3))[:, :, : pictures.shape[2] // STRIDE, : pictures.shape[3] // STRIDE]
        return torch.cat([seen, torch.full_like(seen, -9).expand(-1, len(CHANNELS) - 1, -1, -1)], 1)


def lesson(words: tuple[int, int] | None, blot: tuple[int, int] | None, unsure: bool = False) -> Lesson:
    """A grey crop with a striped word, a blot, or both, their corners given; the blot may count for nothing."""
    grey, cells = np.full((SIDE, SIDE), 90, np.uint8), SIDE // STRIDE
    truth, weight = np.zeros((5, cells, cells), np.float32), np.ones((5, cells, cells), np.float32)
    if words is not None:
        row, column = words
        grey[row : row + 12, column : column + 40 : 4] = 255
        truth[0, row // STRIDE : row // STRIDE + 3, column // STRIDE : column // STRIDE + 10] = 1
    if blot is not None:
        cv2.circle(grey, blot[::-1], 7, (255,), -1)
        if unsure:
            weight[:, (blot[0] - 12) // STRIDE : (blot[0] + 12) // STRIDE] = 0
    return Lesson(grey, truth, weight)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (lesson((20, 20), None), [True]),
        (lesson(None, (60, 60)), [False]),
        (lesson((12, 20), (72, 60)), [True, False]),
        (lesson((12, 20), (72, 60), unsure=True), [True]),
        (lesson(None, None), []),
    ],
    ids=["words", "blot", "both", "blot in doubt", "neither"],
)
def test_pieces_are_writing_if_the_lesson_says_so_and_left_out_where_it_does_not(
    given: Lesson, expected: list[bool]
) -> None:
    pieces = list(pieces_in(given, _SeesWritingInEdges()))
    assert [piece.writing for piece in pieces] == expected
    assert all(piece.cuts.shape[1:] == (LAYERS, room.HIGH, room.WIDE) for piece in pieces)


def test_it_learns_to_tell_them_apart_and_the_shipped_graph_says_the_same(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = np.random.default_rng(0)
    noise = chance.integers(0, 60, (40, 1, LAYERS, room.HIGH, room.WIDE), dtype=np.uint8)
    stripes = noise.copy()
    stripes[:, :, 0, 16:32, ::6] += 150
    losses: list[float] = []
    taught = learn_second_look(
        stripes, noise, SecondTraining(batch=8, steps=12, threads=1),
        lambda _done, _all, what: losses.append(float(what.split()[-1])),
    )  # fmt: skip
    assert losses[-1] < losses[0]
    path = tmp_path_factory.mktemp("shipped") / "second_look.xml"
    monkeypatch.setattr(second_look, "MODEL", export_second_look(taught, path))
    second_look._request.cache_clear()
    for cut in (stripes[0], noise[0]):
        with torch.inference_mode():
            expected = float(torch.sigmoid(taught(torch.from_numpy(cut).float() / 255)))
        assert second_look.look_again(cut) == pytest.approx(expected, abs=0.01)
    both = [second_look.look_again(cut) for cut in (noise[0], stripes[0])]
    assert second_look.look_again(np.concatenate([noise[0], stripes[0]])) == pytest.approx(max(both), abs=1e-4)
    second_look._request.cache_clear()


def test_it_is_taught_on_lessons_larger_than_the_detectors(fonts: FontSet) -> None:
    writings = make_writings(fonts, WritingTraining(writings=20))
    ground = np.full((500, 500), 60, np.uint8)
    material = Material([[Background(ground)], [Background(ground, bare=True)]], [0.9, 0.1], writings, fonts)
    assert make_lesson(material, np.random.default_rng(0), VIEW).truth.shape[1:] == (VIEW // STRIDE, VIEW // STRIDE)
    said: list[str] = []
    teach_second_look(
        material, _SeesWritingInEdges(), SecondTraining(lessons=6, batch=4, steps=2, threads=1),
        lambda _done, _all, what: said.append(what),
    )  # fmt: skip
    assert said.count("looking for what seems to be writing") == 6


def test_a_detector_that_finds_nothing_teaches_nothing(fonts: FontSet) -> None:
    class Blind(torch.nn.Module):
        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            rows, columns = (side // STRIDE for side in pictures.shape[2:])
            return torch.full((1, len(CHANNELS), rows, columns), -9.0)

    writings = make_writings(fonts, WritingTraining(writings=10))
    material = Material([[Background(np.zeros((300, 300), np.uint8))]], [1.0], writings, fonts)
    with pytest.raises(InputError, match="found no writing in 1 lessons"):
        teach_second_look(material, Blind(), SecondTraining(lessons=1, threads=1))


def test_room_and_network_agree_about_layers() -> None:
    assert room.LAYERS == LAYERS


def test_real_writing_is_what_is_surely_seen_in_pictures_that_nobody_saw_to_be_bare() -> None:
    plain, written = np.full((448, 448), 90, np.uint8), np.full((448, 448), 90, np.uint8)
    written[200:216, 150:230:4] = 255
    pictures = [Background(plain), Background(written)]
    (piece,) = real_pieces(pictures, _SeesWritingInEdges(), np.random.default_rng(1))
    assert piece.writing
    seen_by_a_person = [*pictures, Background(written, bare=True)]
    assert not list(real_pieces(seen_by_a_person, _SeesWritingInEdges(), np.random.default_rng(1)))
