"""Phantoms: pictures a second on one core, against reading and writing as many pixels."""

import time
from collections.abc import Callable

import cv2
import numpy as np

from xray_platform.bench.contract import Benchmark, Figures, Inputs
from xray_platform.phantoms.parameters import PhantomParameters
from xray_platform.phantoms.render import render
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom
from xray_platform.progress import Progress

PICTURES = 24
SIDE = 1024


def measure(progress: Progress, _: Inputs) -> Figures:
    """Render phantoms of 1,024 px with one thread; the floor filters as many pixels once (Gaussian, sigma 2)."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    sampled = [sample_phantom(rng, PhantomSettings(side=SIDE)) for _ in range(PICTURES)]
    rendered = _rate(lambda: _render(sampled, progress))
    noise = rng.integers(0, 4096, (SIDE, SIDE)).astype(np.float32)
    filtered = _rate(lambda: [cv2.GaussianBlur(noise, (0, 0), 2.0) for _ in range(PICTURES)])
    return {
        "phantoms of 1024 px per s and core": rendered,
        "Gaussian filter of 1024 px per s and core": filtered,
        "time of a phantom, in Gaussian filters": filtered / rendered,
    }


def _render(sampled: list[PhantomParameters], progress: Progress) -> None:
    for done, parameters in enumerate(sampled, start=1):
        render(parameters)
        progress(done, len(sampled), "phantoms")


def _rate(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return PICTURES / (time.perf_counter() - began)


PHANTOMS = Benchmark("phantoms", "made-up radiographs a second", measure)
