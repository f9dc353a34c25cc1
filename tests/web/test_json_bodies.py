"""JSON bodies beyond and within their bounds."""

import json

import httpx
import pytest

from web.json_bodies import MANY_BYTES, MAX_VALUES, TooManyValuesError, parse_json


@pytest.mark.parametrize("value", [b"[],", b'{"":1},', b"0,"])
def test_a_body_of_very_many_values_is_refused_unparsed(value: bytes) -> None:
    with pytest.raises(TooManyValuesError):
        parse_json(b"[" + value * MAX_VALUES + b"0]")


def test_a_long_text_is_no_matter_of_the_number_of_values() -> None:
    text = "A novel, in which somebody at last finds something. " * 100_000
    assert len(text) > MANY_BYTES
    assert parse_json(json.dumps({"text": text})) == {"text": text}


@pytest.mark.parametrize("body", [b"", b"{", b"nope", b'{"a":1}}', b'{"a":NaN}', b'"\xff"', b"[" * 5000])
def test_what_is_no_json_is_a_json_error(body: bytes) -> None:
    with pytest.raises(json.JSONDecodeError):
        parse_json(body)


async def test_the_caller_is_told(client: httpx.AsyncClient) -> None:
    body = b'{"query":"{ hello }","variables":{"a":[' + b"[]," * MAX_VALUES + b"[]]}}"
    response = await client.post("/graphql", content=body, headers={"content-type": "application/json"})
    error = response.json()["errors"][0]
    assert (response.status_code, error["extensions"]["code"]) == (400, "BAD_USER_INPUT")
    assert error["message"] == "The JSON has more than the allowed 500,000 values."
