"""Models in use: which models a store trains by itself, and which only where a person asks for their assets."""

from xray_platform.defs.settings_file import read_settings_file, settings_path
from xray_platform.models.all import MODELS
from xray_platform.tables.places import Places

ON_REQUEST = tuple(name for name, kind in MODELS.items() if kind.on_request)
"""The models that a store does not train unless its settings name them."""
BY_DEFAULT = tuple(name for name in MODELS if name not in ON_REQUEST)


def models_in_use(places: Places) -> list[str]:
    """Return the models that are trained by `xray run` and the schedule: those of the table that are not on request,
    and those that the store's `xray.yaml` names, be it with no setting at all (`densenet: {}`).

    Raises StoreError where the file cannot be read.
    """
    named = read_settings_file(settings_path(places)).said
    return [name for name in MODELS if name in BY_DEFAULT or name in named]
