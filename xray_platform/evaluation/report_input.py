"""Report input: everything a report needs to know, handed in as one frozen value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from xray_platform.evaluation.clinical_reliance import ClinicalReliance
from xray_platform.evaluation.dataset.data_card import DataCard
from xray_platform.evaluation.evaluate import Evaluation
from xray_platform.evaluation.figures import History
from xray_platform.evaluation.gallery import NO_SAMPLES, Samples
from xray_platform.evaluation.heatmap import MapScale
from xray_platform.evaluation.map_in_boxes import FindingInBoxes
from xray_platform.evaluation.map_statistics import MapStatistics
from xray_platform.evaluation.shortcut_result import ShortcutAudit
from xray_platform.settings import Settings
from xray_platform.tables.columns import Family


@dataclass(frozen=True)
class ReportInput:
    """What `write_report` shows. Only `evaluation` is needed; what is left out is left out of the page, or said to be.

    evaluation: from `evaluate(...)`; its rows are the table of every picture.
    title: the model's name for people, such as "PCA residual"; default: the model's name.
    family: how the model learns; decides what the page says of it.
    description: sentences in which the model describes itself (`describe()`).
    samples: pictures for the gallery with their heat maps, float32 (N, S, S); ask `pick_pictures(evaluation)` which.
    findings: the word of the labels for each picture, by image; only known and declared words may come here.
    boxes: how the maps of test pictures lie to the boxes that people drew, a finding each; `boxed`: how many test
        pictures have boxes, of which these may be a sample.
    scale: the one colour scale of all maps, from `map_scale(maps of normal validation pictures)`; None: no overlays.
    recipe: the steps of preparation in words, in order (`Recipe.describe()`).
    settings: by heading ("Model", "Training", …), a Settings value (shown with description of each field) or a mapping.
    history: one mapping an epoch (`epoch`, `train_loss`, `val_auroc`, …), finite numbers; empty where nothing is
        learnt in epochs.
    provenance: by name; a value may be text, number, None (left out), a list (of texts, or of mappings with equal keys,
        which becomes a table) or a mapping (which becomes a table of its own). Expected names: `dagster run`,
        `mlflow run`, `asset`, `code version`, `git commit`, `packages` {name: version}, `data versions`
        {input: version}. The roof must not put identity or raw paths in.
    hashes: one row a picture: `image`, `sha256` (of the raw bytes), optionally `pixel_sha256`; for the table of test
        pictures and to find copies across parts.
    audit: how far facts that know no lung go, from `shortcut_audit(evaluation, facts)`; None: not made.
    clinical: how much the columns beside the picture matter, from `clinical_reliance(...)`; None: the model takes none.
    maps: where the maps of test pictures lie and how alike they are, from `map_statistics(...)`; None: not looked at.
    card: what people say of the data, what became of the files, what the pictures of each part are; None: left out.
    phantom: whether the pictures are made up; the report then says so at the top.
    created: when, ISO 8601 in UTC; the only thing that differs between two reports of the same input.
    """

    evaluation: Evaluation
    title: str = ""
    family: Family = "detector"
    description: Sequence[str] = ()
    samples: Samples = NO_SAMPLES
    findings: Mapping[str, str] = field(default_factory=dict)
    boxes: Sequence[FindingInBoxes] = ()
    boxed: int = 0
    scale: MapScale | None = None
    recipe: Sequence[str] = ()
    settings: Mapping[str, Settings | Mapping[str, Any]] = field(default_factory=dict)
    history: History = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    hashes: pd.DataFrame | None = None
    audit: ShortcutAudit | None = None
    clinical: ClinicalReliance | None = None
    maps: MapStatistics | None = None
    card: DataCard | None = None
    phantom: bool = False
    created: str = ""

    @property
    def name(self) -> str:
        """The title, or what stands for it."""
        return self.title or self.evaluation.model.replace("_", " ")
