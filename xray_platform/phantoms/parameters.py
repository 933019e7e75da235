"""Parameters: everything that makes one phantom, decided before it is rendered."""

from dataclasses import dataclass
from typing import Literal

from xray_platform.phantoms.phantom import FindingName

View = Literal["PA", "AP"]
Side = Literal[-1, 1]  # -1: the patient's right, shown on the left of the picture


@dataclass(frozen=True)
class Subject:
    """A body. Factors multiply a canonical adult; seeds choose a vessel tree and small irregularities."""

    sex: Literal["M", "F"]
    age_years: int
    stature: float  # all lengths
    breadth: float  # widths only
    depth: float  # front to back
    fat_mm: float  # thickness of the soft layer around the rib cage
    breast_mm: float  # radius of the breast, 0 without
    heart: float  # width of the heart; 1 is a cardiothoracic ratio of about 0.45
    aorta: float  # prominence of the aortic knob, grows with age
    rib_drop: float  # how steeply ribs fall
    bone: float  # mineral content
    dome_mm: tuple[float, float]  # height of the right and the left diaphragm against the canonical one
    scoliosis_mm: float
    shoulder_mm: float
    gastric_bubble: float  # 0 to 1
    vessels: float  # prominence of the vessels
    seed: int


@dataclass(frozen=True)
class Pose:
    """How the subject stood or lay before the detector."""

    view: View
    inspiration_mm: float  # how much lower the diaphragm stands
    rotation: float  # sine of the turn about the long axis
    tilt_degrees: float
    shift_mm: tuple[float, float]  # down, to the right
    scapula_mm: float  # how far the scapulae are moved out of the lungs
    field_mm: tuple[float, float]  # height and width that the detector sees


@dataclass(frozen=True)
class LungLocation:
    """A place in a lung, and how large the finding is there against the finding's size."""

    side: Side
    across: float  # 0 at the mediastinum, 1 at the chest wall
    along: float  # 0 at the apex, 1 at the dome
    share: float


@dataclass(frozen=True)
class SimulatedFinding:
    """What is to be found, at one place or several.

    `strength` is attenuation against that of water for an opacity or a nodule, the growth in width of a large heart,
    and the plainness of a pneumothorax; `size_mm` is a radius, a diameter, nothing, or the width of the free air.
    """

    name: FindingName
    places: tuple[LungLocation, ...]
    size_mm: float
    strength: float
    seed: int


@dataclass(frozen=True)
class Technique:
    """Tube, detector and processing. Nothing here may depend on the finding."""

    vendor: str
    exposure: float  # relative dose at the detector
    scatter: float  # scattered over primary radiation behind the lungs
    blur_pixels: float
    window_shift: float
    collimation_mm: tuple[float, float, float, float]  # top, bottom, left, right; negative: outside the detector
    marker: Literal["L", "R", ""]
    marker_at: tuple[float, float]  # share of height and width
    marker_tilt_degrees: float
    leads: bool  # electrodes and wires on the chest


@dataclass(frozen=True)
class PhantomParameters:
    """All that `render` needs; the same value always gives the same pixels."""

    shape: tuple[int, int]
    subject: Subject
    pose: Pose
    finding: SimulatedFinding
    technique: Technique
    noise_seed: int
