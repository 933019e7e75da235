"""Demo settings: quick ones for made-up pictures, in the store's `xray.yaml` until real pictures come."""

from xray_platform.tables.places import Places

DEMO_SETTINGS = """\
# Settings of this store, where they are not the defaults, by asset. The launchpad names all of them, with their ranges.
# Made by `xray demo`: a network that learns phantoms within a minute. Real pictures take this file away again.
attention_cnn:
  width: 16
  epochs: 16
  patience: 16
  batch_size: 8
  learning_rate: 0.001
  ema_decay: 0.95
  noise: 0.0
  brightness: 0.05
  contrast: 0.1
  stretch: 0.05
  scale: 0.05
  threads: 1
"""


def write_demo_settings(places: Places) -> None:
    """Write the demo's settings, unless the store has settings or pictures already."""
    file = places.settings
    if not file.exists() and not places.plans.exists():
        places.root.mkdir(parents=True, exist_ok=True)
        file.write_text(DEMO_SETTINGS, encoding="utf-8")


def remove_demo_settings(places: Places) -> bool:
    """Take the demo's settings away, if they are still as the demo wrote them; tell whether they were."""
    file = places.settings
    if not file.is_file() or file.read_text(encoding="utf-8") != DEMO_SETTINGS:
        return False
    file.unlink()
    return True
