"""Metrics (Prometheus) and traces (OpenTelemetry, W3C trace context).

Metrics are always on and cost little; traces are exported only where `PLUGZERO_OTLP_ENDPOINT` is set, and the SDK is
loaded only then.
"""

from opentelemetry import trace
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Histogram, generate_latest

from kernel.settings import Settings

METRICS_CONTENT_TYPE = CONTENT_TYPE_LATEST

HTTP_REQUESTS = Counter(
    "plugzero_http_requests_total", "Answered HTTP requests.", ["service", "method", "route", "status"]
)
HTTP_DURATION = Histogram(
    "plugzero_http_request_duration_seconds",
    "Time from the first byte in to the last byte out.",
    ["service", "method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


def rendered_metrics() -> bytes:
    """Return this process's metrics in the Prometheus text format."""
    return generate_latest(REGISTRY)


def configure_tracing(settings: Settings, *, process: str) -> None:
    """Export spans to the configured OTLP endpoint; does nothing when there is none."""
    if not settings.otlp_endpoint:
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(
        resource=Resource.create({"service.name": f"plugzero-{settings.service}", "process": process})
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.otlp_endpoint)))
    trace.set_tracer_provider(provider)


tracer = trace.get_tracer("plugzero")
