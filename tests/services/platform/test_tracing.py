"""Traces from a mutation to its file, over processes; and nothing at all where nobody wants them."""

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from structlog.testing import capture_logs

from errors import BadInputError
from models.enums import ArtifactKind, AttemptState, JobStatus, MediaKind
from models.generation import Attempt
from models.jobs import TRACE_PARENT, Job
from providers.pooled import FaultKind, TaskPhase
from services.generation.attempts import claim_steps
from services.generation.polling import claim_accounts, poll_step
from services.generation.submitting import submit_step
from services.generation.telemetry import attempt_span
from services.platform.tracing import is_tracing, job_span, record_past, recording_to, span, tracing
from services.queue.leases import claim
from services.worker.scheduling import schedule
from tests.factories import make_build, make_job
from tests.pool_factories import FakeUpstream, fault, make_account, make_due, make_generation, upstream
from tests.web.conftest import MakeSettings, client_of, make_settings

__all__ = ["make_settings", "upstream"]


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What was recorded, of spans that have ended."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with recording_to(provider):
        yield exporter


def by_name(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {each.name: each for each in exporter.get_finished_spans()}


def parent_of(each: ReadableSpan) -> int | None:
    return each.parent.span_id if each.parent is not None else None


def id_of(each: ReadableSpan) -> int:
    assert each.context is not None
    return each.context.span_id


def trace_of(each: ReadableSpan) -> int:
    assert each.context is not None
    return each.context.trace_id


# ---------------------------------------------------------------- off


async def test_without_a_collector_nothing_is_recorded(database: None) -> None:
    assert not is_tracing()
    with span("a"), job_span("b", "00-" + "a" * 32 + "-" + "b" * 16 + "-01"):
        assert TRACE_PARENT.get() is None
        assert (await make_job()).trace_parent is None
    record_past("c", None, 1, 2)
    assert span("a") is span("b")  # not even an object is made


async def test_the_variables_are_opentelemetrys_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    async with tracing():
        assert not is_tracing()


async def test_without_the_package_a_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with capture_logs() as lines:
        async with tracing():
            assert not is_tracing()
    assert [(line["event"], line["install"]) for line in lines] == [
        ("tracing.package_missing", "pip install ekonte[otel]")
    ]


async def test_a_trace_that_the_sampler_leaves_out_is_not_stored_with_jobs(database: None) -> None:
    with recording_to(TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)), span("a"):
        assert (await make_job()).trace_parent is None


# ---------------------------------------------------------------- on


async def test_spans_are_nested_and_errors_show_without_their_words(spans: InMemorySpanExporter) -> None:
    def refuse() -> None:
        with span("outer", kind="x"):
            with span("inner"):
                pass
            raise BadInputError("sessionid=fedcba9876543210")

    with pytest.raises(BadInputError):
        refuse()
    found = by_name(spans)
    assert parent_of(found["inner"]) == id_of(found["outer"])
    assert dict(found["outer"].attributes or {}) == {"ekonte.kind": "x"}
    assert (found["outer"].status.is_ok, found["outer"].status.description) == (False, "BadInputError")
    assert found["outer"].events == ()
    assert "fedcba" not in found["outer"].to_json()


async def test_work_in_another_process_belongs_to_the_trace_of_the_request(
    either_database: str, spans: InMemorySpanExporter
) -> None:
    with span("graphql mutation"):
        stage = await make_job()
    build_parent = (await Job.get(id=stage.id)).trace_parent
    # A worker, which knows only the row:
    with job_span("job stage", build_parent, job=stage.global_id):
        build = await make_build(stage, ArtifactKind.PICTURE, 1)
    with job_span("job build", (await Job.get(id=build.id)).trace_parent):
        pass
    found = by_name(spans)
    assert len({trace_of(each) for each in found.values()}) == 1
    assert parent_of(found["job stage"]) == id_of(found["graphql mutation"])
    assert parent_of(found["job build"]) == id_of(found["job stage"])


