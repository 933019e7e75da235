"""Render: a phantom from its parameters, by attenuation along each beam; no randomness but the seeds it is given."""

import cv2
import numpy as np
from numpy.typing import NDArray

from xray_platform.phantoms.abdomen import bowel_gas
from xray_platform.phantoms.airways import airways
from xray_platform.phantoms.beam import develop, expose, log_signal
from xray_platform.phantoms.findings import Change, change
from xray_platform.phantoms.frame import Field, Frame, frame_of, onto_detector, to_detector
from xray_platform.phantoms.leads import leads
from xray_platform.phantoms.marker import close_shutter, lead_letter, opening
from xray_platform.phantoms.parameters import PhantomParameters
from xray_platform.phantoms.phantom import Box, Phantom
from xray_platform.phantoms.ribs import ribs
from xray_platform.phantoms.shoulder import blades, shoulders
from xray_platform.phantoms.spine import processes, spine
from xray_platform.phantoms.texture import lung_texture
from xray_platform.phantoms.thorax import Thorax
from xray_platform.phantoms.torso import soft_tissue
from xray_platform.phantoms.tubes import lay
from xray_platform.phantoms.vendors import VENDORS
from xray_platform.phantoms.vessels import vessels

SCALE = 0.5  # the body is drawn at half the detector's resolution: nothing in it is sharper than a millimetre
TISSUE = 0.0195  # attenuation of a mm of soft tissue
EDGE_MM = 0.6  # no border in the body is sharper
LUNG_AIR = 0.76  # share of a lung's thickness that attenuates nothing


def render(parameters: PhantomParameters) -> Phantom:
    """Return the radiograph that the parameters describe, 12 bit, with the boxes of what is to be found."""
    frame = frame_of(parameters, SCALE)
    thorax = thorax_of(parameters, frame)
    body, found = _attenuation(thorax, parameters)
    spacing = parameters.pose.field_mm[0] / parameters.shape[0]
    attenuation = onto_detector(body, parameters, frame)
    lead_letter(attenuation, parameters.technique)
    dose = expose(attenuation, parameters.technique, spacing)
    down, across = opening(dose.shape, parameters.technique, spacing)
    dose *= down
    dose *= across
    signal = log_signal(dose, parameters.technique, spacing, parameters.noise_seed)
    pixels = develop(signal, parameters.technique, spacing)
    if VENDORS[parameters.technique.vendor].shutter:
        close_shutter(pixels, down, across)
    return Phantom(pixels, parameters.finding.name, _boxes(found, parameters, frame), spacing)


def thorax_of(parameters: PhantomParameters, frame: Frame) -> Thorax:
    """Return the chest of the parameters, an enlarged heart included."""
    larger = 1 + parameters.finding.strength if parameters.finding.name == "cardiomegaly" else 1.0
    return Thorax(frame, parameters.subject, parameters.pose, parameters.subject.heart * larger)


def _attenuation(thorax: Thorax, parameters: PhantomParameters) -> tuple[Field, Change]:
    """Return the line integrals of attenuation on the frame, and what the finding did to them."""
    frame, subject, pose = thorax.frame, parameters.subject, parameters.pose
    lung = thorax.lungs
    found = change(parameters.finding, thorax, lung)
    inside = np.clip(lung / 40.0, 0, 1)
    total = soft_tissue(frame, subject, pose) - LUNG_AIR * lung
    total *= TISSUE
    total += spine(thorax)
    total += blades(frame, subject, pose)
    total += bowel_gas(thorax)
    total = np.asarray(cv2.GaussianBlur(total, (0, 0), EDGE_MM / frame.pixel_y), dtype=np.float32)
    hard = [ribs(subject), *processes(thorax), *shoulders(subject, pose), *airways(subject), *leads(parameters)]
    total += lay(hard, frame)
    structure = lay(vessels(subject, pose), frame) * inside + lung_texture(lung, subject.seed)
    total += structure * found.keep + found.added
    return np.maximum(total, 0), found


def _boxes(found: Change, parameters: PhantomParameters, frame: Frame) -> tuple[Box, ...]:
    """Return the rectangles on the detector that hold the finding's extents, clipped to the picture."""
    matrix = to_detector(parameters, frame)
    return tuple(_box(extent, matrix, parameters) for extent in found.extents if extent.any())


def _box(extent: NDArray[np.bool_], matrix: NDArray[np.float64], parameters: PhantomParameters) -> Box:
    row, column = np.nonzero(extent)
    place = np.linalg.solve(matrix[:, :2], np.stack([column, row]) - matrix[:, 2:])
    left, top = _within(place[0].min(), parameters.shape[1]), _within(place[1].min(), parameters.shape[0])
    right, bottom = _within(place[0].max(), parameters.shape[1]), _within(place[1].max(), parameters.shape[0])
    return Box(top, left, bottom - top + 1, right - left + 1, parameters.finding.name)


def _within(value: float, size: int) -> int:
    return int(np.clip(round(float(value)), 0, size - 1))
