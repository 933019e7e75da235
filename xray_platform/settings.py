"""Settings: frozen, validated parameters; each step declares one flat class of them beside its code."""

import hashlib
import json

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """The parent of every settings class: frozen, flat, no unknown fields, every field described.

    A settings value can be logged (`model_dump`), stored with a model, and named by its `fingerprint`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    def fingerprint(self) -> str:
        """Return 12 hexadecimal digits that change when, and only when, the class or a value changes."""
        text = json.dumps([type(self).__name__, self.model_dump(mode="json")], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]
