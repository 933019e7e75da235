"""Every setting of the phantoms says what it is."""

import pytest

from xray_platform.phantoms.archive import ArchiveSettings
from xray_platform.phantoms.sample import PhantomSettings
from xray_platform.settings import Settings


@pytest.mark.parametrize("kind", [ArchiveSettings, PhantomSettings])
def test_every_setting_is_described(kind: type[Settings]) -> None:
    assert all(field.description for field in kind.model_fields.values())