async def test_a_job_of_before_tracing_has_no_span(spans: InMemorySpanExporter) -> None:
    with job_span("job build", None):
        assert TRACE_PARENT.get() is None
    assert spans.get_finished_spans() == ()


async def test_a_mutation_over_http_is_a_span(spans: InMemorySpanExporter, make_settings: MakeSettings) -> None:
    async with client_of(make_settings()) as client:
        await client.post("/graphql", json={"query": "mutation Count { count }"})
        await client.post("/graphql", json={"query": "{ hello"})  # nothing runs
    assert [each.name for each in spans.get_finished_spans()] == ["graphql mutation Count"]


async def test_a_generation_is_traced_from_the_request_to_its_result(
    database: None, upstream: FakeUpstream, spans: InMemorySpanExporter
) -> None:
    await make_account()
    with span("graphql mutation"):
        job = await make_generation()
    await schedule(MediaKind.IMAGE)
    for step in await claim_steps(AttemptState.PLACED, 5, 30):
        async with attempt_span("generation submit", step.attempt):
            await submit_step(step)
    upstream.finish()
    await make_due()
    for claimed in await claim_accounts(5):
        await poll_step(claimed)
    attempt = await Attempt.get(job_id=job.id)
    async with attempt_span("generation finish", attempt):
        pass
    found = by_name(spans)
    request = found["graphql mutation"]
    for name in ("generation submit", "generation upstream", "generation finish"):
        assert parent_of(found[name]) == id_of(request), name
        assert (found[name].attributes or {})["ekonte.attempt"] == attempt.global_id
    assert parent_of(found["upstream submit"]) == id_of(found["generation submit"])
    past = found["generation upstream"]
    assert past.start_time == (attempt.accepted_at_ms or 0) * 1_000_000
    assert past.end_time == (attempt.done_at_ms or 0) * 1_000_000


async def test_a_task_that_failed_upstream_is_a_span_too(
    database: None, upstream: FakeUpstream, spans: InMemorySpanExporter
) -> None:
    await make_account()
    with span("graphql mutation"):
        await make_generation()
    await schedule(MediaKind.IMAGE)
    for step in await claim_steps(AttemptState.PLACED, 5, 30):
        await submit_step(step)
    upstream.finish(TaskPhase.FAILED, fault(FaultKind.CONTENT_REJECTED))
    await make_due()
    for claimed in await claim_accounts(5):
        await poll_step(claimed)
    past = by_name(spans)["generation upstream"]
    assert (past.attributes or {})["ekonte.outcome"] == "CONTENT_REJECTED"


async def test_a_worker_traces_the_jobs_that_it_does(database: None, spans: InMemorySpanExporter) -> None:
    from services.worker.job_source import JobSource
    from settings import get_settings

    async def nothing(*_: Any) -> None: ...

    with span("graphql mutation"):
        stage = await make_job(status=JobStatus.RUNNING, due_at_ms=1)
    claimed = await claim(stage.queue, "worker", 30)
    assert claimed is not None
    await JobSource(stage.queue, stage.role, "worker", get_settings(), nothing).do(claimed)
    found = by_name(spans)
    assert parent_of(found["job stage"]) == id_of(found["graphql mutation"])
    assert (found["job stage"].attributes or {})["ekonte.job"] == stage.global_id


async def test_spans_are_sent_to_the_collector_before_the_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    received: list[tuple[str, bytes]] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector) as collector:
        thread = threading.Thread(target=collector.serve_forever)
        thread.start()
        try:
            monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}")
            monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
            async with tracing():
                assert is_tracing()
                with span("graphql mutation"):
                    pass
        finally:
            collector.shutdown()
            thread.join()
    assert not is_tracing()
    assert [path for path, _ in received] == ["/v1/traces"]
    assert b"graphql mutation" in received[0][1]
    assert b"ekonte" in received[0][1]
