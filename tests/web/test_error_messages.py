"""Messages name what is wrong, and quote no values."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from graphql import GraphQLError, execute_sync, parse, validate

from resolvers import schema
from tests.web.conftest import MakeSettings, client_of
from web.error_messages import MAX_MESSAGE_CHARACTERS, without_values

SECRET = "5f2c8e77aab3"
CREATE = "mutation ($input: CreateAccountsInput!) { createAccounts(input: $input) { accounts { id } } }"

VARIABLES: list[Any] = [
    {"accounts": [{"name": "x", "sesionId": SECRET}]},
    {"accounts": [{"name": "x", "sessionId": {"a": SECRET}}]},
    {"accounts": [{"name": "x", "sessionId": [SECRET]}]},
    {"accounts": [{"name": "x", "sessionId": "y", "type": SECRET}]},
    {"accounts": [{"name": "x", "sessionId": "y", "type": {"a": SECRET}}]},
    {"accounts": [{"name": "x", "sessionId": "y", "priority": SECRET}]},
    {"accounts": SECRET},
    SECRET,
    {"sessionId": SECRET, "accounts": []},
    {"accounts": [{"name": "x", "sessionId": SECRET, f"found: {{'{SECRET}'": 1}]},
]
LITERALS = [
    f'mutation {{ createAccounts(input: {{ accounts: [{{ name: "x", sesionId: "{SECRET}" }}] }}) {{ failedCount }} }}',
    f'mutation {{ createAccounts(input: {{ accounts: [{{ sessionId: "{SECRET}" }}] }}) {{ accounts {{ id }} }} }}',
    f'mutation {{ createAccounts(input: {{ accounts: "{SECRET}" }}) {{ accounts {{ id }} }} }}',
    f'mutation {{ createAccounts(input: "{SECRET}") {{ accounts {{ id }} }} }}',
    f'{{ jobs(first: "{SECRET}") {{ nodes {{ id }} }} }}',
    f'{{ jobs(filter: {{ status: ["{SECRET}"] }}) {{ nodes {{ id }} }} }}',
    f'{{ nodes(ids: [{{ a: "{SECRET}" }}]) {{ id }} }}',
    f'{{ me @skip(if: "{SECRET}") {{ id }} }}',
    f'{{ me "{SECRET}" {{ id }} }}',
    f'{{ job(id: "a" """{SECRET}""") {{ id }} }}',
    f'query ($n: Int = "{SECRET}") {{ jobs(first: $n) {{ nodes {{ id }} }} }}',
]


def messages_of_variables() -> Iterator[tuple[object, str]]:
    for value in VARIABLES[:-1]:
        result = execute_sync(schema._schema, parse(CREATE), variable_values={"input": value})
        for error in result.errors or ():
            yield value, error.message


def messages_of_literals() -> Iterator[tuple[str, str]]:
    for query in LITERALS:
        try:
            errors = validate(schema._schema, parse(query))
        except GraphQLError as error:
            errors = [error]
        for error in errors:
            yield query, error.message


def test_no_message_about_variables_or_literals_quotes_a_value() -> None:
    messages = [*messages_of_variables(), *messages_of_literals()]
    assert len(messages) >= len(VARIABLES) - 1 + len(LITERALS)
    assert any(SECRET in message for _, message in messages)
    for value, message in messages:
        assert SECRET not in without_values(message), (value, message)
        assert without_values(message).endswith((".", "?")), message


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "Variable '$i' has invalid value at .a[0]: Expected value of type 'A' not to include unknown field 'b'. "
            "Did you mean 'c'? Found: {'b': 'x'}.",
            "Variable '$i' has invalid value at .a[0]: Expected value of type 'A' not to include unknown field 'b'. "
            "Did you mean 'c'?",
        ),
        (
            "Expected value of type 'Date', but encountered error 'A Date is a day.'; found: 'x'.",
            "Expected value of type 'Date', but encountered error 'A Date is a day.'.",
        ),
        ("Int cannot represent non-integer value: 'x'", "Int cannot represent non-integer value."),
        ("Value 'x' does not exist in 'A' enum. Did you mean the enum value 'X'?", None),
        ("Syntax Error: Expected Name, found String 'x'.", "Syntax Error: Expected Name, found String."),
        ("Syntax Error: Expected Name, found '}'.", "Syntax Error: Expected Name, found '}'."),
        ("Cannot query field 'nope' on type 'Query'.", "Cannot query field 'nope' on type 'Query'."),
    ],
)
def test_names_types_and_places_stay(message: str, told: str | None) -> None:
    if told is None:
        told = "The value does not exist in 'A' enum. Did you mean the enum value 'X'?"
    assert without_values(message) == told


def test_a_message_has_a_bounded_length() -> None:
    assert len(without_values(f"Cannot query field '{'x' * 10_000}' on type 'Query'.")) == MAX_MESSAGE_CHARACTERS


async def test_ten_errors_are_told_and_then_that_there_are_more(client: httpx.AsyncClient) -> None:
    query = "{ " + " ".join(f"nope{number}" for number in range(50)) + " }"
    errors = (await client.post("/graphql", json={"query": query})).json()["errors"]
    assert len(errors) == 11
    assert errors[-1]["message"] == "There are more errors."
    assert errors[-1]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_of_faults_in_variables_ten_are_told_too(client: httpx.AsyncClient) -> None:
    query = "query ($c: [Colour!]!) { mix(colours: $c) }"
    for count, last in ((30, "And 20 more."), (1000, "And at least 40 more.")):
        response = await client.post("/graphql", json={"query": query, "variables": {"c": ["NOPE"] * count}})
        errors = response.json()["errors"]
        assert (len(errors), errors[-1]["message"]) == (11, last)
        assert "NOPE" not in response.text


async def test_a_hundred_errors_of_fields_are_told_and_the_number_of_the_rest(client: httpx.AsyncClient) -> None:
    query = "{ leaves(first: 100) { broken a: broken } }"
    answer = (await client.post("/graphql", json={"query": query})).json()
    assert len(answer["errors"]) == 101
    assert answer["errors"][-1]["message"] == "And 100 more."
    assert answer["data"]["leaves"][99] == {"broken": None, "a": None}


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ helo }", None),
        ("{ paint(colour: GREN) }", None),
        ("{ paint(color: GREEN) }", None),
        ("query ($c: Colour!) { paint(colour: $c) }", {"c": "GREN"}),
        ("query ($c: Colur!) { paint(colour: $c) }", {"c": "GREEN"}),
        ("{ ... on Quer { hello } }", None),
        ("{ hello @skp(if: true) }", None),
        ("query ($t: TintInput!) { tint(input: $t) }", {"t": {"colur": "GREEN"}}),
        ('{ tint(input: { colur: "GREEN" }) }', None),
    ],
)
async def test_without_introspection_no_message_suggests_names(
    make_settings: MakeSettings, query: str, variables: dict[str, Any] | None
) -> None:
    async with client_of(make_settings(introspection=False)) as client:
        response = await client.post("/graphql", json={"query": query, "variables": variables})
    errors = response.json()["errors"]
    assert errors
    for error in errors:
        assert "Did you mean" not in error["message"]
        assert "Allowed" not in error["message"]
        assert "GREEN" not in error["message"]
