"""The schema's scalars."""

import contextlib
import re
from datetime import UTC, date, datetime
from typing import Any, NewType

import strawberry
from starlette.datastructures import UploadFile
from strawberry.types.scalar import ScalarDefinition

JSON = NewType("JSON", object)
Long = NewType("Long", int)
Upload = NewType("Upload", UploadFile)

MAX_LONG = 2**53
MAX_JSON_DEPTH = 100


def write_datetime(value: datetime) -> str:
    """RFC 3339 in UTC: 2026-01-31T16:30:00Z, with microseconds only where there are any."""
    return value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def read_datetime(value: object) -> datetime:
    if isinstance(value, str):
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            time = None
        if time is not None and time.tzinfo is not None and "T" in value.upper():
            return time.astimezone(UTC)
    raise ValueError("A DateTime is an RFC 3339 time with its zone, e.g. 2026-01-31T16:30:00Z.")


def read_date(value: object) -> date:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(value)
    raise ValueError("A Date is a calendar day, e.g. 2026-01-31.")


def read_long(value: object) -> int:
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not is_whole or not -MAX_LONG <= value <= MAX_LONG:  # type: ignore[operator]
        raise ValueError("A Long is a whole number up to 2^53.")
    return int(value)  # type: ignore[call-overload,no-any-return]


def read_json(value: object) -> object:
    """Returns the value. Raises ValueError for what cannot be serialized again: numbers that exceed 64 bits, infinite
    numbers, and values nested too deep.
    """
    waiting = [(value, 1)]
    while waiting:
        inner, depth = waiting.pop()
        if depth > MAX_JSON_DEPTH:
            raise ValueError(f"A JSON value may be nested at most {MAX_JSON_DEPTH} levels deep.")
        if isinstance(inner, dict):
            waiting += [(each, depth + 1) for each in inner.values()]
        elif isinstance(inner, list):
            waiting += [(each, depth + 1) for each in inner]
        elif isinstance(inner, int | float) and not -(2.0**63) <= inner < 2.0**63:
            raise ValueError("A number in a JSON value must fit in 64 bits.")
    return value


def read_upload(value: object) -> Any:
    if not isinstance(value, UploadFile):
        raise ValueError("A file must be sent as the GraphQL multipart request specification says.")
    return value


def write_upload(_: object) -> Any:
    raise ValueError("An Upload cannot be part of a response.")


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        description="RFC 3339 time in UTC, e.g. 2026-01-31T16:30:00Z.",
        serialize=write_datetime,
        parse_value=read_datetime,
    ),
    date: strawberry.scalar(
        name="Date",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        description="A calendar day in the deployment's time zone, YYYY-MM-DD.",
        serialize=date.isoformat,
        parse_value=read_date,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        description="Any JSON value.",
        serialize=lambda value: value,
        parse_value=read_json,
    ),
    Long: strawberry.scalar(
        name="Long",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc7493#section-2.2",
        description="A whole number up to 2^53.",
        serialize=read_long,
        parse_value=read_long,
    ),
    Upload: strawberry.scalar(
        name="Upload",
        specified_by_url="https://github.com/jaydenseric/graphql-multipart-request-spec",
        description="A file sent by the GraphQL multipart request specification.",
        serialize=write_upload,
        parse_value=read_upload,
    ),
}
