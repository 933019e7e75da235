"""Split settings: how labelled pictures are divided."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from xray_platform.settings import Settings
from xray_platform.training.split_groups import asked_for


class SplitSettings(Settings):
    """How labelled pictures are divided."""

    train_share: float = Field(0.70, ge=0, le=1, description="share of the subjects that models learn from")
    val_share: float = Field(0.15, ge=0, le=1, description="share that chooses epochs and thresholds; the rest is test")
    seed: int = Field(0, ge=0, description="another seed gives another division")
    class_order: str = Field(
        "",
        description="classes that come first after normal, with commas between; the others follow by alphabet",
    )

    group_by: Literal["subject", "origin", "device", "view", "sex", "age"] = Field(
        "subject", description="what is never divided: the subject alone, or also all pictures of one origin, device, …"
    )
    hold_out: str = Field(
        "",
        description="what makes up the test part instead of a share, such as origin=covid or device=agfa, with commas "
        "between several; the labels file's own splits still hold for the rest",
    )

    @field_validator("hold_out")
    @classmethod
    def _is_understood(cls, text: str) -> str:
        asked_for(text)
        return text

    @model_validator(mode="after")
    def _leave_a_test_part(self) -> "SplitSettings":
        if self.train_share + self.val_share > 1:
            message = f"train_share {self.train_share} + val_share {self.val_share} must be at most 1"
            raise ValueError(message)
        return self

    @property
    def shares_of_the_rest(self) -> dict[str, float]:
        """Wanted share of each part among what is not held out: no test part where something is."""
        if not self.hold_out.strip():
            return self.shares
        both = self.train_share + self.val_share or 1.0
        return {"train": self.train_share / both, "val": self.val_share / both}

    @property
    def declared_classes(self) -> tuple[str, ...]:
        """The classes of `class_order`, as findings are written."""
        return tuple(dict.fromkeys(word for part in self.class_order.split(",") if (word := _written(part))))

    @property
    def shares(self) -> dict[str, float]:
        """Wanted share of each part; the shares sum to 1."""
        return {
            "train": self.train_share,
            "val": self.val_share,
            "test": round(max(0.0, 1 - self.train_share - self.val_share), 9),
        }


def _written(word: str) -> str:
    return " ".join(word.casefold().replace("_", " ").replace("-", " ").split())
