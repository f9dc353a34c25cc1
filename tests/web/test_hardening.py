"""The checks of GraphQL auditing tools (graphql-cop and its kind), each as a request to a real server."""

import json
from collections.abc import Iterator

import httpx
import pytest
from graphql import get_introspection_query

from tests.web.processes import RunningServer, running_server

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with everything off that can be switched off."""
    switches = {"EKONTE_INTROSPECTION": "false", "EKONTE_GRAPHIQL": "false", "EKONTE_GET_QUERIES": "false"}
    with running_server(tmp_path_factory.mktemp("closed"), **switches) as server:
        yield server


def post(server: RunningServer, query: str, **request: object) -> httpx.Response:
    return httpx.post(server.graphql, json={"query": query, **request})


def code_of(response: httpx.Response) -> str:
    code: str = response.json()["errors"][0]["extensions"]["code"]
    return code


OVERLOADS = {
    "aliases": "{ " + " ".join(f"a{number}: __typename" for number in range(101)) + " }",
    "directives": "{ __typename " + "@aa" * 51 + " }",
    "the same field again and again": "{ " + "__typename " * 501 + "}",
    "circular introspection": "{ __schema { types " + "{ fields { type " * 3 + "{ name }" + " } }" * 3 + " } }",
    "the whole schema by several aliases": "{ "
    + " ".join(f"a{number}: __schema {{ types {{ name }} }}" for number in range(9))
    + " }",
    "fragments in a circle": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "depth": "{ leaf " * 30 + "{ text }" + " }" * 30,
    "items": "{ leaves(first: 100) { " + " ".join(f"a{n}: leaf {{ text a: text }}" for n in range(190)) + " } }",
}


@pytest.mark.parametrize("query", OVERLOADS.values(), ids=OVERLOADS.keys())
def test_an_overload_is_refused(open_server: RunningServer, query: str) -> None:
    response = post(open_server, query)
    assert code_of(response) in ("QUERY_TOO_COMPLEX", "BAD_USER_INPUT")
    assert response.json().get("data") is None


def test_an_array_of_operations_is_refused(open_server: RunningServer) -> None:
    response = httpx.post(open_server.graphql, json=[{"query": "{ __typename }"}] * 10)
    assert (response.status_code, code_of(response)) == (400, "BAD_USER_INPUT")


def test_get_never_runs_a_mutation_and_post_takes_no_form(open_server: RunningServer) -> None:
    by_get = httpx.get(open_server.graphql, params={"query": "mutation { count }"})
    by_form = httpx.post(open_server.graphql, content="query=mutation+%7B+count+%7D", headers=FORM)
    as_text = httpx.post(
        open_server.graphql, content='{"query":"mutation{count}"}', headers={"content-type": "text/plain"}
    )
    for response in (by_get, by_form, as_text):
        assert response.status_code >= 400
        assert "data" not in response.json()
    assert post(open_server, "mutation { count }").json()["data"] == {"count": 1}


def test_answers_hold_no_tracing_and_errors_no_stack(open_server: RunningServer) -> None:
    traced = httpx.post(open_server.graphql, json={"query": "{ __typename }"}, headers={"x-apollo-tracing": "1"})
    assert set(traced.json()["extensions"]) == {"cost"}
    broken = post(open_server, "{ broken }").json()["errors"][0]
    assert set(broken["extensions"]) == {"code", "number", "requestId"}
    assert "Traceback" not in broken["message"]


def test_switched_off_get_is_405_and_names_the_allowed_method(closed: RunningServer) -> None:
    response = httpx.get(closed.graphql, params={"query": "{ __typename }"})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert response.json()["errors"][0]["message"] == "This server takes no queries by GET; send a POST."
    assert post(closed, "{ hello }").json()["data"] == {"hello": "hello world"}


def test_switched_off_graphiql_is_nowhere(closed: RunningServer, open_server: RunningServer) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    assert "<html" in httpx.get(open_server.graphql, headers=browser).text
    page = httpx.get(closed.graphql, headers=browser)
    assert (page.status_code, page.headers["content-type"]) == (405, "application/json; charset=utf-8")
    root = httpx.get(closed.url, headers=browser)
    assert root.json()["graphql"] == "/graphql"


def test_switched_off_introspection_answers_nothing_about_the_schema(closed: RunningServer) -> None:
    for query in (
        get_introspection_query(),
        '{ __type(name: "Query") { name } }',
        "{ a: __schema { types { name } } }",
    ):
        response = post(closed, query)
        assert code_of(response) == "BAD_USER_INPUT"
        assert response.json().get("data") is None
    assert post(closed, "{ __typename }").json()["data"] == {"__typename": "Query"}
    assert "Did you mean" not in post(closed, "{ helo }").text


def test_a_list_of_files_has_a_bound(open_server: RunningServer) -> None:
    paths = ",".join(f'"variables.files.{number}"' for number in range(1001))
    query = "mutation ($files: [Upload!]!) { uploads(files: $files) }"
    operations = json.dumps({"query": query, "variables": {"files": [None] * 1001}})
    response = httpx.post(
        open_server.graphql,
        data={"operations": operations, "map": f'{{"0":[{paths}]}}'},
        files={"0": ("a.txt", b"a")},
        headers={"x-requested-with": "test"},
    )
    assert (response.status_code, code_of(response)) == (400, "BAD_USER_INPUT")
