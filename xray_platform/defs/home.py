"""Home: the `dagster.yaml` of a store that is no checkout, the same as the checkout's but for where it points."""

from importlib.resources import files
from pathlib import Path

from xray_platform.tables.places import Places

FILE = "dagster.yaml"
HERE = "data/.dagster"


def dagster_home(places: Places) -> Path:
    """Return the folder whose dagster.yaml says where Dagster's storage is: the root, or else one made for it."""
    if (places.root / FILE).exists():
        return places.root
    home = places.dagster
    home.mkdir(parents=True, exist_ok=True)
    text = files(__package__).joinpath(FILE).read_text(encoding="utf-8")
    (home / FILE).write_text(text.replace(HERE, str(home)), encoding="utf-8")
    return home
