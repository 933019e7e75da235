"""What this room's tests share: properties are judged by their outcome, not by how busy the machine is."""

from hypothesis import settings

settings.register_profile("calm", deadline=None)
settings.load_profile("calm")
