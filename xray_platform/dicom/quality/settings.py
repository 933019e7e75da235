"""Settings of the quality rules: every cap and threshold, with its unit."""

from pydantic import Field

from xray_platform.settings import Settings


class QualitySettings(Settings):
    """What the quality rules allow."""

    pixels: bool = Field(
        True, description="decode every picture and look at it; without, only the rules on container and header apply"
    )
    max_file_mib: int = Field(
        256, ge=1, le=2048, description="largest file that is examined (Q010)", json_schema_extra={"unit": "MiB"}
    )
    max_inflated_mib: int = Field(
        256, ge=1, le=2048, description="largest deflated dataset, inflated (Q010)", json_schema_extra={"unit": "MiB"}
    )
    max_depth: int = Field(
        8, ge=1, le=64, description="deepest nesting of sequences (Q011)", json_schema_extra={"unit": "level"}
    )
    max_elements: int = Field(
        5000,
        ge=100,
        le=100_000,
        description="most elements at all levels (Q011)",
        json_schema_extra={"unit": "element"},
    )
    max_megapixels: int = Field(
        64,
        ge=1,
        le=512,
        description="most samples of all frames, checked before decoding (Q022)",
        json_schema_extra={"unit": "Mpx"},
    )
    small_side: int = Field(
        512, ge=16, le=4096, description="a shorter side draws a warning (Q063)", json_schema_extra={"unit": "pixel"}
    )
    tiny_side: int = Field(
        128, ge=8, le=4096, description="a shorter side is quarantined (Q063)", json_schema_extra={"unit": "pixel"}
    )
    least_aspect: float = Field(
        0.5, gt=0, le=1, description="least ratio of width to height, and of height to width (Q062)"
    )
    least_levels: int = Field(
        16,
        ge=2,
        le=65536,
        description="fewer distinct grey levels mean a blank picture (Q060)",
        json_schema_extra={"unit": "grey level"},
    )
    least_contrast: float = Field(
        0.02,
        gt=0,
        le=1,
        description="least spread of grey values, as a share of the possible range that is in use (Q060)",
    )
    most_saturated: float = Field(0.6, gt=0, le=1, description="largest share of pixels at one end of the range (Q061)")
    most_border: float = Field(0.5, gt=0, le=1, description="largest share of the picture that is flat border (Q064)")
    most_padding: float = Field(0.5, gt=0, le=1, description="largest share of the picture that is padding (Q065)")
    least_chest: float = Field(
        -1.5,
        ge=-10,
        le=10,
        description="least likeness to a frontal chest; below it, Q067 asks for quarantine, below 0 it warns",
        json_schema_extra={"unit": "log odds"},
    )
    most_contrary: float = Field(
        1.0,
        ge=0,
        le=20,
        description="how much likelier another polarity or position may look than the stated one (Q049)",
        json_schema_extra={"unit": "log odds"},
    )
    most_mirrored: float = Field(
        4.0,
        ge=0,
        le=20,
        description="how much likelier the mirror image may look; lung disease shifts hearts, so be lenient (Q049)",
        json_schema_extra={"unit": "log odds"},
    )
    mirrored_beside_marker: float = Field(
        0.5,
        ge=-20,
        le=20,
        description="how much likelier the mirror image may look where a side marker stands on the wrong side (Q049)",
        json_schema_extra={"unit": "log odds"},
    )
    least_marker: float = Field(0.75, ge=0.5, le=1, description="least probability of a side marker that counts (Q049)")
    perhaps_cut_off: float = Field(
        1.5,
        ge=0,
        le=20,
        description="a side whose continuation looks so much more like a chest draws a warning (Q066)",
        json_schema_extra={"unit": "log odds"},
    )
    cut_off: float = Field(
        2.4,
        ge=0,
        le=20,
        description="a side whose continuation looks so much more like a chest is taken for cut off (Q066)",
        json_schema_extra={"unit": "log odds"},
    )
    youngest_years: float = Field(
        18, ge=0, le=120, description="a younger patient draws a warning (Q051)", json_schema_extra={"unit": "year"}
    )
    second_decoder_share: float = Field(
        0.02, ge=0, le=1, description="share of compressed pictures that a second decoder reads, too (Q027)"
    )
    seconds: float = Field(
        10, gt=0, le=600, description="longest examination of one file", json_schema_extra={"unit": "s"}
    )
    memory_mib: int = Field(
        3072,
        ge=512,
        le=65536,
        description="most memory that the examination of one file may take",
        json_schema_extra={"unit": "MiB"},
    )
