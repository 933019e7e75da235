"""Pixel module: the image pixel module (PS3.3 section C.7.6.3), how stored values lie in the pixel data."""

from dataclasses import dataclass

from xray_platform.dicom.parse import tags
from xray_platform.dicom.parse.container import Container

BIT_DEPTHS = (8, 16, 32)
GREY = ("MONOCHROME1", "MONOCHROME2")
COLOUR = (
    "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT",
    "HSV", "ARGB", "CMYK",
)  # fmt: skip
_LONGEST_NUMBER = 12  # digits of an IS (PS3.5 section 6.2)


@dataclass(frozen=True)
class PixelLayout:
    """How the pixels lie. `bits_stored` bits of `bits_allocated` carry the picture, `high_bit` is the highest."""

    rows: int
    columns: int
    samples: int
    frames: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    photometric: str
    planar: bool = False

    @property
    def pixels(self) -> int:
        """Number of samples of all frames."""
        return self.rows * self.columns * self.samples * self.frames

    @property
    def frame_bytes(self) -> int:
        """Length of one uncompressed frame in bytes; YBR_FULL_422 shares its colour between two neighbours."""
        samples = 2 if self.photometric == "YBR_FULL_422" and self.samples == 3 else self.samples
        return self.rows * self.columns * samples * self.bits_allocated // 8

    @property
    def native_bytes(self) -> int:
        return self.frame_bytes * self.frames


REQUIRED = {
    "Rows": tags.ROWS,
    "Columns": tags.COLUMNS,
    "BitsAllocated": tags.BITS_ALLOCATED,
    "SamplesPerPixel": tags.SAMPLES_PER_PIXEL,
    "PhotometricInterpretation": tags.PHOTOMETRIC_INTERPRETATION,
}


def missing(container: Container) -> tuple[str, ...]:
    """Return the names of what the pixels cannot be read without, where it is absent, empty or zero."""
    names = [
        name for name, tag in REQUIRED.items() if tag != tags.PHOTOMETRIC_INTERPRETATION and not container.word(tag)
    ]
    if not container.text(tags.PHOTOMETRIC_INTERPRETATION):
        names.append("PhotometricInterpretation")
    return tuple(names)


def layout_of(container: Container) -> PixelLayout | None:
    """Return how the pixels lie, or None where something that says so is missing."""
    rows, columns = container.word(tags.ROWS), container.word(tags.COLUMNS)
    allocated, samples = container.word(tags.BITS_ALLOCATED), container.word(tags.SAMPLES_PER_PIXEL)
    photometric = container.text(tags.PHOTOMETRIC_INTERPRETATION).upper()
    if not (rows and columns and allocated and samples and photometric):
        return None
    stored = container.word(tags.BITS_STORED) or allocated
    high = container.word(tags.HIGH_BIT)
    return PixelLayout(
        rows=rows,
        columns=columns,
        samples=samples,
        frames=_frames(container),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=stored - 1 if high is None else high,
        signed=container.word(tags.PIXEL_REPRESENTATION) == 1,
        photometric=photometric,
        planar=container.word(tags.PLANAR_CONFIGURATION) == 1,
    )


def _frames(container: Container) -> int:
    text = container.text(tags.NUMBER_OF_FRAMES)
    return max(int(text[:_LONGEST_NUMBER]), 1) if text.isascii() and text.isdigit() else 1
