"""What Prometheus reads at /metrics: requests by route, how long they took, mail, activity that waits."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

BUCKETS = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12)


class Metrics:
    """One registry a portal, so that two portals in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "frontdesk_requests", "Answers by route and status", ("route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "frontdesk_request_seconds", "Time to answer", ("route",), buckets=BUCKETS, registry=self.registry
        )
        self.mails = Counter("frontdesk_mails", "Mails by outcome", ("outcome",), registry=self.registry)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)
