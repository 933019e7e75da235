"""Drawing: made-up chests and ink to burn into them, for tests that need no archive and no training."""

from pathlib import Path
from typing import Any

import cv2
import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from xray_platform.dicom.burned_in.find import find_writing

FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
Pixels = np.ndarray[Any, np.dtype[Any]]


def chest(rows: int = 1024, columns: int = 1024, air: int = 0) -> Pixels:
    """Two dark lungs with bright ribs on a soft body, uint8; around it `air` pixels of dark air."""
    down, across = np.mgrid[0:rows, 0:columns].astype(np.float32)
    down, across = down / rows - 0.5, across / columns - 0.5
    body = 150 * np.exp(-((across / 0.55) ** 4) - ((down / 0.9) ** 4))
    lung = [np.exp(-(((across - side) / 0.16) ** 4) - ((down / 0.33) ** 4)) for side in (-0.22, 0.22)]
    lungs = lung[0] + lung[1]
    ribs = 18 * np.sin((down + 0.35 * np.abs(across)) * 60) * lungs
    grain = np.random.default_rng(0).normal(0, 3, (rows, columns))
    picture: Pixels = np.clip(20 + body - 70 * lungs + ribs + grain, 0, 230).astype(np.uint8)
    if air:
        inner = picture[air:-air, air:-air].copy()
        picture[:] = np.clip(grain / 3 + 4, 0, 9).astype(np.uint8)
        picture[air:-air, air:-air] = inner
    return picture


def letters(text: str, size: int, font: str = "DejaVuSans.ttf") -> Pixels:
    """Text as a cover between 0 and 1, cropped to its ink; `size` is that of the font, in pixels."""
    canvas = Image.new("L", (size * (len(text) + 1), size * 2), 0)
    ImageDraw.Draw(canvas).text((4, 4), text, fill=255, font=ImageFont.truetype(str(FONTS / font), size))
    ink = np.asarray(canvas, np.float32) / 255
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    return np.asarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def burn(picture: Pixels, ink: Pixels, top: int, left: int, grey: int = 255) -> Pixels:
    """Put ink into a copy of a picture; places below zero count from the other end."""
    top = picture.shape[0] - ink.shape[0] + top if top < 0 else top
    left = picture.shape[1] - ink.shape[1] + left if left < 0 else left
    place = (slice(top, top + ink.shape[0]), slice(left, left + ink.shape[1]))
    burnt = picture.astype(np.float32)
    burnt[place] = burnt[place] * (1 - ink) + grey * ink
    return burnt.astype(picture.dtype)


def uncovered(burnt: Pixels, plain: Pixels) -> float:
    """What share of the pixels that the writing changed lies outside of every line found."""
    ink = np.abs(burnt.astype(int) - plain) > 40
    return float((ink & (find_writing(burnt).cover == 0)).sum() / ink.sum())


def framed(picture: Pixels, air: int = 30, frame: int = 30) -> Pixels:
    """A film with a strip of air beside the body, in a white frame whose inner edge is soft."""
    inside = cv2.copyMakeBorder(picture, air // 3, 0, air, air, cv2.BORDER_CONSTANT, value=(8,))
    whole = cv2.copyMakeBorder(inside, frame, frame, frame, frame, cv2.BORDER_CONSTANT, value=(255,))
    outside = np.ones(whole.shape, np.uint8)
    outside[frame:-frame, frame:-frame] = 0
    soft = cv2.GaussianBlur(outside.astype(np.float32), (0, 0), 3)
    return np.asarray(np.clip(whole + soft * outside * 255, 0, 255), np.uint8)
