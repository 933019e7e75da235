"""Restore: repair what the diagnosis is sure of, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from xray_platform.imaging.repair.channels import ChannelNoise
from xray_platform.imaging.repair.colours_to_grey import InversionSettings, invert_colours
from xray_platform.imaging.repair.defects import Defect, Diagnosis
from xray_platform.imaging.repair.diagnose import diagnose, region_mask
from xray_platform.imaging.repair.exposure import stretch
from xray_platform.imaging.repair.fill import FillMethod, fill
from xray_platform.imaging.repair.find_colour_map import FalseColour
from xray_platform.imaging.repair.grey_noise import Denoiser, remove_gaussian, remove_impulses, remove_speckle
from xray_platform.imaging.repair.levels import Depth, Grey, channels_of, check_picture, grey_of, has_colour
from xray_platform.imaging.repair.likelihood import separate
from xray_platform.imaging.repair.posterior import posterior_maps
from xray_platform.imaging.repair.rectify import cut_off, rectified_shape, rectify, rectify_mask
from xray_platform.imaging.repair.tiles import in_tiles
from xray_platform.settings import Settings

RestoreFunction = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""A learnt restorer from a higher floor: posterior maps (8, r, c; 0 to 1) to grey levels (r, c; 0 to 255)."""


class RestoreSettings(Settings):
    """How a damaged picture is repaired."""

    sure: float = Field(0.5, gt=0, le=1, description="repair only what the diagnosis is at least this sure of")
    fill: FillMethod = Field("mirror", description="how missing regions are filled")
    denoiser: Denoiser = Field("dct", description="what removes Gaussian and speckle noise from grey pictures")
    inversion: InversionSettings = Field(InversionSettings(), description="how false colours become grey")


@dataclass(frozen=True)
class Restored:
    """A repaired picture: grey levels in the depth it came in, what was done in words, and why."""

    pixels: NDArray[Any] = field(repr=False)
    done: tuple[str, ...]
    diagnosis: Diagnosis

    @property
    def changed(self) -> bool:
        """Whether anything was repaired."""
        return bool(self.done)


@dataclass
class _Unfinished:
    """A picture that is being restored: its levels now, its blank regions, and what was done so far."""

    grey: Grey
    blank: NDArray[np.bool_]
    done: list[str]


def restore(
    picture: NDArray[Any], settings: RestoreSettings = RestoreSettings(), learnt: RestoreFunction | None = None
) -> Restored:
    """Return a picture (r, c) or (r, c, 3; red, green, blue) of uint8 or uint16 repaired: grey (r, c), same type.

    A sound picture comes back unchanged: a grey one value for value, a coloured one as its luma. Only what the
    diagnosis is at least `settings.sure` of is repaired. Where `learnt` is given it finds the grey levels behind false
    colours in place of the classical inversion; all else stays classical. Raises InputError for any other picture.

    >>> rows, columns = np.mgrid[:64, :64]
    >>> faint = (100 + (rows + columns) // 8).astype(np.uint8)
    >>> restored = restore(faint)
    >>> restored.done
    ('stretched levels 100 to 115 over the scale',)
    >>> int(restored.pixels.min()), int(restored.pixels.max())
    (0, 255)
    >>> restore(restored.pixels).changed
    False
    """
    depth = check_picture(picture)
    diagnosis = diagnose(picture)
    if diagnosis.sound(settings.sure):
        return Restored(grey_of(picture), (), diagnosis)
    work = _to_grey(picture, depth, diagnosis, settings, learnt)
    _straighten(work, diagnosis, settings)
    _fill_in(work, settings)
    _stretch_contrast(work, diagnosis, settings)
    return Restored(depth.to_stored(work.grey), tuple(work.done), diagnosis)


def _to_grey(
    picture: NDArray[Any], depth: Depth, diagnosis: Diagnosis, settings: RestoreSettings, learnt: RestoreFunction | None
) -> _Unfinished:
    """Bring the picture to grey without its noise."""
    blank = region_mask(diagnosis, settings.sure)
    colour = diagnosis.colour
    if colour is not None and diagnosis.confidence(Defect.FALSE_COLOUR) >= settings.sure:
        grey = _invert(channels_of(picture, depth), colour, diagnosis.usable & ~blank, settings, learnt)
        grey = np.where(diagnosis.usable | blank, grey, 0) if diagnosis.outline is None else grey
        figures = ", ".join(f"{noise.channel} {noise.sigma:.0f}" for noise in diagnosis.noise)
        means = "a learnt restorer" if learnt else "classical means"
        said = f"inverted colour map {colour.name} to grey by {means}, under the noise of each channel ({figures})"
        return _Unfinished(grey, blank, [said])
    if has_colour(picture):
        return _mix_channels(picture, depth, diagnosis, settings, blank)
    work = _Unfinished(depth.to_levels(grey_of(picture)), blank, [])
    _denoise(work, diagnosis, diagnosis.noise[0], settings)
    return work


