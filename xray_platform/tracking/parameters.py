"""Parameters: nested settings as the flat names and texts that MLflow keeps."""

import json
from collections.abc import Mapping
from typing import Any


def flat(parameters: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """Return `{"a": {"b": 1}}` as `{"a.b": "1"}`; lists and other values become JSON, texts stay as they are."""
    texts: dict[str, str] = {}
    for name, value in parameters.items():
        path = f"{above}.{name}" if above else str(name)
        if isinstance(value, Mapping) and value:
            texts.update(flat(value, path))
        else:
            texts[path] = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return texts
