"""What the tests of this room share: no deadline for examples, for the machine may be busy."""

from hypothesis import settings

settings.register_profile("calm", deadline=None)
settings.load_profile("calm")
