"""Data card: all that a report says of the data behind a model, as one frozen value."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from xray_platform.evaluation.dataset.composition import Composition
from xray_platform.evaluation.dataset.description import DatasetDescription, Source
from xray_platform.evaluation.dataset.flow import Flow


@dataclass(frozen=True)
class DataCard:
    """What people say of the data, what became of the files, and what the pictures of each part are.

    split_reasons: pictures by why they are in their part, as the table `splits` says it.
    """

    described: DatasetDescription
    flow: Flow
    composition: Composition
    split_reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins that the pictures have."""
        return tuple(self.composition.fact("origin").counts)

    @property
    def sources(self) -> tuple[Source, ...]:
        """What is said of each origin that the pictures have: those of `dataset.yaml`, and the others by name alone."""
        said = {source.origin: source for source in self.described.sources}
        return tuple(said.get(origin) or Source(origin=origin) for origin in self.origins if _is_name(origin))

    @property
    def of_no_picture(self) -> tuple[str, ...]:
        """The origins that `dataset.yaml` speaks of and no picture has."""
        return tuple(source.origin for source in self.described.sources if source.origin not in self.origins)

    def dump(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "described": self.described.model_dump(mode="json"),
            "flow": asdict(self.flow),
            "composition": asdict(self.composition),
            "split_reasons": dict(self.split_reasons),
        }


def _is_name(origin: str) -> bool:
    return origin not in {"others", "unknown"}
