"""Sample: decide everything about a phantom; all randomness lives here."""

import numpy as np
from pydantic import Field as Described

from xray_platform.phantoms.parameters import (
    LungLocation,
    PhantomParameters,
    Pose,
    Side,
    SimulatedFinding,
    Subject,
    Technique,
    View,
)
from xray_platform.phantoms.phantom import ABNORMAL, FindingName
from xray_platform.phantoms.vendors import VENDORS
from xray_platform.settings import Settings


class PhantomSettings(Settings):
    """What kinds of phantoms are drawn."""

    side: int = Described(1024, ge=64, le=4096, description="longer side of the picture, pixel")
    abnormal_share: float = Described(0.5, ge=0, le=1, description="share of pictures with a finding")
    findings: tuple[FindingName, ...] = Described(ABNORMAL, min_length=1, description="findings that are drawn, evenly")
    difficulty: float = Described(
        1.0, gt=0, le=2, description="1: as subtle as intended; lower is plainer, higher subtler"
    )


def sample_phantom(
    rng: np.random.Generator, settings: PhantomSettings = PhantomSettings(), subject: Subject | None = None
) -> PhantomParameters:
    """Draw a phantom; the finding comes from a generator of its own, so that nothing else can hang together with it."""
    for_finding, for_rest = rng.spawn(2)
    finding = _finding(for_finding, settings)
    own = _subject(for_rest)
    body = subject or own
    shape, pose = _pose(for_rest, body, settings.side)
    technique = _technique(for_rest, pose)
    return PhantomParameters(shape, body, pose, finding, technique, int(for_rest.integers(2**31)))


def sample_subject(rng: np.random.Generator) -> Subject:
    """Draw a body, for pictures of the same subject."""
    return _subject(rng)


def _subject(rng: np.random.Generator) -> Subject:
    male = rng.random() < 0.54
    age = int(np.clip(rng.normal(55, 17), 18, 94))
    old = (age - 18) / 76
    fat = float(np.clip(rng.gamma(4.0, 4.2), 4, 42))
    breast = 0.0 if male else float(rng.uniform(38, 66) + 0.5 * fat)
    return Subject(
        sex="M" if male else "F",
        age_years=age,
        stature=float(np.clip(rng.normal(1.0 if male else 0.93, 0.035), 0.84, 1.1)),
        breadth=float(np.clip(rng.normal(1.0, 0.04) + 0.001 * fat, 0.9, 1.12)),
        depth=float(np.clip(rng.normal(0.98 + 0.1 * old, 0.06), 0.82, 1.2)),
        fat_mm=fat,
        breast_mm=breast,
        heart=float(np.clip(rng.normal(0.93 + 0.05 * old, 0.05), 0.8, 1.07)),
        aorta=float(np.clip(rng.normal(0.95 + 0.2 * old, 0.06), 0.85, 1.3)),
        rib_drop=float(np.clip(rng.normal(1.0, 0.1), 0.75, 1.25)),
        bone=float(np.clip(rng.normal(1.1 - 0.25 * old, 0.08), 0.65, 1.3)),
        dome_mm=(float(rng.normal(0, 6)), float(rng.normal(0, 6))),
        scoliosis_mm=float(rng.normal(0, 2.2)),
        shoulder_mm=float(rng.normal(3 if male else -3, 4)),
        gastric_bubble=float(np.clip(rng.normal(0.5, 0.4), 0, 1)),
        vessels=float(np.clip(rng.normal(1.0, 0.12), 0.7, 1.4)),
        seed=int(rng.integers(2**31)),
    )


