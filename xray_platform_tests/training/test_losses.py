"""Losses: what counts more, by how much."""

from typing import Any

import pytest
import torch

from xray_platform.training.losses import losses
from xray_platform.training.training_settings import TrainingSettings

LOGITS, LABELS = torch.tensor([3.0, 3.0, -1.0, -1.0]), torch.tensor([1.0, 0.0, 1.0, 0.0])


def loss(**settings: Any) -> torch.Tensor:
    return losses(LOGITS, LABELS, TrainingSettings(**{"label_smoothing": 0.0, **settings}))


def test_cross_entropy_is_that_of_the_book() -> None:
    right = torch.sigmoid(LOGITS) * LABELS + (1 - torch.sigmoid(LOGITS)) * (1 - LABELS)
    torch.testing.assert_close(loss(), -right.log())


def test_smoothed_labels_make_too_sure_logits_wrong() -> None:
    best = torch.tensor([2.944439])  # log(0.95 / 0.05)
    smooth = TrainingSettings(label_smoothing=0.05)
    at_best, beyond = (losses(each, torch.ones(1), smooth) for each in (best, best + 3))
    assert float(at_best) < float(beyond)


def test_focal_counts_sure_pictures_less_and_wrong_ones_nearly_as_much() -> None:
    ratio = loss(loss="focal", focal_gamma=2.0) / loss()
    assert float(ratio[0]) == pytest.approx(0.0474**2, rel=0.01)  # surely right: 1 - sigmoid(3)
    assert float(ratio[1]) > 0.9  # surely wrong
    torch.testing.assert_close(loss(loss="focal", focal_gamma=0.0), loss())


def test_asymmetric_counts_a_missed_finding_as_often_as_asked() -> None:
    torch.testing.assert_close(loss(loss="asymmetric", miss_cost=4.0) / loss(), torch.tensor([4.0, 1.0, 4.0, 1.0]))
