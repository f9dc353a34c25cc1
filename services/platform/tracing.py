"""Traces from a mutation to its file, for OpenTelemetry: `pip install ekonte[otel]` and OTEL_EXPORTER_OTLP_ENDPOINT.

Jobs store the context of the span in which they are created (Job.trace_parent), so that the work of other processes on
them joins the same trace. Without the package or the variable nothing is recorded, at no cost.
"""

import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import structlog

from models.jobs import TRACE_PARENT
from services.platform.runtime import runtime
from services.platform.version import VERSION

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

log = structlog.get_logger(__name__)

ENDPOINT_VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
SERVICE_NAME = "ekonte"
FLUSH_SECONDS = 2.0

_NOTHING: contextlib.AbstractContextManager[None] = contextlib.nullcontext()


def is_tracing() -> bool:
    return runtime().tracer is not None


def span(name: str, **attributes: str | int) -> contextlib.AbstractContextManager[None]:
    """Records the block as a child of the current span. Attributes hold ids and names, never contents."""
    return _recorded(name, None, attributes) if is_tracing() else _NOTHING


def job_span(name: str, trace_parent: str | None, **attributes: str | int) -> contextlib.AbstractContextManager[None]:
    """As `span`, for work on a job: a child of the span in which the job was created; records nothing if there was
    none.
    """
    return _recorded(name, trace_parent, attributes) if is_tracing() and trace_parent is not None else _NOTHING


def record_past(name: str, trace_parent: str | None, from_ms: int, to_ms: int, **attributes: str | int) -> None:
    """Records a span that is over, as a child of the span in which its job was created. Times in milliseconds since
    1970.
    """
    tracer = runtime().tracer
    if tracer is not None and trace_parent is not None:
        past = tracer.start_span(
            name, _context_of(trace_parent), start_time=from_ms * 1_000_000, attributes=_named(attributes)
        )
        past.end(max(from_ms, to_ms) * 1_000_000)


@contextlib.contextmanager
def _recorded(name: str, parent: str | None, attributes: dict[str, str | int]) -> Iterator[None]:
    from opentelemetry.trace import StatusCode

    tracer = runtime().tracer
    assert tracer is not None
    context = None if parent is None else _context_of(parent)
    # An error's message may quote user data, so only its class is recorded.
    with tracer.start_as_current_span(
        name, context, attributes=_named(attributes), record_exception=False, set_status_on_exception=False
    ) as current:
        token = TRACE_PARENT.set(_text_of(current.get_span_context()))
        try:
            yield
        except Exception as error:
            current.set_status(StatusCode.ERROR, type(error).__name__)
            raise
        finally:
            TRACE_PARENT.reset(token)


def _named(attributes: dict[str, str | int]) -> dict[str, str | int]:
    return {f"ekonte.{name}": value for name, value in attributes.items()}


def _text_of(context: Any) -> str | None:
    """Returns the W3C header `traceparent`; None for a span that the sampler dropped."""
    if not context.is_valid or not context.trace_flags.sampled:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-01"


def _context_of(parent: str) -> Any:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": parent})


# ---------------------------------------------------------------- setup


@contextlib.asynccontextmanager
async def tracing() -> AsyncIterator[None]:
    """Records and exports spans while the context is open, if the environment configures an endpoint; otherwise does
    nothing.
    """
    provider = _provider()
    if provider is None:
        yield
        return
    with recording_to(provider):
        log.info("tracing.started")
        try:
            yield
        finally:
            with anyio.move_on_after(FLUSH_SECONDS, shield=True):
                await anyio.to_thread.run_sync(provider.shutdown, abandon_on_cancel=True)


@contextlib.contextmanager
def recording_to(provider: "TracerProvider") -> Iterator[None]:
    """Sends spans to this provider, without making it the process's global one, which libraries may use."""
    traced = runtime()
    traced.tracer = provider.get_tracer("ekonte", VERSION)
    try:
        yield
    finally:
        traced.tracer = None


def _provider() -> "TracerProvider | None":
    if not any(os.environ.get(name) for name in ENDPOINT_VARIABLES):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("tracing.package_missing", required_by=ENDPOINT_VARIABLES[0], install="pip install ekonte[otel]")
        return None
    names = {"service.version": VERSION}
    if not os.environ.get("OTEL_SERVICE_NAME"):
        names["service.name"] = SERVICE_NAME
    provider = TracerProvider(resource=Resource.create(names))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
