"""Plan: who is in an archive, with which studies, pictures, findings and ways of writing."""

import unicodedata
from dataclasses import dataclass, replace

import numpy as np

from xray_platform.errors import InputError
from xray_platform.phantoms.identity import Identity, sample_identity, sample_patient
from xray_platform.phantoms.parameters import PhantomParameters
from xray_platform.phantoms.phantom import FindingName
from xray_platform.phantoms.sample import PhantomSettings, sample_phantom, sample_subject
from xray_platform.phantoms.style import Style, sample_style
from xray_platform.phantoms.vendors import VENDORS

PICTURES_OF_A_SUBJECT = (0.58, 0.27, 0.10, 0.05)  # one, two, three, four
SAME_STUDY = 0.3  # how often a further picture of a subject belongs to the study before it


@dataclass(frozen=True)
class PlannedPicture:
    """A picture that is going to be written, below the archive's folder."""

    relative: str
    parameters: PhantomParameters
    identity: Identity
    style: Style


@dataclass(frozen=True)
class Devices:
    """The detectors of an archive: makers, each as often as it is named (none: all, evenly), and a shift of their tone.

    Raises InputError for a maker that there is not.
    """

    vendors: tuple[str, ...] = ()
    window_shift: float = 0.0

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.vendors) - set(VENDORS)):
            raise InputError(f"there is no maker {unknown[0]!r}; there are {', '.join(VENDORS)}")

    def used(self, rng: np.random.Generator, parameters: PhantomParameters) -> PhantomParameters:
        """Return a phantom as it is on one of these detectors."""
        technique = parameters.technique
        vendor = str(rng.choice(self.vendors)) if self.vendors else technique.vendor
        shifted = replace(technique, vendor=vendor, window_shift=technique.window_shift + self.window_shift)
        return replace(parameters, technique=shifted)


def plan_pictures(
    pictures: int,
    side: int,
    abnormal_share: float,
    findings: tuple[FindingName, ...],
    difficulty: float,
    seed: int,
    devices: Devices = Devices(),
) -> list[PlannedPicture]:
    """Return the pictures of an archive; a finding is dealt to each before anything else is known of it."""
    rng = np.random.default_rng([seed, 1])
    dealt = _deal(pictures, abnormal_share, findings, np.random.default_rng([seed, 2]))
    planned: list[PlannedPicture] = []
    used: set[str] = set()
    while len(planned) < pictures:
        count = min(1 + int(rng.choice(4, p=PICTURES_OF_A_SUBJECT)), pictures - len(planned))
        names = dealt[len(planned) : len(planned) + count]
        planned += _of_one_subject(rng, names, side, difficulty, used, devices)
    return planned


def plan_spare(number: int, side: int, seed: int) -> PlannedPicture:
    """Return a normal, uncompressed picture of a patient who is in no archive of this seed, to be broken."""
    rng = np.random.default_rng([seed, 3, number])
    picture = _of_one_subject(rng, ["normal"], side, 1.0, set())[0]
    return replace(picture, style=Style(vendor=picture.style.vendor, view=picture.style.view))


def _deal(
    pictures: int, share: float, findings: tuple[FindingName, ...], rng: np.random.Generator
) -> list[FindingName]:
    """Return as many findings as pictures: exactly the share is abnormal, kinds come evenly, order is random."""
    abnormal = round(pictures * share)
    names: list[FindingName] = [findings[number % len(findings)] for number in range(abnormal)]
    names += ["normal"] * (pictures - abnormal)
    return [names[at] for at in rng.permutation(pictures)]


def _of_one_subject(
    rng: np.random.Generator,
    names: list[FindingName],
    side: int,
    difficulty: float,
    used: set[str],
    devices: Devices = Devices(),
) -> list[PlannedPicture]:
    subject = sample_subject(rng)
    patient = sample_patient(rng, subject)
    while patient.patient_id in used:
        patient = sample_patient(rng, subject)
    used.add(patient.patient_id)
    planned: list[PlannedPicture] = []
    for number, name in enumerate(names, start=1):
        settings = PhantomSettings(
            side=side,
            abnormal_share=float(name != "normal"),
            findings=(name,) if name != "normal" else PhantomSettings().findings,
            difficulty=difficulty,
        )
        parameters = devices.used(rng, sample_phantom(rng, settings, subject))
        earlier = planned[-1].identity if planned and rng.random() < SAME_STUDY else None
        identity = sample_identity(rng, patient, parameters.pose.view, earlier, number)
        style = sample_style(rng, parameters.technique.vendor, parameters.pose.view)
        planned.append(PlannedPicture(_path(identity), parameters, identity, style))
    return planned


def _path(identity: Identity) -> str:
    """Name a file as an export does, identity and all: EXPORT/FAMILY_GIVEN_ID/DAY_ACCESSION/SE001/IM000001.dcm."""
    family, given, *_ = identity.patient.name.split("^")
    who = f"{_plain(family)}_{_plain(given)}_{identity.patient.patient_id}"
    study = f"{identity.study_date:%Y%m%d}_{identity.accession}"
    return f"EXPORT/{who}/{study}/SE{identity.series_number:03d}/IM{identity.instance_number:06d}.dcm"


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.replace("ı", "i")).encode("ascii", "ignore").decode()
    return "".join(letter for letter in letters.upper() if letter.isalnum())
