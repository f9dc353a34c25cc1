"""What one caller can do to the others: `python -m bench.attacks [NAME …]`.

A server with batches of 12 and 100 pictures is sent one expensive request after another. The table says how each was
answered, for how long /healthz was silent meanwhile, and how much memory the server took at most.
"""

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

REPOSITORY = Path(__file__).resolve().parent.parent
PROBE_SECONDS = 0.01
PATIENCE_SECONDS = 120
CREATE = """mutation Create($input: CreateImageBatchInput!) { createImageBatch(input: $input) { batch { id } } }"""

Body = Mapping[str, Any]


def nested(cycles: int, inner: str = "id") -> str:
    """jobs of a batch, the batch of each, its jobs, …"""
    return "batch{jobs(first:100){nodes{" * cycles + inner + "}}}" * cycles


def batch(batch_id: str, inner: str) -> Body:
    return {"query": f'{{batch(id:"{batch_id}"){inner.removeprefix("batch")}}}'}


def nodes(count: int) -> Body:
    ids = [f"job_{number}" for number in range(count)]
    return {"query": "query Q($ids: [ID!]!) { nodes(ids: $ids) { id } }", "variables": {"ids": ids}}


def items(count: int, prompt: str = "a fox") -> dict[str, Any]:
    pictures = [{"storyboardId": f"s{number}", "prompt": prompt} for number in range(count)]
    return {"projectId": "p", "workId": "w", "items": pictures}


def aliases_of_nodes() -> Body:
    fields = " ".join(f"a{number}: nodes(ids: $ids) {{ id }}" for number in range(99))
    return {**nodes(1000), "query": f"query Q($ids: [ID!]!) {{ {fields} }}"}


def unknown_fields(count: int) -> Body:
    fields = " ".join(f"field{number}: 1" for number in range(count))
    return {"query": f"mutation {{ createImageBatch(input: {{ {fields} }}) {{ batch {{ id }} }} }}"}


def circular_introspection() -> Body:
    return {"query": "{__schema{types{" + "fields{type{" * 7 + "name" + "}}" * 7 + "}}}"}


