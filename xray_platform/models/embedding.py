"""Embedding: what a model sees in an image, as numbers by which images can be compared."""

from typing import Literal, Protocol, runtime_checkable

import cv2
import numpy as np

from xray_platform.image_stack import Embeddings, Images, unpack_view
from xray_platform.models.contract import FittedModel
from xray_platform.models.ensemble import Ensemble

SIDE = 16  # px to which an image is brought where a model has no embedding of its own
SMALLEST = 1e-6

Seen = Literal["network", "image"]
"""By what images are compared: by the last maps of a network, or by the images themselves."""


@runtime_checkable
class EmbeddingModel(Protocol):
    """What a model is besides, that has an embedding of its own."""

    def embed(self, images: Images) -> Embeddings:
        """Return what it sees in images (N, S, S) in [0, 1], as (N, C) float32."""
        ...


def embed(model: FittedModel, images: Images) -> tuple[Embeddings, Seen]:
    """Return what a model sees in each image, (N, C) float32 of length 1, and by what that is.

    Of a network it is the mean of its last maps, of an ensemble that of its first part that is one. Of any other model
    it is the image itself, 16 x 16 px without its brightness and contrast.
    """
    if isinstance(model, EmbeddingModel):
        return _of_length_1(model.embed(images)), "network"
    if isinstance(model, Ensemble):
        for part in model.parts:
            if isinstance(part.model, EmbeddingModel):
                return embed(part.model, unpack_view(images, part.view, part.side))
        first = model.parts[0]
        return embed(first.model, unpack_view(images, first.view, first.side))
    return _of_length_1(_shrunk(images)), "image"


def _shrunk(images: Images) -> Embeddings:
    small = np.stack([cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for image in images])
    flat = small.reshape(len(images), -1)
    return np.asarray(flat - flat.mean(axis=1, keepdims=True), np.float32)


def _of_length_1(seen: Embeddings) -> Embeddings:
    return np.asarray(seen / np.maximum(np.linalg.norm(seen, axis=1, keepdims=True), SMALLEST), np.float32)
