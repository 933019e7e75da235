"""Settings of the server: how much it takes at once, and how long it waits."""

from pydantic import Field

from xray_platform.serving.reference import Unfamiliar
from xray_platform.settings import Settings


class ServeSettings(Settings):
    """What one server takes on before it says that it is busy."""

    places: int = Field(
        16, ge=1, le=1024, description="requests with images that are taken in together; one more is answered with 429"
    )
    max_file_mib: int = Field(
        64, ge=1, le=2048, description="largest image that is taken", json_schema_extra={"unit": "MiB"}
    )
    max_memory_mib: int = Field(
        512, ge=1, le=65536, description="all images that wait together", json_schema_extra={"unit": "MiB"}
    )
    max_images: int = Field(16, ge=1, le=1000, description="most images in one request")
    upload_seconds: float = Field(
        30, gt=0, le=3600, description="a request's body must be there within", json_schema_extra={"unit": "s"}
    )
    answer_seconds: float = Field(
        60, gt=0, le=3600, description="an answer must be there within, after the body", json_schema_extra={"unit": "s"}
    )
    read_seconds: float = Field(
        20, gt=0, le=3600, description="one image must be read within; else its reader is killed",
        json_schema_extra={"unit": "s"},
    )  # fmt: skip
    readers: int = Field(0, ge=0, le=256, description="child processes that read images; 0: one for each core")
    threads: int = Field(
        1, ge=0, le=256, description="threads that score; 0: one for each core, which waits for the busiest of them"
    )
    unfamiliar: Unfamiliar = Field(
        "warn", description="an image farther from what the model learnt than its limit: judged with a warning, or not"
    )
    batch: int = Field(8, ge=1, le=256, description="most images that are scored together")
    takeover_seconds: float = Field(
        2, gt=0, le=3600, description="how often a new champion is asked for", json_schema_extra={"unit": "s"}
    )
    heatmap_pixels: int = Field(
        512, ge=16, le=8192, description="longer side of a heat map, at most", json_schema_extra={"unit": "pixel"}
    )
    kept_images: int = Field(8, ge=1, le=1000, description="images that the reading room keeps in memory at most")
    kept_seconds: float = Field(
        1800, gt=0, le=86400, description="and for how long at most", json_schema_extra={"unit": "s"}
    )
