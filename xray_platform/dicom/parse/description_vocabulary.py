"""Description vocabulary: words that tell chest from other parts, frontal from other views, people from pets.

Evidence only ever quotes a word that stands here, so that free text, which may name a person, is never repeated.
"""

import re
from collections.abc import Iterable

from xray_platform.tables.columns import VIEW_POSITION

_WORD = re.compile(r"[A-Z]+")


def words(*texts: str) -> frozenset[str]:
    """Return the words of texts, in capitals."""
    return frozenset(word for text in texts for word in _WORD.findall(text.upper()))


CHEST = words("CHEST THORAX LUNG LUNGS PULMONARY TORAX TORACE TORACICO BRUST POUMON THORACIC CXR")
NEAR_CHEST = words("RIB RIBS RIBCAGE STERNUM HEART CLAVICLE TSPINE")
OTHER_PARTS = words(
    "ABDOMEN PELVIS HIP SKULL HEAD NECK BRAIN SPINE CSPINE LSPINE LUMBAR CERVICAL KNEE HAND FOOT FEET ANKLE WRIST "
    "ELBOW SHOULDER ARM LEG FEMUR TIBIA FINGER TOE BREAST JAW TEETH DENTAL EXTREMITY KUB"
)
FRONTAL_VIEWS = frozenset(("PA", "AP", "APPA", "PAAP"))
OTHER_VIEWS = {
    "LL": "left lateral", "RL": "right lateral", "LAT": "lateral", "LATERAL": "lateral", "LLD": "left decubitus",
    "RLD": "right decubitus", "LLO": "oblique", "LAO": "oblique", "RAO": "oblique", "LPO": "oblique", "RPO": "oblique",
    "RLO": "oblique", "OBLIQUE": "oblique", "DECUBITUS": "decubitus", "LORDOTIC": "lordotic", "AL": "lordotic",
}  # fmt: skip
VIEWS = frozenset(VIEW_POSITION.allowed)
"""What the tables and exported pictures may say of a view."""
DESCRIBED_OTHER_VIEWS = words("LATERAL LAT OBLIQUE DECUBITUS LORDOTIC LATERALE SEITLICH")
DESCRIBED_FRONTAL_VIEWS = words("PA AP FRONTAL POSTEROANTERIOR ANTEROPOSTERIOR")
ANIMALS = words("CANINE FELINE EQUINE BOVINE AVIAN DOG CAT HORSE VETERINARY VETERINARIAN VETERINAIRE ANIMAL RABBIT")


def in_words(found: frozenset[str]) -> str:
    """Return words of this vocabulary for use as evidence."""
    return ", ".join(sorted(found))


def view_among(texts: Iterable[str | None]) -> str | None:
    """Return the first that is a view; some archives write it where the patient's position belongs."""
    return next((text for text in texts if text in VIEWS), None)


def view_in(text: str) -> str | None:
    """Return the view that a text names, by its first known word (`AP supine` is AP), or None."""
    return next((word for word in _WORD.findall(text.upper()) if word in VIEWS), None)
