"""Documents beyond and within the limits."""

import httpx
import pytest
from graphql import Lexer, Source, TokenKind, get_introspection_query, parse

from errors import BadInputError, QueryTooComplexError
from web.graphql_limits import Limits, check_document, check_text

MANY = {
    "aliases": "{ leaf { " + " ".join(f"a{i}: text" for i in range(201)) + " } }",
    "many aliases": "{ " + " ".join(f"a{i}: hello" for i in range(20_000)) + " }",
    "tokens": "{ hello } " + "# \n" + "query A { hello } " * 1_100,
    "depth": "{ leaf " * 21 + "{ text }" + " }" * 21,
    "brackets": "{ hello(name: " + "[" * 200,
    "directives": "{ hello " + "@skip(if: false) " * 51 + "}",
    "fields": "{ leaf { " + " ".join(f"... on Leaf {{ text{i} }}" for i in range(1_501)) + " } }",
    "repeated fields": "{ leaf { " + "leaf { text } " * 500 + "} }",
    "root fields": "{ " + "hello " * 101 + "}",
    "fragments": "{ hello } " + " ".join(f"fragment F{i} on Leaf {{ text }}" for i in range(101)),
    "fragments that multiply": (
        "{ leaf { ...A } } fragment A on Leaf { "
        + "...B " * 50
        + "} fragment B on Leaf { "
        + "...C " * 50
        + "} fragment C on Leaf { text }"
    ),
    "a chain of fragments": (
        "{ leaf { ...F0 } } "
        + " ".join(f"fragment F{i} on Leaf {{ ... {{ ... {{ ...F{i + 1} }} }} }}" for i in range(60))
        + " fragment F60 on Leaf { text }"
    ),
}


@pytest.mark.parametrize("query", MANY.values(), ids=MANY.keys())
async def test_a_document_over_a_limit_is_refused_as_too_complex(client: httpx.AsyncClient, query: str) -> None:
    response = await client.post("/graphql", json={"query": query})
    error = response.json()["errors"][0]
    assert response.status_code == 400
    assert (error["extensions"]["code"], error["extensions"]["number"]) == ("QUERY_TOO_COMPLEX", 40004)


async def test_limits_hold_for_streams_and_get_too(client: httpx.AsyncClient) -> None:
    streamed = await client.post("/graphql", json={"query": MANY["aliases"]}, headers={"accept": "text/event-stream"})
    got = await client.get("/graphql", params={"query": MANY["aliases"]})
    # A client that takes a stream only reads errors of its operation there.
    assert (streamed.status_code, got.status_code) == (200, 400)
    assert streamed.text.startswith("event: next\ndata: ")
    assert "QUERY_TOO_COMPLEX" in streamed.text
    assert "QUERY_TOO_COMPLEX" in got.text


async def test_the_introspection_query_of_tools_is_within_the_limits(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json={"query": get_introspection_query(input_value_deprecation=True)})
    assert response.json()["data"]["__schema"]["queryType"]["name"] == "Query"


def test_what_is_just_within_a_limit_passes() -> None:
    limits = Limits(tokens=8, depth=2, fields=2, aliases=1)
    document = "{ a: leaf { text } }"
    check_text(document, limits)
    check_document(parse(document), limits)
    with pytest.raises(QueryTooComplexError):
        check_text(document, Limits(tokens=7))
    for tighter in (Limits(depth=1), Limits(fields=1), Limits(aliases=0)):
        with pytest.raises(QueryTooComplexError):
            check_document(parse(document), tighter)


def test_fragments_count_wherever_they_are_spread() -> None:
    document = parse("{ leaf { ...T } other: leaf { ...T } } fragment T on Leaf { a: text }")
    # leaf, other and two times text in the operation, and text in the fragment definition
    check_document(document, Limits(fields=5, aliases=4))
    with pytest.raises(QueryTooComplexError):
        check_document(document, Limits(fields=4))
    with pytest.raises(QueryTooComplexError):
        check_document(document, Limits(aliases=3))


def test_a_fragment_that_spreads_itself_is_refused() -> None:
    with pytest.raises(BadInputError):
        check_document(parse("{ leaf { ...A } } fragment A on Leaf { leaf { ...A } }"), Limits())


def test_long_texts_are_refused_before_they_are_read() -> None:
    for filler in (",", " ", "#", "\n", "{ a }", '"', '"""', "\ufeff"):
        with pytest.raises(QueryTooComplexError, match="characters"):
            check_text("{ hello }" + filler * 100_000, Limits())


def test_tokens_are_counted_as_the_parser_counts_them() -> None:
    document = '''query ($a: [Int!] = [1, -2.5e3]) { # { [ (
        hello(name: "{[( \\" \\\\", x: """ { "" \\""" \\ ( """, y: "") ...F @skip(if: true) } fragment F on Q { a }'''
    lexer, count = Lexer(Source(document)), 0
    while lexer.advance().kind is not TokenKind.EOF:
        count += 1
    check_text(document, Limits(tokens=count, nesting=3, directives=1))
    for tighter in (Limits(tokens=count - 1), Limits(nesting=1), Limits(directives=0)):
        with pytest.raises(QueryTooComplexError):
            check_text(document, tighter)


async def test_an_invalid_document_stays_invalid_when_asked_again(client: httpx.AsyncClient) -> None:
    answers = [await client.post("/graphql", json={"query": "{ nope }"}) for _ in range(3)]
    assert {answer.json()["errors"][0]["message"] for answer in answers} == {
        "Cannot query field 'nope' on type 'Query'."
    }
    assert len({answer.json()["errors"][0]["extensions"]["requestId"] for answer in answers}) == 3