def _pose(rng: np.random.Generator, subject: Subject, side: int) -> tuple[tuple[int, int], Pose]:
    view: View = "PA" if rng.random() < 0.65 else "AP"
    wide = {"square": (1.0, 1.0), "portrait": (1.0, 0.826), "landscape": (0.826, 1.0)}
    name = rng.choice(list(wide), p=(0.6, 0.28, 0.12))
    shape = (_rounded(side * wide[name][0]), _rounded(side * wide[name][1]))
    height = {"square": 410.0, "portrait": 424.0, "landscape": 350.0}[name]
    height *= 0.5 + 0.5 * subject.stature * float(rng.uniform(0.97, 1.05))
    return shape, Pose(
        view=view,
        inspiration_mm=float(np.clip(rng.normal(4 if view == "PA" else -12, 8), -30, 18)),
        rotation=float(rng.normal(0, 0.03 if view == "PA" else 0.06)),
        tilt_degrees=float(rng.normal(0, 1.0 if view == "PA" else 1.8)),
        shift_mm=(float(rng.normal(0, 5)), float(rng.normal(0, 5))),
        scapula_mm=float(rng.normal(14, 5) if view == "PA" else rng.normal(-10, 7)),
        field_mm=(height, height * shape[1] / shape[0]),
    )


def _rounded(pixels: float) -> int:
    """Detectors have round numbers of pixels: a multiple of 16, or of 2 for small pictures."""
    step = 16 if pixels >= 256 else 2
    return max(round(pixels / step) * step, step)


def _technique(rng: np.random.Generator, pose: Pose) -> Technique:
    edges = [float(rng.uniform(2, 14)) if rng.random() < 0.3 else -5.0 for _ in range(4)]
    marker = str(rng.choice(["L", "R", ""], p=(0.46, 0.46, 0.08)))
    left = 0.9 if marker == "L" else 0.1
    return Technique(
        vendor=str(rng.choice(list(VENDORS))),
        exposure=float(np.exp(rng.normal(0, 0.35))),
        scatter=float(rng.uniform(0.35, 0.7) if pose.view == "PA" else rng.uniform(0.5, 0.95)),
        blur_pixels=float(rng.uniform(0.4, 1.0)),
        window_shift=float(rng.normal(0, 0.03)),
        collimation_mm=(edges[0], edges[1], edges[2], edges[3]),
        marker=marker,  # type: ignore[arg-type]
        marker_at=(float(rng.uniform(0.03, 0.3)), float(left + rng.uniform(-0.05, 0.05))),
        marker_tilt_degrees=float(rng.normal(0, 9)),
        leads=bool(rng.random() < (0.05 if pose.view == "PA" else 0.45)),
    )


# Weakest and strongest effect, and smallest and largest size in mm, of each finding at difficulty 1.
REACH: dict[FindingName, tuple[tuple[float, float], tuple[float, float]]] = {
    "normal": ((0.0, 0.0), (0.0, 0.0)),
    "opacity": ((0.7, 1.4), (38.0, 72.0)),
    "nodule": ((1.2, 1.9), (20.0, 38.0)),
    "cardiomegaly": ((0.30, 0.58), (0.0, 0.0)),
    "pneumothorax": ((0.85, 1.2), (30.0, 78.0)),
}

SEVERAL: dict[FindingName, tuple[float, float, float]] = {  # how often it is at one, two, three places
    "normal": (1.0, 0.0, 0.0),
    "opacity": (0.65, 0.35, 0.0),
    "nodule": (0.3, 0.35, 0.35),
    "cardiomegaly": (1.0, 0.0, 0.0),
    "pneumothorax": (1.0, 0.0, 0.0),
}


def _place(rng: np.random.Generator, share: float) -> LungLocation:
    side: Side = -1 if rng.random() < 0.5 else 1
    return LungLocation(side, float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.15, 0.95)), share)


def _finding(rng: np.random.Generator, settings: PhantomSettings) -> SimulatedFinding:
    abnormal = rng.random() < settings.abnormal_share
    kind = settings.findings[int(rng.integers(len(settings.findings)))]
    name: FindingName = kind if abnormal else "normal"
    strength, size = REACH[name]
    places = [_place(rng, share) for share in (1.0, float(rng.uniform(0.5, 0.9)), float(rng.uniform(0.5, 0.9)))]
    return SimulatedFinding(
        name=name,
        places=tuple(places[: int(rng.choice(3, p=SEVERAL[name])) + 1]),
        size_mm=float(size[0] + (size[1] - size[0]) * rng.beta(1.4, 1.4)) / settings.difficulty**0.5,
        strength=float(strength[0] + (strength[1] - strength[0]) * rng.beta(1.4, 1.4)) / settings.difficulty,
        seed=int(rng.integers(2**31)),
    )
