"""Simulated years: what an archive of phantoms sends month by month, and what changes in it when."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from xray_platform.phantoms.archive import ArchiveSettings, write_archive
from xray_platform.phantoms.vendors import VENDORS

MONTHS = 24
PICTURES = 70  # a month
SIDE = 160
NEW_DEVICE, NEW_TONE, MORE_SICK, WRONG_LABELS = 6, 10, 14, 17  # the months in which each begins
TONE = 0.14
SICK, RISE, SICKEST = 0.4, 0.04, 0.7  # share of abnormal pictures, how much more a month, and at most
EVENTS: Mapping[int, str] = {
    NEW_DEVICE: "new device",
    NEW_TONE: "tone changes",
    MORE_SICK: "prevalence rises",
    WRONG_LABELS: "wrong labels",
}


@dataclass(frozen=True)
class Month:
    """One delivery: how many of its pictures are abnormal, whose detectors made them, how bright, with which list."""

    number: int

    @property
    def settings(self) -> ArchiveSettings:
        """What the archive of the month holds."""
        *known, new = VENDORS
        vendors = known if self.number < NEW_DEVICE else [*known, *[new] * len(known)]
        share = min(SICK + RISE * max(self.number - MORE_SICK + 1, 0), SICKEST)
        return ArchiveSettings(
            pictures=PICTURES,
            side=SIDE,
            abnormal_share=share,
            vendors=tuple(vendors),
            window_shift=TONE if self.number >= NEW_TONE else 0.0,
            difficulty=0.7,
            broken=False,
            seed=900 + self.number,
        )

    def write(self, folder: Path) -> None:
        """Write the delivery; in the month of wrong labels the list beside it says the opposite of every second one."""
        write_archive(folder, self.settings, workers=1)
        if self.number == WRONG_LABELS:
            confuse(folder / "labels.csv")


def confuse(labels: Path) -> None:
    """Let every second line of a list say `normal` of what is abnormal, and the other way round; the right one is kept.

    It is put back by `correct`.
    """
    rows = list(csv.DictReader(labels.read_text(encoding="utf-8").splitlines()))
    labels.rename(labels.with_suffix(".right"))
    for row in rows[::2]:
        row["label"] = "opacity" if row["label"] == "normal" else "normal"
    with labels.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def correct(labels: Path) -> None:
    """Put the right list back."""
    labels.with_suffix(".right").replace(labels)
