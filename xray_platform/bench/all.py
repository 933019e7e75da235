"""All benchmarks: a new one is one file and one line here."""

from xray_platform.bench.bits import BITS
from xray_platform.bench.contract import Benchmark
from xray_platform.bench.damage import DAMAGE
from xray_platform.bench.detectors import DETECTORS_BENCH
from xray_platform.bench.drift import DRIFT
from xray_platform.bench.growth import GROWTH
from xray_platform.bench.imaging import IMAGING
from xray_platform.bench.inbox import INBOX
from xray_platform.bench.ingest import INGEST
from xray_platform.bench.look import LOOK
from xray_platform.bench.model_memory import MEMORY
from xray_platform.bench.networks import NETWORKS_BENCH
from xray_platform.bench.pacs import PACS
from xray_platform.bench.phantoms import PHANTOMS
from xray_platform.bench.refused import REFUSED
from xray_platform.bench.repair import REPAIR
from xray_platform.bench.repair_pays import REPAIR_PAYS
from xray_platform.bench.report import REPORT
from xray_platform.bench.scale import SCALE
from xray_platform.bench.serving import SERVING
from xray_platform.bench.store import STORE
from xray_platform.bench.text import TEXT
from xray_platform.bench.training import TRAINING
from xray_platform.bench.years import YEARS

_BENCHES = (
    PHANTOMS,
    INGEST,
    REFUSED,
    BITS,
    DAMAGE,
    DETECTORS_BENCH,
    DRIFT,
    INBOX,
    GROWTH,
    IMAGING,
    LOOK,
    MEMORY,
    NETWORKS_BENCH,
    PACS,
    REPAIR,
    REPAIR_PAYS,
    REPORT,
    SCALE,
    SERVING,
    STORE,
    TEXT,
    TRAINING,
    YEARS,
)

BENCHES: dict[str, Benchmark] = {bench.name: bench for bench in _BENCHES}
