"""Nested settings become flat names, none lost, none confused with another."""

import json

from hypothesis import given
from hypothesis import strategies as st

from xray_platform.tracking.parameters import flat

names = st.text("abc_", min_size=1, max_size=4)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.lists(st.integers(), max_size=3)
nested = st.recursive(leaves, lambda below: st.dictionaries(names, below, min_size=1, max_size=3), max_leaves=12)


def test_settings_become_flat_names_and_json() -> None:
    settings = {"net": {"width": 32, "attention": "cbam"}, "steps": ["a", "b"], "seed": None, "empty": {}}
    assert flat(settings) == {
        "net.width": "32",
        "net.attention": "cbam",
        "steps": '["a", "b"]',
        "seed": "null",
        "empty": "{}",
    }


@given(st.dictionaries(names, nested, max_size=4))
def test_every_leaf_is_found_under_its_path(settings: dict[str, object]) -> None:
    texts = flat(settings)
    for path, text in texts.items():
        value: object = settings
        for name in path.split("."):
            assert isinstance(value, dict)
            value = value[name]
        assert json.loads(text) == value
    assert len(texts) == _leaves(settings)


def _leaves(value: object) -> int:
    return sum(_leaves(below) for below in value.values()) if isinstance(value, dict) else 1
