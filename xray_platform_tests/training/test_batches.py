"""A pass shows every picture once, in an order that depends on the seed and the pass alone."""

import itertools

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from xray_platform.training.batches import SeededBatches, training_batches, validation_batches


@given(st.integers(2, 300), st.integers(2, 64), st.integers(0, 50), st.integers(0, 5))
def test_every_picture_once_and_never_one_alone(count: int, size: int, seed: int, epoch: int) -> None:
    batches = SeededBatches(count, size, seed)
    batches.set_epoch(epoch)
    shown = list(batches)
    assert len(shown) == len(batches)
    assert sorted(itertools.chain(*shown)) == list(range(count))
    assert min(map(len, shown)) >= 2
    assert max(map(len, shown)) <= size + 1


def test_the_order_is_that_of_the_seed_and_the_pass() -> None:
    def order(seed: int, epoch: int) -> list[list[int]]:
        batches = SeededBatches(50, 8, seed)
        batches.set_epoch(epoch)
        return list(batches)

    assert order(1, 2) == order(1, 2)
    assert order(1, 2) != order(1, 3)
    assert order(1, 2) != order(2, 2)


def test_a_batch_holds_pictures_with_their_own_truth() -> None:
    images = np.linspace(0, 1, 10, dtype=np.float32)[:, None, None].repeat(4, 1).repeat(4, 2)
    labels = np.arange(10) >= 5
    for loader in (training_batches(images, labels, 3, seed=0), validation_batches(images, labels, 3)):
        shown, said = (torch.cat(parts) for parts in zip(*loader, strict=True))
        assert shown.shape == (10, 1, 4, 4)
        assert ((shown[:, 0, 0, 0] > 0.5) == (said > 0)).all()


def test_both_classes_are_drawn_equally_often_where_asked_and_the_commoner_never_twice() -> None:
    labels = torch.zeros(40)
    labels[:6] = 1
    drawn = torch.tensor(list(itertools.chain(*SeededBatches(40, 8, 0, labels))))
    assert len(drawn) == 40
    assert int(labels[drawn].sum()) == 20
    times = torch.bincount(drawn, minlength=40)
    assert int(times[6:].max()) == 1
    assert int(times[:6].min()) >= 3
