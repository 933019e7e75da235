"""Fit: the weights of the view classifier, from upright frontal chest radiographs.

What is no chest is made of them: quarters, scrambled and slanting ones, beside clouds and slopes. Every picture is also
shown degraded: turned a little, stretched, lighter, darker, with borders, letters and noise.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import cv2
import numpy as np
from scipy.optimize import minimize

from xray_platform.dicom.anatomy.gradients import LENGTH, Values, gradients, in_all_positions
from xray_platform.dicom.anatomy.sides import differences
from xray_platform.dicom.anatomy.view_classifier import Weights
from xray_platform.dicom.pixels.thumbnail import Thumbnail
from xray_platform.errors import DataError

LEAST = 50
DEGRADED = 2  # renderings of each picture besides itself
OTHERS_COUNT = 0.3  # of the loss
CHEST_DECAY, SIDES_DECAY = 1e-4, 1e-3
Rng = np.random.Generator


def fit_view_classifier(pictures: Sequence[Thumbnail], seed: int = 0) -> Weights:
    """Return weights trained on pictures (rows, columns) float32 in [0, 1]. Raises DataError for fewer than 50."""
    if len(pictures) < LEAST:
        raise DataError(f"{len(pictures)} pictures to train on; allowed are {LEAST} or more")
    rng = np.random.default_rng(seed)
    chests = [each for picture in pictures for each in (picture, *_renderings(picture, rng))]
    others = list(_others(pictures, rng))
    chest, other = _learn_chest(_positions(chests), _positions(others))
    return Weights(chest, other, _learn_sides(np.stack([differences(each) for each in chests])))


def _positions(pictures: Sequence[Thumbnail]) -> Values:
    return in_all_positions(np.stack([gradients(picture) for picture in pictures]))


def _learn_chest(chests: Values, others: Values) -> tuple[Values, float]:
    """Fit a multinomial logistic regression: the sixteen positions share their weights, other things have none."""

    def loss(values: Values) -> tuple[float, Values]:
        weights, other = values[:-1].astype(np.float32), values[-1]
        cost, slope = float(CHEST_DECAY * (values[:-1] ** 2).sum()), np.zeros_like(values)
        slope[:-1] = 2 * CHEST_DECAY * values[:-1]
        for seen, right, share in ((chests, 0, 1.0), (others, -1, OTHERS_COUNT)):
            logits = np.concatenate([seen @ weights, np.full((len(seen), 1), other)], 1).astype(np.float64)
            logits -= logits.max(1, keepdims=True)
            probabilities = np.exp(logits)
            probabilities /= probabilities.sum(1, keepdims=True)
            cost -= share * float(np.log(probabilities[:, right] + 1e-300).mean())
            probabilities[:, right] -= 1
            probabilities *= share / len(seen)
            slope[:-1] += np.tensordot(probabilities[:, :-1].astype(np.float32), seen, axes=([0, 1], [0, 1]))
            slope[-1] += probabilities[:, -1].sum()
        return cost, slope

    found = minimize(loss, np.zeros(LENGTH + 1), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return found.x[:-1].astype(np.float32), float(found.x[-1])


def _learn_sides(seen: Values) -> Values:
    """Fit a logistic regression between pictures and their mirror images: one is the other negated."""

    def loss(weights: Values) -> tuple[float, Values]:
        margins = (seen @ weights.astype(np.float32)).astype(np.float64)
        cost = float(np.logaddexp(0, -margins).mean() + SIDES_DECAY * (weights**2).sum())
        pull = -1 / (1 + np.exp(margins)) / len(seen)
        return cost, seen.T @ pull + 2 * SIDES_DECAY * weights

    found = minimize(loss, np.zeros(seen.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return np.asarray(found.x, np.float32)


def _renderings(picture: Thumbnail, rng: Rng) -> Iterator[Thumbnail]:
    for _ in range(DEGRADED):
        yield degraded(picture, rng)


def degraded(picture: Thumbnail, rng: Rng) -> Thumbnail:
    """Return a picture as another machine, patient and archive might have it."""
    rows, columns = picture.shape
    place = np.eye(3)
    place[:2] = cv2.getRotationMatrix2D((columns / 2, rows / 2), rng.normal(0, 5), rng.uniform(0.85, 1.2))
    wider = rng.uniform(0.85, 1.18)
    place = np.array([[wider, 0, (1 - wider) * columns / 2], [0, 1, 0], [0, 0, 1]]) @ place
    place[:2, 2] += rng.normal(0, 0.04, 2) * (columns, rows)
    around = float(rng.choice([0, 0.05, 1], p=[0.8, 0.1, 0.1]))
    turned = cv2.warpAffine(
        picture, place[:2], (columns, rows), borderMode=cv2.BORDER_CONSTANT, borderValue=(around,) * 4
    )
    toned: Any = np.clip(turned, 0, 1) ** np.float32(rng.uniform(0.6, 1.7))
    if rng.random() < 0.25:
        _border(toned, rng)
    if rng.random() < 0.4:
        _letter(toned, rng)
    return np.asarray(np.clip(toned + rng.normal(0, 0.02, toned.shape), 0, 1), np.float32)


def _border(picture: Thumbnail, rng: Rng) -> None:
    lines = np.rot90(picture, int(rng.integers(4)))
    lines[: int(rng.uniform(0.02, 0.1) * len(lines)) + 1] = rng.choice([0.0, 1.0])


def _letter(picture: Thumbnail, rng: Rng) -> None:
    """Write a marker near the left or the right side, L and R alike: no side may be learnt from it."""
    rows, columns = picture.shape
    size = rows / 420
    left = rng.uniform(0.01, 0.1) if rng.random() < 0.5 else rng.uniform(0.84, 0.94)
    place = int(left * columns), int(rng.uniform(0.08, 0.95) * rows)
    written = np.zeros(picture.shape, np.uint8)
    cv2.putText(written, str(rng.choice(["L", "R"])), place, cv2.FONT_HERSHEY_SIMPLEX, size, (1,), 2)
    picture[written > 0] = 1


def _others(pictures: Sequence[Thumbnail], rng: Rng) -> Iterator[Thumbnail]:
    makers: tuple[Callable[[Thumbnail, Rng], Thumbnail], ...] = (_quarter, _scrambled, _slanting)
    for picture in pictures:
        for make in makers:
            yield make(picture, rng)
    for _ in range(max(len(pictures) // 2, LEAST)):
        yield _cloud(rng)
        yield _slope(rng)


def _quarter(picture: Thumbnail, rng: Rng) -> Thumbnail:
    rows, columns = (length // 2 for length in picture.shape)
    top, left = rng.integers(2, size=2) * (rows, columns)
    return np.ascontiguousarray(picture[top : top + rows, left : left + columns])


def _scrambled(picture: Thumbnail, rng: Rng) -> Thumbnail:
    rows, columns = picture.shape
    shares = rng.uniform(0.4, 0.6, 2)
    return np.roll(picture, (round(rows * shares[0]), round(columns * shares[1])), (0, 1))


def _slanting(picture: Thumbnail, rng: Rng) -> Thumbnail:
    rows, columns = picture.shape
    angle = rng.choice([45, -45, 135, -135]) + rng.normal(0, 8)
    place = cv2.getRotationMatrix2D((columns / 2, rows / 2), angle, 1)
    return np.asarray(cv2.warpAffine(picture, place, (columns, rows), borderMode=cv2.BORDER_REPLICATE), np.float32)


def _cloud(rng: Rng) -> Thumbnail:
    noise = rng.normal(size=(128, 128)).astype(np.float32)
    return _spread(cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.1, 20)))


def _slope(rng: Rng) -> Thumbnail:
    y, x = np.mgrid[0:64, 0:64] / np.float32(64)
    a, b, c, d = rng.normal(size=4)
    return _spread(np.sin(3 * a * x + 3 * b * y + 6 * c) + 2.4 * d * ((x - 0.5) ** 2 + (y - 0.5) ** 2))


def _spread(values: Any) -> Thumbnail:
    low, high = np.quantile(values, (0.005, 0.995))
    return np.asarray(np.clip((values - low) / max(high - low, 1e-6), 0, 1), np.float32)
