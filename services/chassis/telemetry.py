"""Logs, traces and metrics, set up once a process. Every metric of the chassis is named here first."""

import functools
import logging
import sys
from typing import Any

import structlog
from google.protobuf.message import Message
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter

from oms.common.v1 import options_pb2
from services.chassis.context import add_call
from services.chassis.settings import Settings

# name → what it counts.
METRICS = {
    "oms_rpc_requests_total": "Calls answered, by service, rpc and code.",
    "oms_rpc_duration_seconds": "How long answering took, by service, rpc and code.",
    "oms_outbox_deliveries_total": "Events that a sink took or did not, by sink and outcome.",
    "oms_outbox_undelivered_events": "Events that are pending or dead, by sink and state.",
    "oms_outbox_oldest_seconds": "Age of the oldest undelivered event, by sink and state.",
}

_meter = metrics.get_meter("oms")
_requests = _meter.create_counter("oms_rpc_requests_total", description=METRICS["oms_rpc_requests_total"])
_duration = _meter.create_histogram(
    "oms_rpc_duration_seconds",
    description=METRICS["oms_rpc_duration_seconds"],
    # The SDK's own buckets are for milliseconds: every call would be in the first.
    explicit_bucket_boundaries_advisory=[0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
)
_deliveries = _meter.create_counter("oms_outbox_deliveries_total", description=METRICS["oms_outbox_deliveries_total"])
_undelivered = _meter.create_gauge(
    "oms_outbox_undelivered_events", description=METRICS["oms_outbox_undelivered_events"]
)
_oldest = _meter.create_gauge("oms_outbox_oldest_seconds", description=METRICS["oms_outbox_oldest_seconds"])

_MASK = "•••"
_MOST_SHOWN = 20


def configure(name: str, settings: Settings, *, exporter: SpanExporter | None = None) -> None:
    """Set up logs, traces and metrics for this process. Calling it again changes the logs, and adds the exporter.

    Spans are made where they go somewhere: to the settings' otlp_endpoint, or to `exporter`.
    """
    _configure_logs(settings)
    resource = Resource.create({"service.name": f"oms-{name}", "service.namespace": "oms"})
    provider = trace.get_tracer_provider()
    if (settings.otlp_endpoint or exporter) and not isinstance(provider, TracerProvider):
        provider = TracerProvider(resource=resource)
        if settings.otlp_endpoint:
            from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

            provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.otlp_endpoint)))
        trace.set_tracer_provider(provider)
        from opentelemetry.instrumentation.asyncpg import AsyncPGInstrumentor

        AsyncPGInstrumentor().instrument()  # type: ignore[no-untyped-call]
    if exporter and isinstance(provider, TracerProvider):
        provider.add_span_processor(SimpleSpanProcessor(exporter))
    if settings.metrics_port is not None and not isinstance(metrics.get_meter_provider(), MeterProvider):
        from opentelemetry.exporter.prometheus import PrometheusMetricReader
        from prometheus_client import start_http_server

        metrics.set_meter_provider(MeterProvider(resource=resource, metric_readers=[PrometheusMetricReader()]))
        start_http_server(settings.metrics_port, addr=settings.listen.rsplit(":", 1)[0] or "127.0.0.1")


def traces() -> bool:
    """Tell whether spans are made in this process."""
    return isinstance(trace.get_tracer_provider(), TracerProvider)


def _configure_logs(settings: Settings) -> None:
    level = logging.getLevelNamesMapping()[settings.log_level]
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr, force=True)
    last: Any = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # the other one shows local variables
        )
    )
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        processors=[
            add_call,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_trace,
            structlog.processors.format_exc_info,
            last,
        ],
    )


def _add_trace(_logger: object, _method: str, event: Any) -> Any:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = f"{context.trace_id:032x}"
        event["span_id"] = f"{context.span_id:016x}"
    return event


def count_request(service: str, rpc: str, code: str, seconds: float) -> None:
    """Count an answered call."""
    attributes = _attributes(service, rpc, code)
    _requests.add(1, attributes)
    _duration.record(seconds, attributes)


@functools.cache  # as many as there are RPCs and codes
def _attributes(service: str, rpc: str, code: str) -> dict[str, str]:
    return {"service": service, "rpc": rpc, "code": code}


def count_deliveries(sink: str, *, delivered: int, failed: int) -> None:
    """Count what a turn of the relay did."""
    for outcome, number in (("delivered", delivered), ("failed", failed)):
        if number:
            _deliveries.add(number, {"sink": sink, "outcome": outcome})


def show_backlog(service: str, sink: str, state: str, events: int, oldest_seconds: float) -> None:
    """Show what an outbox still owes."""
    attributes = {"service": service, "sink": sink, "state": state}
    _undelivered.set(events, attributes)
    _oldest.set(oldest_seconds, attributes)


def masked(message: Message) -> dict[str, Any]:
    """Return a message for a log: fields marked as personal show only that they are there."""
    shown: dict[str, Any] = {}
    for descriptor, value in message.ListFields():
        if descriptor.GetOptions().Extensions[options_pb2.personal]:
            shown[descriptor.name] = _MASK
        elif descriptor.message_type is not None and descriptor.message_type.GetOptions().map_entry:
            shown[descriptor.name] = {str(key): _shown(value[key]) for key in list(value)[:_MOST_SHOWN]}
        elif descriptor.is_repeated:
            shown[descriptor.name] = [_shown(one) for one in value[:_MOST_SHOWN]]
        else:
            shown[descriptor.name] = _shown(value)
    return shown


def _shown(value: Any) -> Any:
    return masked(value) if isinstance(value, Message) else str(value)[:200]
