"""Quiet: keep an engine's chatter out of other people's logs."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

ENGINES = ("lightning.pytorch", "lightning.fabric", "lightning")
# What Lightning warns of where it is used as here, on purpose: one process, pictures in memory, a folder that resumes.
EXPECTED = (
    r".*does not have many workers.*",
    r".*Checkpoint directory .* exists and is not empty.*",
    r".*The number of training batches .* is smaller than the logging interval.*",
    r".*You're resuming from a checkpoint that ended before the epoch ended.*",
    r".*GPU available but not used.*",
    r".*LeafSpec.* is deprecated.*",
)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the engine's information lines and expected warnings; errors and other warnings go through."""
    loggers = [logging.getLogger(name) for name in ENGINES]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        for message in EXPECTED:
            warnings.filterwarnings("ignore", message=message)
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
