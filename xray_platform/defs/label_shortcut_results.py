"""Label shortcut results: how far facts without a lung tell the labels of this store, computed once for all reports."""

import numpy as np

from xray_platform.defs.asset_result import AssetResult
from xray_platform.errors import StoreError
from xray_platform.evaluation.label_shortcuts import (
    LabelShortcuts,
    label_shortcuts,
    read_label_shortcuts,
    write_label_shortcuts,
)
from xray_platform.evaluation.nuisance_facts import nuisance_facts
from xray_platform.tables.all import IMAGES, SPLITS, STANDARD_IMAGES
from xray_platform.tables.manifest import keep_files, read_checked
from xray_platform.tables.places import Places

NAME = "reports/label_shortcuts"


def label_shortcuts_of(places: Places) -> AssetResult:
    """Predict the labels of all labelled pictures from facts alone, and keep what was found."""
    facts = nuisance_facts(IMAGES.read(places), STANDARD_IMAGES.read(places))
    labelled = SPLITS.read(places)[["image", "subject", "abnormal"]]
    found = label_shortcuts(labelled.merge(facts, on="image", how="inner"))
    file = places.data / f"{NAME}.json"
    write_label_shortcuts(file, found)
    keep_files(places, NAME, [file])
    telling = sorted(zip(found.lost, found.facts, strict=False), reverse=True)
    return AssetResult(
        content=found.model_dump_json(),
        metadata={
            "pictures": len(found.image),
            **({"auroc of facts alone": found.auroc} if found.auroc is not None else {}),
            "most telling": ", ".join(f"{name} ({lost:.3f})" for lost, name in telling[:3] if np.isfinite(lost)),
            "why not": found.reason,
        },
    )


def stored_label_shortcuts(places: Places) -> LabelShortcuts | None:
    """Return what was found last; None where that was never done or is damaged: a report then finds it itself."""
    try:
        return read_label_shortcuts(read_checked(places, NAME, places.data / f"{NAME}.json"))
    except StoreError:
        return None
