"""Settings: frozen, validated parameters; each step declares one flat class of them beside its code."""

import hashlib
import json

from pydantic import BaseModel, ConfigDict, ValidationError


class Settings(BaseModel):
    """The parent of every settings class: frozen, flat, no unknown fields, every field described.

    A settings value can be logged (`model_dump`), stored with a model, and named by its `fingerprint`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    def fingerprint(self) -> str:
        """Return 12 hexadecimal digits that change when, and only when, the class or a value changes."""
        text = json.dumps([type(self).__name__, self.model_dump(mode="json")], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def first_problem(kind: type[Settings], error: ValidationError) -> str:
    """Say in one line the first thing that is wrong with values of a settings class: field, value, what is allowed.

    What two fields say together is told by the class itself; it has no single field.
    """
    found = error.errors()[0]
    field = ".".join(str(part) for part in found["loc"])
    if found["type"] == "extra_forbidden":
        return f"there is no setting {field!r}; allowed: {', '.join(kind.model_fields)}"
    said = found["msg"].removeprefix("Value error, ")
    said = f"{said[:1].lower()}{said[1:]}"
    return f"{field}: found {found['input']!r}; {said}" if field else said
