"""Render: a phantom from its parameters, by attenuation along each beam; no randomness but the seeds it is given."""

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.abdomen import bowel_gas
from xray_platform.phantoms.airways import airways
from xray_platform.phantoms.beam import develop, expose, log_signal
from xray_platform.phantoms.body_grid import BodyGrid, Field, body_grid, onto_detector, to_detector
from xray_platform.phantoms.findings import FindingEffect, finding_effect
from xray_platform.phantoms.leads import leads
from xray_platform.phantoms.marker import blacken_collimated, draw_marker, opening
from xray_platform.phantoms.parameters import PhantomParameters
from xray_platform.phantoms.phantom import FindingBox, Phantom
from xray_platform.phantoms.ribs import ribs
from xray_platform.phantoms.shoulder import blades, shoulders
from xray_platform.phantoms.spine import processes, spine
from xray_platform.phantoms.texture import lung_texture
from xray_platform.phantoms.thorax import Thorax
from xray_platform.phantoms.torso import soft_tissue
from xray_platform.phantoms.tubes import rasterise
from xray_platform.phantoms.vendors import VENDORS
from xray_platform.phantoms.vessels import vessels

SCALE = 0.5  # the body is drawn at half the detector's resolution: nothing in it is sharper than a millimetre
TISSUE = 0.0195  # attenuation of a mm of soft tissue
EDGE_MM = 0.6  # no border in the body is sharper
LUNG_AIR = 0.76  # share of a lung's thickness that attenuates nothing


def render(parameters: PhantomParameters) -> Phantom:
    """Return the radiograph that the parameters describe, 12 bit, with the boxes of what is to be found."""
    grid = body_grid(parameters, SCALE)
    thorax = thorax_of(parameters, grid)
    body, found = _attenuation(thorax, parameters)
    spacing = parameters.pose.field_mm[0] / parameters.shape[0]
    attenuation = onto_detector(body, parameters, grid)
    draw_marker(attenuation, parameters.technique)
    dose = expose(attenuation, parameters.technique, spacing)
    down, across = opening(dose.shape, parameters.technique, spacing)
    dose *= down
    dose *= across
    signal = log_signal(dose, parameters.technique, spacing, parameters.noise_seed)
    pixels = develop(signal, parameters.technique, spacing)
    if VENDORS[parameters.technique.vendor].shutter:
        blacken_collimated(pixels, down, across)
    return Phantom(pixels, parameters.finding.name, _boxes(found, parameters, grid), spacing)


def thorax_of(parameters: PhantomParameters, grid: BodyGrid) -> Thorax:
    """Return the chest of the parameters, an enlarged heart included."""
    larger = 1 + parameters.finding.strength if parameters.finding.name == "cardiomegaly" else 1.0
    return Thorax(grid, parameters.subject, parameters.pose, parameters.subject.heart * larger)


def _attenuation(thorax: Thorax, parameters: PhantomParameters) -> tuple[Field, FindingEffect]:
    """Return the line integrals of attenuation on the grid, and what the finding did to them."""
    grid, subject, pose = thorax.grid, parameters.subject, parameters.pose
    lung = thorax.lungs
    found = finding_effect(parameters.finding, thorax, lung)
    inside = np.clip(lung / 40.0, 0, 1)
    total = soft_tissue(grid, subject, pose) - LUNG_AIR * lung
    total *= TISSUE
    total += spine(thorax)
    total += blades(grid, subject, pose)
    total += bowel_gas(thorax)
    total = np.asarray(cv2.GaussianBlur(total, (0, 0), EDGE_MM / grid.pixel_y), dtype=np.float32)
    hard = [ribs(subject), *processes(thorax), *shoulders(subject, pose), *airways(subject), *leads(parameters)]
    total += rasterise(hard, grid)
    structure = rasterise(vessels(subject, pose), grid) * inside + lung_texture(lung, subject.seed)
    total += structure * found.keep + found.added
    return np.maximum(total, 0), found


def _boxes(found: FindingEffect, parameters: PhantomParameters, grid: BodyGrid) -> tuple[FindingBox, ...]:
    """Return the rectangles on the detector that hold the finding's extents, clipped to the picture."""
    matrix = to_detector(parameters, grid)
    return tuple(_box(extent, matrix, parameters) for extent in found.extents if extent.any())


def _box(extent: NDArray[np.bool_], matrix: NDArray[np.float64], parameters: PhantomParameters) -> FindingBox:
    row, column = np.nonzero(extent)
    place = np.linalg.solve(matrix[:, :2], np.stack([column, row]) - matrix[:, 2:])
    left, top = _within(place[0].min(), parameters.shape[1]), _within(place[1].min(), parameters.shape[0])
    right, bottom = _within(place[0].max(), parameters.shape[1]), _within(place[1].max(), parameters.shape[0])
    return FindingBox(top, left, bottom - top + 1, right - left + 1, parameters.finding.name)


def _within(value: float, size: int) -> int:
    return int(np.clip(round(float(value)), 0, size - 1))
