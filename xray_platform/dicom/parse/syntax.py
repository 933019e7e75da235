"""Syntax: the transfer syntaxes of DICOM (PS3.5 annex A), how each is read and which codec holds its pixels."""

from dataclasses import dataclass
from typing import Literal

Codec = Literal["native", "rle", "jpeg", "jpeg-ls", "jpeg-2000", "deflated frames", "video"]


@dataclass(frozen=True)
class Syntax:
    """How a dataset is written: value representations stated or not, byte order, deflated or not, pixel codec.

    `lossy` is None where the codec can be either, and the pixels have to say.
    """

    uid: str
    name: str
    explicit: bool = True
    little: bool = True
    deflated: bool = False
    codec: Codec = "native"
    lossy: bool | None = False


_1 = "1.2.840.10008.1.2"
IMPLICIT = Syntax(_1, "Implicit VR Little Endian", explicit=False)
EXPLICIT = Syntax(f"{_1}.1", "Explicit VR Little Endian")
BIG = Syntax(f"{_1}.2", "Explicit VR Big Endian", little=False)

_ALL = (
    IMPLICIT,
    EXPLICIT,
    BIG,
    Syntax(f"{_1}.1.99", "Deflated Explicit VR Little Endian", deflated=True),
    Syntax(f"{_1}.5", "RLE Lossless", codec="rle"),
    Syntax(f"{_1}.4.50", "JPEG Baseline", codec="jpeg", lossy=True),
    Syntax(f"{_1}.4.51", "JPEG Extended", codec="jpeg", lossy=True),
    Syntax(f"{_1}.4.57", "JPEG Lossless", codec="jpeg"),
    Syntax(f"{_1}.4.70", "JPEG Lossless, First-Order Prediction", codec="jpeg"),
    Syntax(f"{_1}.4.80", "JPEG-LS Lossless", codec="jpeg-ls"),
    Syntax(f"{_1}.4.81", "JPEG-LS Near-Lossless", codec="jpeg-ls", lossy=True),
    Syntax(f"{_1}.4.90", "JPEG 2000 Lossless", codec="jpeg-2000"),
    Syntax(f"{_1}.4.91", "JPEG 2000", codec="jpeg-2000", lossy=None),
    Syntax(f"{_1}.4.201", "High-Throughput JPEG 2000 Lossless", codec="jpeg-2000"),
    Syntax(f"{_1}.4.202", "High-Throughput JPEG 2000 with RPCL", codec="jpeg-2000"),
    Syntax(f"{_1}.4.203", "High-Throughput JPEG 2000", codec="jpeg-2000", lossy=None),
    Syntax(f"{_1}.8.1", "Deflated Image Frame Compression", codec="deflated frames"),
    *(Syntax(f"{_1}.4.{n}", "MPEG video", codec="video", lossy=True) for n in range(100, 109)),
)
SYNTAXES: dict[str, Syntax] = {syntax.uid: syntax for syntax in _ALL}
