"""Variables beyond and within the limits."""

from typing import Any

import httpx
import pytest

from errors import BadInputError
from web.variable_limits import MAX_DEPTH, VariableLimits, check_variables

LIMITS = VariableLimits(list_items=100, values=1000)


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_a_list_that_is_too_long_is_named_with_its_place() -> None:
    check_variables({"input": {"items": [1] * 100}}, LIMITS)
    with pytest.raises(BadInputError) as refused:
        check_variables({"input": {"items": [{"ids": ["x"] * 101}]}}, LIMITS)
    assert refused.value.path == ["input", "items", "0", "ids"]
    assert refused.value.message == "The list has 101 items; at most 100 are allowed."


def test_all_values_count_together() -> None:
    check_variables({"a": [{"b": 1, "c": 2}] * 100}, VariableLimits(values=301))
    with pytest.raises(BadInputError, match="more than the allowed 300 values"):
        check_variables({"a": [{"b": 1, "c": 2}] * 100}, VariableLimits(values=300))


def test_values_may_be_nested_so_deep_and_no_deeper() -> None:
    check_variables({"a": nested(MAX_DEPTH - 1)}, LIMITS)
    for levels in (MAX_DEPTH + 1, 900):
        with pytest.raises(BadInputError, match="levels deep"):
            check_variables({"a": nested(levels)}, LIMITS)


def test_long_texts_and_missing_variables_are_no_matter_of_these_limits() -> None:
    check_variables(None, LIMITS)
    check_variables({}, LIMITS)
    check_variables({"text": "a" * 10_000_000}, LIMITS)


async def test_a_request_beyond_a_limit_is_refused_with_the_place(client: httpx.AsyncClient) -> None:
    body = {"query": "query ($n: Int) { hello }", "variables": {"n": [1] * 1001}}
    response = await client.post("/graphql", json=body)
    extensions = response.json()["errors"][0]["extensions"]
    assert (response.status_code, extensions["code"], extensions["path"]) == (400, "BAD_USER_INPUT", ["n"])
