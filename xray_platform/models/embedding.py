"""Embedding: what a model sees in an image, as numbers by which images can be compared."""

from typing import Protocol, runtime_checkable

import cv2
import numpy as np

from xray_platform.clinical_columns import pictures_of
from xray_platform.image_stack import Embeddings, Images, unpack_view
from xray_platform.models.contract import FittedModel
from xray_platform.models.ensemble import Ensemble

SIDE = 16  # px to which an image is brought
SMALLEST = 1e-6


@runtime_checkable
class EmbeddingModel(Protocol):
    """What a model is besides, that has an embedding of its own."""

    def embed(self, images: Images) -> Embeddings:
        """Return what it sees in images (N, S, S) in [0, 1], as (N, C) float32."""
        ...


def embed(model: FittedModel, images: Images) -> Embeddings:
    """Return what a model sees in each image, (N, C) float32 of length 1.

    Of a network one half is the mean of its last maps, and the other the image itself, 16 x 16 px without its
    brightness and contrast: what a network makes of an image that lies on its side can look like what it knows. Of an
    ensemble it is the embedding of its first part that is a network, of any other model the image alone.
    """
    if isinstance(model, EmbeddingModel):
        halves = [_of_length_1(model.embed(images)), _of_length_1(_shrunk(pictures_of(images)))]
        return np.asarray(np.concatenate(halves, axis=1) / np.sqrt(2), np.float32)
    if isinstance(model, Ensemble):
        part = next((part for part in model.parts if isinstance(part.model, EmbeddingModel)), model.parts[0])
        return embed(part.model, unpack_view(images, part.view, part.side))
    return _of_length_1(_shrunk(images))


def _shrunk(images: Images) -> Embeddings:
    small = np.stack([cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for image in images])
    flat = small.reshape(len(images), -1)
    return np.asarray(flat - flat.mean(axis=1, keepdims=True), np.float32)


def _of_length_1(seen: Embeddings) -> Embeddings:
    return np.asarray(seen / np.maximum(np.linalg.norm(seen, axis=1, keepdims=True), SMALLEST), np.float32)
