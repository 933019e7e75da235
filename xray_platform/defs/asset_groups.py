"""Asset groups: who answers for the assets of each group, what kind of data they hold, and how old they may become."""

import inspect
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import dagster as dg

RETRAINED_WEEKLY = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=15), warn_window=timedelta(days=8))
"""Models are made anew every Sunday; a day late is worth a word, a week late is a fault."""


@dataclass(frozen=True)
class AssetGroup:
    """What all assets of a group have in common.

    `tier`: source (cannot be made anew), derived (can be), model, or result. Identity: what the asset may hold of it.
    """

    owner: str
    domain: str
    tier: str
    identity: str = "pseudonymous"
    freshness: dg.FreshnessPolicy | None = None

    def tags_of(self, asset: str) -> Mapping[str, str]:
        """Return the tags of one asset: the raw archive is the only source, and the only one with identity."""
        if asset == "raw_archive":
            return {"domain": self.domain, "tier": "source", "identity": "identifying"}
        return {"domain": self.domain, "tier": self.tier, "identity": self.identity}


ASSET_GROUPS: Mapping[str, AssetGroup] = {
    "archive": AssetGroup("team:archive", "dicom", "derived"),
    "imaging": AssetGroup("team:imaging", "imaging", "derived"),
    "detectors": AssetGroup("team:modelling", "modelling", "model", "none", RETRAINED_WEEKLY),
    "networks": AssetGroup("team:modelling", "modelling", "model", "none", RETRAINED_WEEKLY),
    "ensembles": AssetGroup("team:modelling", "modelling", "model", "none", RETRAINED_WEEKLY),
    "evaluation": AssetGroup("team:evaluation", "evaluation", "result", "pseudonymous", RETRAINED_WEEKLY),
    "predictions": AssetGroup("team:evaluation", "evaluation", "result"),
}


def source_of(body: Callable[..., Any]) -> Mapping[str, Any]:
    """Return where an asset's body stands in the code, for "open in editor"."""
    code = inspect.unwrap(body).__code__
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # code references are in beta in Dagster 1.13
        reference = dg.LocalFileCodeReference(file_path=code.co_filename, line_number=code.co_firstlineno)
        return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[reference])}