def _invert(
    levels: NDArray[np.float32],
    colour: FalseColour,
    usable: NDArray[np.bool_],
    settings: RestoreSettings,
    learnt: RestoreFunction | None,
) -> Grey:
    curve = colour.curve()
    if learnt is None:
        return invert_colours(levels, curve, usable, settings.inversion)
    channels = separate(levels, curve, usable)
    return in_tiles(usable.shape, lambda tile: learnt(posterior_maps(levels[tile], channels.crop(tile))))


def _mix_channels(
    picture: NDArray[Any], depth: Depth, diagnosis: Diagnosis, settings: RestoreSettings, blank: NDArray[np.bool_]
) -> _Unfinished:
    """Mix the channels of a grey picture stored in colour: each repaired alone, the noisier weighing less."""
    levels = channels_of(picture, depth)
    works = []
    for k, noise in enumerate(diagnosis.noise):
        work = _Unfinished(np.ascontiguousarray(levels[..., k]), blank, [])
        _denoise(work, diagnosis, noise, settings)
        works.append(work)
    if not any(work.done for work in works):
        return _Unfinished(depth.to_levels(grey_of(picture)), blank, [])
    weights = np.array([1.0 / (noise.sigma + 200 * noise.impulses + 0.5) ** 2 for noise in diagnosis.noise], np.float32)
    weights /= weights.sum()
    grey = sum((weight * work.grey for weight, work in zip(weights, works, strict=True)), np.zeros_like(works[0].grey))
    shares = ", ".join(f"{noise.channel} {weight:.0%}" for noise, weight in zip(diagnosis.noise, weights, strict=True))
    said = [f"{noise.channel}: {step}" for noise, w in zip(diagnosis.noise, works, strict=True) for step in w.done]
    return _Unfinished(np.asarray(grey, np.float32), blank, [*said, f"mixed the channels by their noise: {shares}"])


def _denoise(work: _Unfinished, diagnosis: Diagnosis, noise: ChannelNoise, settings: RestoreSettings) -> None:
    """Remove from one channel the noise that was found."""
    if diagnosis.confidence(Defect.IMPULSE) >= settings.sure and noise.impulses > 0.001:
        work.grey = remove_impulses(work.grey, diagnosis.usable)
        work.done.append(f"replaced {noise.impulses:.1%} outlying pixels by the median of their neighbours")
    if diagnosis.confidence(Defect.SPECKLE) >= settings.sure:
        work.grey = remove_speckle(work.grey, noise, settings.denoiser)
        work.done.append(f"removed speckle noise of {noise.growth:.0%} of the level by {settings.denoiser}")
    elif diagnosis.confidence(Defect.GAUSSIAN) >= settings.sure:
        work.grey = remove_gaussian(work.grey, noise, settings.denoiser)
        work.done.append(f"removed Gaussian noise of {noise.sigma:.1f} levels by {settings.denoiser}")


def _straighten(work: _Unfinished, diagnosis: Diagnosis, settings: RestoreSettings) -> None:
    outline = diagnosis.outline
    if outline is None or diagnosis.confidence(Defect.OUTLINE) < settings.sure:
        return
    shape = rectified_shape(outline)
    work.grey = rectify(work.grey, outline, shape)
    work.blank = rectify_mask(work.blank, outline, shape) | cut_off(outline, shape)
    work.done.append(
        f"brought the outline, tilted by up to {outline.tilt_degrees:.1f}°, to {shape[0]} x {shape[1]} pixels"
    )


def _fill_in(work: _Unfinished, settings: RestoreSettings) -> None:
    if not work.blank.any():
        return
    work.grey = fill(work.grey, work.blank, settings.fill)
    work.done.append(f"filled missing {work.blank.mean():.1%} of the picture by method {settings.fill}")


def _stretch_contrast(work: _Unfinished, diagnosis: Diagnosis, settings: RestoreSettings) -> None:
    if diagnosis.confidence(Defect.CONTRAST) < settings.sure:
        return
    work.grey = stretch(work.grey, diagnosis.exposure)
    work.done.append(f"stretched levels {diagnosis.exposure.low:.0f} to {diagnosis.exposure.high:.0f} over the scale")
