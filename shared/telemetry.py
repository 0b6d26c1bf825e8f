"""What an operator sees: JSON logs, metrics, and one trace from the gateway to each effect (P26).

The W3C `traceparent` always travels; spans are recorded only for the share that is sampled, so an
unsampled request pays for a string and nothing else. No personal data, no ids as labels.
"""

import logging
import random
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shared.contracts.base import Event

FRAMES_LOGGED = 8
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Chain:
    """In which chain of causes the work at hand stands."""

    traceparent: str
    correlation: str | None = None
    cause: str | None = None


chain: ContextVar[Chain | None] = ContextVar("chain", default=None)

metrics = CollectorRegistry()
requests_seconds = Histogram(
    "samverkan_http_request_seconds",
    "Time to answer, by route template.",
    ["method", "route", "status"],
    registry=metrics,
)
events_handled = Counter(
    "samverkan_events_handled", "Events taken, by type.", ["type"], registry=metrics
)
outbox_age_seconds = Gauge(
    "samverkan_outbox_age_seconds", "Age of the oldest overdue pending event.", registry=metrics
)
failed_messages = Gauge(
    "samverkan_failed_messages", "Messages that wait for a new try.", registry=metrics
)
dead_messages = Gauge(
    "samverkan_dead_messages", "Messages that wait for a person.", registry=metrics
)
replica_age_seconds = Gauge(
    "samverkan_replica_age_seconds", "Seconds since the registry was last heard.", registry=metrics
)
broker_connected = Gauge(
    "samverkan_broker_connected", "Whether events can be published.", registry=metrics
)


def new_traceparent(share: float, incoming: str | None = None) -> str:
    """Continue a well-formed incoming trace, else begin one, sampled with probability `share`."""
    parts = (incoming or "").split("-")
    if _well_formed(parts):
        trace_id, flags = parts[1], parts[3]
    else:
        trace_id = _hex(128)
        flags = "01" if random.random() < share else "00"
    return f"00-{trace_id}-{_hex(64)}-{flags}"


def _hex(bits: int) -> str:
    # Ids of traces keep nothing secret; zero would be none at all.
    return f"{random.getrandbits(bits) or 1:0{bits // 4}x}"


def _well_formed(parts: list[str]) -> bool:
    lengths = [len(part) for part in parts]
    return (
        lengths == [2, 32, 16, 2]
        and parts[0] == "00"
        and all(_HEX.issuperset(part) for part in parts)
        and set(parts[1]) != {"0"}
    )


class Tracer:
    """Records sampled spans and sends them by OTLP; without an endpoint it records nothing."""

    def __init__(self, service: str, endpoint: str) -> None:
        self._tracer: Any = None
        if endpoint:
            self._tracer = _otlp_tracer(service, endpoint)

    @contextmanager
    def span(self, name: str, traceparent: str) -> Iterator[None]:
        """One step of a trace; `name` is a route template or an event type."""
        if self._tracer is None or not traceparent.endswith("-01"):
            yield
            return
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        context = TraceContextTextMapPropagator().extract({"traceparent": traceparent})
        with self._tracer.start_as_current_span(name, context=context):
            yield


_current = Tracer("", "")


def use_tracer(tracer: Tracer) -> None:
    """Set the process's tracer (composition only)."""
    global _current
    _current = tracer


@contextmanager
def tracing_request(route: str, traceparent: str) -> Iterator[None]:
    """The work of one request."""
    token = chain.set(Chain(traceparent))
    try:
        with _current.span(route, traceparent):
            yield
    finally:
        chain.reset(token)


@contextmanager
def tracing_event(event: Event) -> Iterator[None]:
    """The work that one event sets off: commands issued in it belong to the first command's chain."""
    token = chain.set(Chain(event.traceparent, event.correlationid, event.id))
    try:
        with _current.span(event.type, event.traceparent):
            yield
        events_handled.labels(event.type).inc()
    finally:
        chain.reset(token)


def configure_logging(service: str) -> None:
    """JSON lines on stdout; the libraries' own warnings join them."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _place_of_exception,
            _with_service(service),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_ToStructlog()], force=True)
    for chatty in ("aio_pika", "aiormq", "pymongo"):
        # Their reconnecting is told by our own lines; theirs carry URLs.
        logging.getLogger(chatty).setLevel(logging.CRITICAL)


def fault_in_words(fault: BaseException) -> str:
    """What kind of fault and where. Never what it says: messages of exceptions quote people's data."""
    frames = traceback.extract_tb(fault.__traceback__)[-FRAMES_LOGGED:]
    where = " < ".join(
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames)
    )
    inner = f" [{fault_in_words(fault.exceptions[0])}]" if isinstance(fault, ExceptionGroup) else ""
    return f"{type(fault).__name__} at {where or 'no frame'}{inner}"


def _place_of_exception(
    _: Any, __: str, event: structlog.types.EventDict
) -> structlog.types.EventDict:
    given = event.pop("exc_info", None)
    fault = sys.exc_info()[1] if given is True else given
    if isinstance(fault, BaseException):
        event["exception"] = fault_in_words(fault)
    return event


def _with_service(service: str) -> structlog.types.Processor:
    def add(_: Any, __: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        event["service"] = service
        current = chain.get()
        if current is not None:
            event["trace"] = current.traceparent[3:35]
        return event

    return add


class _ToStructlog(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        getattr(structlog.get_logger(), level)(
            "library", logger=record.name, message=record.getMessage()[:500]
        )


def _otlp_tracer(service: str, endpoint: str) -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": f"samverkan-{service}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    return provider.get_tracer("samverkan")
