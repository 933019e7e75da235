"""An invented data card: tables of a store with files of every fate, and what people say of them."""

import numpy as np
import pandas as pd

from xray_platform.evaluation.dataset.composition import composition
from xray_platform.evaluation.dataset.data_card import DataCard
from xray_platform.evaluation.dataset.description import DatasetDescription
from xray_platform.evaluation.dataset.flow import Flow, flow_of

NOTICES = {"Q001": "a file without bytes", "Q044": "a lateral view", "Q091": "burned-in text"}
PARTS = np.array(["train", "val", "test"])


def tables(files: int = 60, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Tables in which some files are unreadable, twice there, rejected, unlabelled or of no part."""
    generator = np.random.default_rng(seed)
    number = np.arange(files)
    sha = [f"{one:064x}" for one in number]
    sources = pd.DataFrame({"source": [f"/in/{one}" for one in number], "sha256": sha})
    again = sources.sample(5, random_state=seed).assign(source=lambda rows: rows["source"] + "-copy")
    lost = pd.DataFrame({"source": ["/in/lost", "/in/gone"], "sha256": [None, None]})
    fate = generator.choice(["pass", "warn", "quarantine", "reject"], files, p=[0.6, 0.2, 0.1, 0.1])
    rule = {"pass": "Q000", "warn": "Q025", "quarantine": "Q044", "reject": "Q001"}
    quality = pd.DataFrame({"sha256": sha, "rule": [rule[one] for one in fate], "severity": fate})
    more = quality[quality["severity"] == "reject"].assign(rule="Q091", severity="quarantine")
    accepted = [one for one, word in zip(number, fate, strict=True) if word in {"pass", "warn"}][:-2]
    images = pd.DataFrame(
        {
            "image": [sha[one][-16:] for one in accepted],
            "sha256": [sha[one] for one in accepted],
            "subject": [f"sub-{one // 2:016x}" for one in accepted],
            "study": [f"stu-{one:016x}" for one in accepted],
            "origin": [("north", "south")[one % 2] for one in accepted],
            "format": "dicom",
            "bits_stored": [(12, 16)[one % 2] for one in accepted],
            "manufacturer": [("Maker", None)[one % 2] for one in accepted],
            "view_position": "PA",
            "sex": [("F", "M", None)[one % 3] for one in accepted],
            "age_years": [float(one % 90) if one % 4 else None for one in accepted],
        }
    )
    labels = images[["image"]].assign(label="normal")
    labels.loc[[one % 5 == 0 for one in accepted], "label"] = None
    placed = images[labels["label"].notna()].iloc[1:]
    splits = placed[["image", "subject"]].assign(
        abnormal=[one % 2 == 0 for one in range(len(placed))],
        split=[PARTS[int(subject[-3:], 16) % 3] for subject in placed["subject"]],
    )
    return {
        "catalogue": pd.concat([sources, again, lost], ignore_index=True),
        "quality": pd.concat([quality, more], ignore_index=True),
        "images": images,
        "labels": labels,
        "splits": splits,
    }


def flow(files: int = 60, seed: int = 0, *, scored: bool = True, notices: dict[str, str] = NOTICES) -> Flow:
    made = tables(files, seed)
    return flow_of(**made, notices=notices, scored=made["splits"].iloc[:-3] if scored else None)


def card(described: DatasetDescription = DatasetDescription(), notices: dict[str, str] = NOTICES) -> DataCard:
    made = tables()
    return DataCard(
        described, flow(notices=notices), composition(made["images"], made["splits"]), {"assigned": 30, "given": 2}
    )
