"""Metrics: what a server counts and measures, as Prometheus reads it."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Counters of one server, in a registry of its own, so that two servers in a process do not mix."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        self.requests = Counter("xray_requests", "requests by route and status", ["route", "status"], registry=own)
        self.seconds = Histogram("xray_request_seconds", "time of a request", ["route"], buckets=SECONDS, registry=own)
        self.images = Counter("xray_images", "images by what became of them", ["outcome"], registry=own)
        self.batch = Histogram(
            "xray_batch_images", "images scored together", buckets=(1, 2, 4, 8, 16, 32), registry=own
        )
        self.places = Gauge("xray_places_taken", "requests that hold a place", registry=own)
        self.held_bytes = Gauge("xray_upload_bytes", "bytes of images in memory", registry=own)
        self.model = Gauge("xray_model_info", "the model that serves", ["model", "version"], registry=own)
        self.takeovers = Gauge("xray_takeovers", "models that took over since the start", registry=own)
        self.problem = Gauge("xray_champion_problem", "1: the registered champion does not serve", registry=own)

    def text(self) -> bytes:
        """Return all of it in the text form of Prometheus."""
        return generate_latest(self.registry)
