"""Clinical settings: which columns go into a network beside the picture, and how often they are hidden from it."""

from pydantic import Field, field_validator

from xray_platform.clinical_columns import ClinicalColumn, columns_in
from xray_platform.settings import Settings


class ClinicalSettings(Settings):
    """What a network is told of a picture besides its pixels; by default nothing."""

    clinical_columns: str = Field(
        "",
        description="what goes in beside the picture, with commas: age, sex, view, as the file states them; a missing "
        "one is unknown; empty: the picture alone",
    )
    clinical_dropout: float = Field(
        0.3,
        ge=0,
        lt=1,
        description="share of the training pictures whose clinical columns are all hidden, and, of the others, share "
        "in which each column is hidden by itself; so that the network does not lean on them",
    )

    @field_validator("clinical_columns", mode="before")
    @classmethod
    def _as_text(cls, found: object) -> object:
        """Take a list, too, as a person writes it into `xray.yaml`."""
        listed = isinstance(found, list | tuple) and all(isinstance(name, str) for name in found)
        return ", ".join(found) if listed else found  # type: ignore[arg-type]

    @field_validator("clinical_columns")
    @classmethod
    def _in_one_order(cls, text: str) -> str:
        return ", ".join(columns_in(text))

    @property
    def columns(self) -> tuple[ClinicalColumn, ...]:
        """The clinical columns, in the order of all."""
        return columns_in(self.clinical_columns)