def attacks(batch_id: str, large_batch_id: str) -> dict[str, Callable[[], Body | bytes]]:
    """The body of each attack by its name; they are made when they are sent."""
    mega = 1024 * 1024
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    many_errors = {**items(1000), "items": [{"storyboardId": 1, "prompt": 2, "ratio": 3}] * 1000}
    return {
        "four cycles of batch and jobs": lambda: batch(batch_id, nested(4)),
        "five cycles of batch and jobs": lambda: batch(batch_id, nested(5)),
        "190 aliases of 100 jobs": lambda: {
            "query": "{jobs(first:100){nodes{" + " ".join(f"a{n}:id" for n in range(190)) + "}}}"
        },
        "as much as is allowed, nested": lambda: batch(
            large_batch_id, "batch{jobs(first:100){nodes{batch{jobs(first:50){nodes{id type status batch{id}}}}}}}"
        ),
        "as much as is allowed, 45 times the same jobs": lambda: {
            "query": "{"
            + " ".join(f"a{n}:jobs(first:100){{nodes{{id type status createdAt batch{{id}}}}}}" for n in range(45))
            + "}"
        },
        "two cycles of batch and jobs": lambda: batch(batch_id, nested(2)),
        "3,000 unknown input fields": lambda: unknown_fields(3000),
        "150,000 items of a batch": lambda: {"query": CREATE, "variables": {"input": items(150_000)}},
        "1,000 items with three faults each": lambda: {"query": CREATE, "variables": {"input": many_errors}},
        "a million ids of nodes": lambda: nodes(1_000_000),
        "99 aliases of 1,000 nodes": aliases_of_nodes,
        "a block string of 10 MB": lambda: {"query": '{ job(id: """' + "a\\n " * (10 * mega // 4) + '""") { id } }'},
        "15 MB of commas": lambda: {"query": "," * (15 * mega) + "{ job(id: 1) { id } }"},
        "15 MB of comments": lambda: {"query": "#\n" * (15 * mega // 2) + "{ job(id: 1) { id } }"},
        "an unterminated string of 15 MB": lambda: {"query": '{ job(id: "' + "a" * (15 * mega)},
        "10,000 tokens": lambda: {"query": "{ jobs { nodes { " + "id " * 9_980 + "} } }"},
        "64 kB of a block string": lambda: {"query": '{ job(id: """' + "\n a" * 21_000 + '""") { id } }'},
        "a variable of 900 levels": lambda: {"query": CREATE, "variables": {"input": deep}},
        "16 MB of empty lists": lambda: b'{"query":"{me{id}}","variables":{"a":[' + b"[]," * (5 * mega) + b"[]]}}",
        "circular introspection": circular_introspection,
        "99 times the whole schema": lambda: {
            "query": "{" + " ".join(f"a{n}:__schema{{types{{name fields{{name}}}}}}" for n in range(99)) + "}"
        },
    }


@dataclass(frozen=True)
class Outcome:
    answer: str
    seconds: float
    silence_seconds: float
    peak_bytes: int


class Server:
    """A running server."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.pid = process.pid
        address = urlsplit(url)
        self._host, self._port = str(address.hostname), int(address.port or 0)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._host, self._port, timeout=PATIENCE_SECONDS)

    def post(self, body: Body | bytes) -> tuple[int, bytes]:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        with contextlib.closing(self.connect()) as connection:
            connection.request("POST", "/graphql", content, {"content-type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()

    def new_batch(self, pictures: int) -> str:
        _, content = self.post({"query": CREATE, "variables": {"input": {**items(pictures), "workId": f"w{pictures}"}}})
        batch_id: str = json.loads(content)["data"]["createImageBatch"]["batch"]["id"]
        return batch_id

    def try_out(self, body: Body | bytes) -> Outcome:
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")  # the peak begins anew
        longest, stop = [0.0], threading.Event()
        prober = threading.Thread(target=self._probe, args=(longest, stop))
        prober.start()
        time.sleep(0.2)
        began = time.perf_counter()
        try:
            status, content = self.post(body)
            answer = f"{status}, {len(content):,} bytes{_code(content)}"
        except OSError as error:
            answer = type(error).__name__
        seconds = time.perf_counter() - began
        time.sleep(0.2)
        stop.set()
        prober.join()
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        return Outcome(answer, seconds, longest[0], int(found.group(1)) * 1024 if found else 0)

    def _probe(self, longest: list[float], stop: threading.Event) -> None:
        with contextlib.closing(self.connect()) as connection:
            while not stop.is_set():
                began = time.perf_counter()
                connection.request("GET", "/healthz")
                connection.getresponse().read()
                longest[0] = max(longest[0], time.perf_counter() - began)
                time.sleep(PROBE_SECONDS)


def _code(content: bytes) -> str:
    with contextlib.suppress(ValueError, KeyError, IndexError, TypeError):
        return f", {json.loads(content)['errors'][0]['extensions']['code']}"
    return ""


@contextlib.contextmanager
def running() -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EKONTE_")}
        environment = {**kept, "EKONTE_DATA_DIR": folder, "EKONTE_LOG_LEVEL": "ERROR", "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(
            [sys.executable, str(REPOSITORY / "server.py"), "--port", "0", "--no-worker"],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            found = None
            while found is None:
                line = process.stdout.readline()
                if not line:
                    raise RuntimeError("the server did not start")
                found = re.search(r"(http://\S+)/graphql", line)
            yield Server(process, found.group(1))
        finally:
            process.terminate()
            process.wait(timeout=30)


def main(names: list[str]) -> None:
    with running() as server:
        batch_id, large_batch_id = server.new_batch(12), server.new_batch(100)
        server.post(batch(batch_id, nested(1)))
        print("| request | answer | s | /healthz silent, s | peak, MB |\n| --- | --- | --- | --- | --- |")
        for name, make in attacks(batch_id, large_batch_id).items():
            if not names or any(part in name for part in names):
                outcome = server.try_out(make())
                print(
                    f"| {name} | {outcome.answer} | {outcome.seconds:.2f} | {outcome.silence_seconds:.2f} "
                    f"| {outcome.peak_bytes / 1e6:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main(sys.argv[1:])
