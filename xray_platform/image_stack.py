"""Image stack: what every model takes, checked once where it enters; in memory, or read by index when it is needed."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from xray_platform.errors import InputError

Images: TypeAlias = NDArray[np.float32]  # (N, S, S) in [0, 1]
Scores: TypeAlias = NDArray[np.float64]  # (N,)
Samples: TypeAlias = NDArray[np.float64]  # what a model might have said of each image, (times, N)
Heatmaps: TypeAlias = NDArray[np.float32]  # (N, S, S), higher is more abnormal
Embeddings: TypeAlias = NDArray[np.float32]  # (N, C), what a model sees in an image
Labels: TypeAlias = NDArray[np.bool_]  # (N,)
Indices: TypeAlias = slice | NDArray[np.int64]
TOLERANCE = 1e-3
READ_AT_ONCE = 256  # pictures, for a digest


class ImageSource(Protocol):
    """Images by index, float32 (N, S, S) in [0, 1]: an array in memory is one; others read what they are asked for."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, S, S)."""
        ...

    def __len__(self) -> int:
        """Return N."""
        ...

    def __getitem__(self, index: Indices, /) -> Images:
        """Return the images of a slice or of these numbers, in this order."""
        ...


@runtime_checkable
class KnownImages(ImageSource, Protocol):
    """Images that can say which they are without being read."""

    def digest(self) -> str:
        """Return hexadecimal digits that other images, or the same in another order, do not have."""
        ...


@dataclass(frozen=True)
class SelectedImages:
    """Some images of a source, by their numbers in it, (n,) int64; nothing is read before it is asked for."""

    source: ImageSource
    numbers: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, S, S)."""
        return (len(self.numbers), *self.source.shape[1:])

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index: Indices, /) -> Images:
        return self.source[self.numbers[index]]


def pack_views(views: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return views of the same pictures, each (..., S, S), as one array (..., views, S, S); one alone as it is.

    S is the largest side; smaller views lie in the upper left corner, the rest is 0.
    """
    if len(views) == 1:
        return views[0]
    side = max(view.shape[-1] for view in views)
    out = np.zeros((*views[0].shape[:-2], len(views), side, side), np.float32)
    for number, view in enumerate(views):
        out[..., number, : view.shape[-2], : view.shape[-1]] = view
    return out


def unpack_view(images: Images, view: int, side: int) -> Images:
    """Return one view, (N, side, side), of what `pack_views` made of (N, S, S) stacks; InputError where it is none."""
    if images.ndim == 3 and view == 0:
        return images
    if images.ndim != 4 or view >= images.shape[1] or side > images.shape[-1]:
        wanted = f"a stack of squares with a view number {view} of {side} px"
        raise InputError(f"pictures of shape {images.shape}; {wanted} is wanted")
    return np.ascontiguousarray(images[:, view, :side, :side])


@dataclass(frozen=True)
class ViewedImages:
    """Several sources of the same pictures in the same order, given out as one array (n, views, S, S)."""

    sources: tuple[ImageSource, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, views, S, S); (N, S, S) of one source."""
        side = max(source.shape[-1] for source in self.sources)
        views = (len(self.sources),) if len(self.sources) > 1 else ()
        return (len(self), *views, side, side)

    def __len__(self) -> int:
        return len(self.sources[0])

    def __getitem__(self, index: Indices, /) -> Images:
        return pack_views([source[index] for source in self.sources])


def check_images(
    images: NDArray[np.floating],
    *,
    side: int | None = None,
    smallest: int = 1,
    square: bool = True,
    tolerance: float = TOLERANCE,
) -> Images:
    """Return the pictures as float32 (N, S, S); (N, rows, columns) where they need not be `square`.

    Raises `InputError` where the shape is no stack of squares, S is not `side` (where one is given) or is smaller
    than `smallest`, a value is not finite, or a value lies outside [0, 1] by more than `tolerance`.
    """
    stack = np.asarray(images)
    if stack.ndim != 3 or (square and stack.shape[1] != stack.shape[2]):
        wanted = "squares (N, S, S)" if square else "pictures (N, rows, columns)"
        raise InputError(f"pictures of shape {stack.shape}; a stack of {wanted} is wanted")
    if min(stack.shape[1:]) < smallest:
        raise InputError(f"pictures of {min(stack.shape[1:])} px; at least {smallest} px are wanted")
    if side is not None and stack.shape[1] != side:
        raise InputError(f"pictures of {stack.shape[1]} px; this model was made with {side} px and takes no other")
    if not np.issubdtype(stack.dtype, np.floating):
        raise InputError(f"pictures of type {stack.dtype}; floating-point numbers in [0, 1] are wanted")
    _check_range(stack, tolerance)
    return np.ascontiguousarray(stack, dtype=np.float32)


def _check_range(stack: NDArray[np.floating], tolerance: float) -> None:
    if stack.size == 0:
        return
    low, high = float(stack.min()), float(stack.max())  # either is NaN where any value is
    if not np.isfinite([low, high]).all():
        raise InputError("a picture holds values that are no numbers (NaN or infinite); repair or leave it out")
    if low < -tolerance or high > 1 + tolerance:
        raise InputError(f"pictures with values from {low:g} to {high:g}; values in [0, 1] are wanted")


def batch_slices(images: ImageSource, size: int) -> Iterator[slice]:
    """Yield slices of at most `size` pictures that together cover all, in order."""
    for start in range(0, len(images), size):
        yield slice(start, start + size)


def images_digest(images: ImageSource) -> bytes:
    """Return a digest of the pictures: of what their source says that they are, else of every one of them."""
    if isinstance(images, KnownImages):
        return images.digest().encode()
    digest = hashlib.sha256()
    for part in batch_slices(images, READ_AT_ONCE):
        digest.update(np.ascontiguousarray(images[part]).data)
    return digest.digest()
