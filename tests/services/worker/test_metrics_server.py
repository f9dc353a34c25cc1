"""The listener on EKONTE_METRICS_PORT: only /metrics, and no harm where its port is taken."""

import socket
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from errors import ConfigurationError
from services.worker.metrics_server import serving_metrics
from settings import Settings


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield int(listening.getsockname()[1])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_with(port: int | None) -> Settings:
    return Settings(_env_file=None, metrics_port=port)


async def test_it_answers_metrics_and_nothing_else() -> None:
    port = free_port()
    async with serving_metrics(settings_with(port), is_needed=True), httpx.AsyncClient() as client:
        base = f"http://127.0.0.1:{port}"
        answer = await client.get(f"{base}/metrics")
        head = await client.head(f"{base}/metrics")
        others = [await client.get(f"{base}{path}") for path in ("/", "/graphql", "/metrics/", "/healthz")]
        posted = await client.post(f"{base}/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    names = {family.name for family in text_string_to_metric_families(answer.text)}
    assert {"ekonte_build_info", "process_cpu_seconds", "ekonte_jobs_ended"} <= names
    assert (head.status_code, head.content) == (200, b"")
    assert [other.status_code for other in [*others, posted]] == [404] * 5
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{base}/metrics")


async def test_a_worker_goes_on_where_another_has_the_port(taken: int) -> None:
    with capture_logs() as lines:
        async with serving_metrics(settings_with(taken), is_needed=False):
            pass
    assert [line["event"] for line in lines] == ["metrics.listen_failed"]


async def test_a_server_says_that_the_port_is_taken(taken: int) -> None:
    with pytest.raises(ConfigurationError, match=f"^EKONTE_METRICS_PORT: cannot listen on 127.0.0.1 port {taken}"):
        async with serving_metrics(settings_with(taken), is_needed=True):
            raise AssertionError("it listens")


async def test_without_a_port_nothing_listens() -> None:
    with capture_logs() as lines:
        async with serving_metrics(settings_with(None), is_needed=True):
            pass
    assert lines == []
