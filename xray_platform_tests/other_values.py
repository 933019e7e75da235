"""Other values: for each setting a value that is allowed and not the default, to see whether anything heeds it."""

from typing import Any, get_args

from pydantic import ValidationError

from xray_platform.settings import Settings


def other_value(settings: Settings, name: str) -> Any:
    """Return a value of the setting `name` that differs from the one in `settings` and is allowed beside the others."""
    now, field = getattr(settings, name), type(settings).model_fields[name]
    tried: list[Any] = [word for word in get_args(field.annotation) if word != now]
    if isinstance(now, bool):
        tried = [not now]
    elif isinstance(now, int):
        tried = [now // 2, now * 2, now + 1, now + 2, now + 7, now - 2]
    elif isinstance(now, float):
        tried = [now * 2, now / 2, 0.5, 0.3, 0.25]
    elif now == "":
        tried = [f"weights.safetensors#sha256={'0' * 64}"]
    for value in tried:
        if value != now and _allowed(settings, name, value):
            return value
    message = f"no other value of {name} is known; give one here"
    raise AssertionError(message)


def with_other(settings: Settings, name: str) -> Any:
    """Return `settings` with another value of the setting `name`."""
    return type(settings).model_validate({**settings.model_dump(), name: other_value(settings, name)})


def _allowed(settings: Settings, name: str, value: Any) -> bool:
    try:
        type(settings).model_validate({**settings.model_dump(), name: value})
    except ValidationError:
        return False
    return True
