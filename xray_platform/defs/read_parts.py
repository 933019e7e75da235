"""Read parts: images of a cohort, some hundred at a time, read ahead as a model's settings say."""

from collections.abc import Iterator

from xray_platform.image_stack import Images, ImageSource, batch_slices
from xray_platform.models.contract import FittedModel
from xray_platform.training.read_ahead import DEFAULT_NUM_WORKERS, read_ahead
from xray_platform.training.training_settings import TrainingSettings

AT_ONCE = 256  # pictures that are read and scored together


def read_parts(model: FittedModel, images: ImageSource, size: int = 0) -> Iterator[tuple[slice, Images]]:
    """Yield `size` images at a time (0: some hundred), with their numbers.

    They are read ahead as the model's `num_workers` say.
    """
    parts = list(batch_slices(images, size or AT_ONCE))
    training = getattr(model, "training", None)
    workers = training.num_workers if isinstance(training, TrainingSettings) else DEFAULT_NUM_WORKERS
    yield from zip(parts, read_ahead(images.__getitem__, parts, workers), strict=True)
