"""Multipart uploads: the multipart request specification, limits, and the required header."""

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.web.conftest import MakeSettings, client_of
from tests.web.processes import RunningServer

ONE = {"query": "mutation($file: Upload!) { upload(file: $file) }", "variables": {"file": None}}
PREFLIGHT = {"graphql-require-preflight": "1"}


def form(operations: Any, places: Any, **files: bytes) -> dict[str, Any]:
    return {
        "operations": (None, json.dumps(operations)),
        "map": (None, json.dumps(places)),
        **{name: (f"{name}.txt", content) for name, content in files.items()},
    }


@pytest.mark.parametrize("header", ["GraphQL-Require-Preflight", "Apollo-Require-Preflight", "X-Requested-With"])
async def test_a_file_arrives_whole(client: httpx.AsyncClient, header: str) -> None:
    content = bytes(range(256)) * 10_000
    response = await client.post(
        "/graphql", files=form(ONE, {"f": ["variables.file"]}, f=content), headers={header: "x"}
    )
    digest = hashlib.sha256(content).hexdigest()
    assert response.json()["data"] == {"upload": f"f.txt {len(content)} {digest}"}


async def test_files_go_into_lists(client: httpx.AsyncClient) -> None:
    operations = {"query": "mutation($f: [Upload!]!) { uploads(files: $f) }", "variables": {"f": [None, None]}}
    files = form(operations, {"a": ["variables.f.0"], "b": ["variables.f.1"]}, a=b"1", b=b"2")
    response = await client.post("/graphql", files=files, headers=PREFLIGHT)
    assert response.json()["data"] == {"uploads": 2}


async def test_without_a_header_that_forces_a_preflight_it_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", files=form(ONE, {"f": ["variables.file"]}, f=b"x"))
    empty = await client.post(
        "/graphql", files=form(ONE, {"f": ["variables.file"]}, f=b"x"), headers={"x-requested-with": ""}
    )
    assert response.status_code == empty.status_code == 400
    assert "data" not in response.json()


@pytest.mark.parametrize(
    ("operations", "places"),
    [
        (ONE, {"missing": ["variables.file"]}),
        (ONE, {"f": ["variables.file.deeper"]}),
        (ONE, {"f": ["nowhere.file"]}),
        (ONE, {"f": 5}),
        (ONE, {"f": [5]}),
        (ONE, ["f"]),
        ([ONE], {"f": ["0.variables.file"]}),
        ("text", {}),
        (ONE, {"f": ["query"]}),
        ({"query": ONE["query"], "variables": {"file": [None]}}, {"f": ["variables.file.9"]}),
    ],
)
async def test_a_map_that_does_not_fit_is_bad_input(client: httpx.AsyncClient, operations: Any, places: Any) -> None:
    response = await client.post("/graphql", files=form(operations, places, f=b"x"), headers=PREFLIGHT)
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_body_that_is_no_multipart_is_bad_input(client: httpx.AsyncClient) -> None:
    for content_type in ("multipart/form-data", "multipart/form-data; boundary=x"):
        response = await client.post("/graphql", content=b"hello", headers={**PREFLIGHT, "content-type": content_type})
        assert response.status_code == 400
        assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_file_over_the_limit_is_too_large_and_one_at_the_limit_is_not(make_settings: MakeSettings) -> None:
    async with client_of(make_settings(max_upload_bytes=100_000)) as client:
        files = form(ONE, {"f": ["variables.file"]}, f=b"x" * 100_000)
        fitting = await client.post("/graphql", files=files, headers=PREFLIGHT)
        files = form(ONE, {"f": ["variables.file"]}, f=b"x" * 100_001)
        larger = await client.post("/graphql", files=files, headers=PREFLIGHT)
    assert fitting.status_code == 200
    assert larger.status_code == 413
    error = larger.json()["errors"][0]
    assert (error["extensions"]["code"], error["extensions"]["number"]) == ("FILE_TOO_LARGE", 40003)


async def test_many_small_files_are_bounded_together(make_settings: MakeSettings) -> None:
    files = form(ONE, {}, **{f"f{i}": b"x" * 1000 for i in range(20)})
    request = httpx.Request("POST", "http://localhost", files=files)
    content = request.read()

    async def in_pieces() -> AsyncIterator[bytes]:
        # sent without Content-Length, so that the bytes have to be counted
        for at in range(0, len(content), 500):
            yield content[at : at + 500]

    headers = {**PREFLIGHT, "content-type": request.headers["content-type"]}
    async with client_of(make_settings(max_request_bytes=5_000)) as client:
        declared = await client.post("/graphql", content=content, headers=headers)
        counted = await client.post("/graphql", content=in_pieces(), headers=headers)
    assert declared.status_code == counted.status_code == 413
    assert counted.json()["errors"][0]["extensions"]["code"] == "FILE_TOO_LARGE"


def test_a_client_that_sends_far_too_much_still_reads_the_refusal(open_server: RunningServer) -> None:
    files = form(ONE, {"f": ["variables.file"]}, f=b"x" * (60 * 1024 * 1024))
    response = httpx.post(open_server.graphql, files=files, headers=PREFLIGHT, timeout=30)
    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"]["code"] == "FILE_TOO_LARGE"
