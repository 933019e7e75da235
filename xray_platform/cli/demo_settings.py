"""Demo settings: quick ones for made-up images, in the store's `xray.yaml` until real images come."""

import yaml

from xray_platform.tables.places import Places

HEADING = """\
# Settings of this store, where they are not the defaults, by asset. The launchpad names all of them, with their ranges.
# Made by `xray demo`: models that learn phantoms within a minute. Real images take this file away again.
"""


def demo_settings() -> str:
    """Return what the demo writes: the quick settings of each model and of its scores."""
    from xray_platform.defs.launchpad import (
        QUICK_SETTINGS,  # OpenCV and zarr take a second to import, and `--help` must not wait
    )
    from xray_platform.defs.models_in_use import ON_REQUEST

    chosen = {
        name: dict(quick) for name, quick in QUICK_SETTINGS.items() if name.removesuffix("_scores") not in ON_REQUEST
    }
    return HEADING + yaml.safe_dump(chosen, sort_keys=False)


def write_demo_settings(places: Places) -> None:
    """Write the demo's settings, unless the store has settings or images already."""
    file = places.settings
    if not file.exists() and not places.plans.exists():
        places.root.mkdir(parents=True, exist_ok=True)
        file.write_text(demo_settings(), encoding="utf-8")


def remove_demo_settings(places: Places) -> bool:
    """Take the demo's settings away, if they are still as the demo wrote them; tell whether they were."""
    file = places.settings
    if not file.is_file():
        return False
    text = file.read_text(encoding="utf-8")
    if not text.startswith(HEADING) or text != demo_settings():
        return False
    file.unlink()
    return True
