"""Presentation of errors, and what callers must not see."""

import logging

import httpx
import pytest
from graphql import GraphQLError

from errors import (
    ERROR_NUMBERS,
    BadInputError,
    ConflictError,
    EkonteError,
    FileTooLargeError,
    ForbiddenError,
    JobErrorCode,
    JobFailure,
    UnauthenticatedError,
    all_faults,
)
from tests.web.conftest import MakeSettings, client_of
from tests.web.tiny import SECRET_TEXT
from web.graphql_errors import (
    INTERNAL_MESSAGE,
    MAX_LISTED_VALUES,
    PresentedError,
    http_status,
    present_error,
    with_allowed_values,
)


async def test_a_refused_request_shows_its_sentence_code_and_place(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json={"query": "{ refused }"})
    error = response.json()["errors"][0]
    assert error["message"] == "That is not good."
    assert error["path"] == ["refused"]
    assert error["extensions"] == {
        "code": "BAD_USER_INPUT",
        "number": 40001,
        "requestId": response.headers["x-request-id"],
        "path": ["input", "items", "3"],
    }


async def test_an_unknown_exception_never_shows_its_text_and_is_logged(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.ERROR):
        response = await client.post("/graphql", json={"query": "{ broken hello }"}, headers={"x-request-id": "r-1"})
    body = response.json()
    assert SECRET_TEXT not in response.text
    assert body["data"] == {"broken": None, "hello": "hello world"}
    assert body["errors"][0]["message"] == INTERNAL_MESSAGE
    assert body["errors"][0]["extensions"] == {"code": "INTERNAL", "number": 50001, "requestId": "r-1"}


@pytest.mark.parametrize("query", ["subscription { breaks }", "subscription { conflicts }"])
async def test_errors_in_a_stream_are_presented_like_any_other(client: httpx.AsyncClient, query: str) -> None:
    response = await client.post("/graphql", json={"query": query}, headers={"accept": "text/event-stream"})
    assert SECRET_TEXT not in response.text
    assert ("INTERNAL" in response.text) == ("breaks" in query)
    assert ("CONFLICT" in response.text) == ("conflicts" in query)


def test_a_value_error_without_a_place_in_the_document_is_internal() -> None:
    shown = present_error(GraphQLError(SECRET_TEXT, original_error=ValueError(SECRET_TEXT)))
    assert shown.message == INTERNAL_MESSAGE
    assert shown.original_error is None


def test_a_storage_that_is_away_is_said_to_be_away() -> None:
    failure = JobFailure(JobErrorCode.STORAGE_ERROR, "There is no room.", is_retryable=True)
    shown = present_error(GraphQLError("", original_error=failure))
    assert (shown.message, (shown.extensions or {})["code"]) == ("There is no room.", "STORAGE_FAILED")


def test_every_fault_of_a_request_is_shown_with_its_place_and_code() -> None:
    faults = [BadInputError("Empty.", path=["input", "items", 3]), ConflictError("Busy.", path=["input", "items", 4])]
    shown = present_error(GraphQLError("", original_error=all_faults(faults)))
    assert shown.message == "Empty. (The first of 2 faults.)"
    extensions = shown.extensions or {}
    assert (extensions["code"], extensions["path"]) == ("BAD_USER_INPUT", ["input", "items", "3"])
    assert extensions["faults"] == [
        {"path": ["input", "items", "3"], "message": "Empty.", "code": "BAD_USER_INPUT"},
        {"path": ["input", "items", "4"], "message": "Busy.", "code": "CONFLICT"},
    ]
    only = present_error(GraphQLError("", original_error=all_faults(faults[1:])))
    assert (only.message, (only.extensions or {})["code"]) == ("Busy.", "CONFLICT")


def test_presenting_twice_changes_nothing() -> None:
    once = present_error(GraphQLError("", original_error=BadInputError("No.")))
    assert isinstance(once, PresentedError)
    assert present_error(once) is once


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadInputError("x"), 400),
        (UnauthenticatedError("x"), 401),
        (ForbiddenError("x"), 403),
        (FileTooLargeError("x"), 413),
    ],
)
def test_a_refused_request_has_a_fitting_status(error: EkonteError, status: int) -> None:
    assert http_status(error) == status


def test_every_code_has_a_number_that_makes_a_status() -> None:
    assert all(400 <= number // 100 < 600 for number in ERROR_NUMBERS.values())


WITH_VARIABLE = "query ($colour: Colour!) { paint(colour: $colour) }"


@pytest.mark.parametrize(
    "request_body",
    [
        {"query": "{ paint(colour: BLUE) }"},
        {"query": '{ paint(colour: "RED") }'},
        {"query": WITH_VARIABLE, "variables": {"colour": "BLUE"}},
        {"query": WITH_VARIABLE, "variables": {"colour": 1}},
        {"query": "{ paint(colour: GREE) }"},
    ],
)
async def test_a_wrong_enum_value_is_told_which_are_allowed(
    client: httpx.AsyncClient, make_settings: MakeSettings, request_body: dict[str, object]
) -> None:
    error = (await client.post("/graphql", json=request_body)).json()["errors"][0]
    assert error["message"].endswith(" Allowed: RED, GREEN.")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    async with client_of(make_settings(introspection=False)) as closed:
        hidden = (await closed.post("/graphql", json=request_body)).json()["errors"][0]["message"]
    assert "GREEN" not in hidden


def test_of_many_allowed_values_the_first_are_named() -> None:
    enums = {"Many": [f"V{number}" for number in range(MAX_LISTED_VALUES + 2)], "Few": ["A"]}
    told = with_allowed_values("Value 'x' does not exist in 'Many' enum.", enums)
    assert told.endswith(f"V{MAX_LISTED_VALUES - 1} and 2 more.")
    assert with_allowed_values("Value 'x' does not exist in 'Few' enum.", enums).endswith(" Allowed: A.")
    assert (
        with_allowed_values("Cannot query field 'x' on type 'Few'.", enums) == "Cannot query field 'x' on type 'Few'."
    )


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            "Cannot query field 'acounts' on type 'Query'. Did you mean 'accounts' or 'account'?",
            "Cannot query field 'acounts' on type 'Query'.",
        ),
        (
            "Expected value of type 'F' not to include unknown field 'n'. Did you mean 'name'? Found: { n: \"a?\" }.",
            "Expected value of type 'F' not to include unknown field 'n'.",
        ),
        (
            "Enum 'S' cannot represent non-enum value: \"ACTIVE\". Did you mean the enum value 'ACTIVE', 'A', or 'B'?",
            "Enum 'S' cannot represent non-enum value.",
        ),
    ],
)
def test_no_message_suggests_names_where_introspection_is_off(message: str, shown: str) -> None:
    assert present_error(GraphQLError(message), suggestions=False).message == shown


def test_messages_suggest_names_where_introspection_is_on() -> None:
    message = "Cannot query field 'acounts' on type 'Query'. Did you mean 'accounts' or 'account'?"
    assert present_error(GraphQLError(message)).message == message


@pytest.mark.parametrize(
    "query",
    [
        "{ __typname }",
        "{ refusd }",
        "query ($a: Strng) { __typename }",
        "{ __typename @skp(if: true) }",
    ],
)
async def test_no_answer_suggests_names_where_introspection_is_off(make_settings: MakeSettings, query: str) -> None:
    async with client_of(make_settings(introspection=False)) as closed:
        response = await closed.post("/graphql", json={"query": query})
    assert response.json()["errors"]
    assert "Did you mean" not in response.text
