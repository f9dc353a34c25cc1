"""The schema's scalars."""

import contextlib
import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, NewType

import strawberry
from starlette.datastructures import UploadFile
from strawberry.types.scalar import ScalarDefinition

JSON = NewType("JSON", object)
Long = NewType("Long", int)
Upload = NewType("Upload", UploadFile)

MAX_LONG = 2**53
MAX_JSON_DEPTH = 100
MAX_TIME_CHARACTERS = 64

# RFC 3339, section 5.6, "date-time"; its grammar takes T and Z in lower case too, and any number of decimals.
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII | re.IGNORECASE
)
_TIME_FORM = "A DateTime is an RFC 3339 time with its zone, e.g. 2026-01-31T16:30:00Z, in the years 1 to 9999 of UTC."


def write_datetime(value: datetime) -> str:
    """RFC 3339 in UTC: 2026-01-31T16:30:00Z, with microseconds only where there are any."""
    return value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def read_datetime(value: object) -> datetime:
    """The time in UTC; decimals beyond microseconds are cut off. Raises ValueError for what RFC 3339 does not allow
    (no zone, 24:00, week dates, spaces, digits of other scripts), and for times before year 1 or after 9999.

    A leap second, which may only end the last minute of a month in UTC, is the first moment of the next minute.
    """
    if isinstance(value, str) and len(value) <= MAX_TIME_CHARACTERS and (match := _TIME.fullmatch(value)) is not None:
        day, hour, minute, second, decimals, sign, *offset = match.groups()
        with contextlib.suppress(ValueError, OverflowError):
            is_leap = second == "60"
            time = datetime.combine(
                date.fromisoformat(day), datetime.min.time(), tzinfo=_zone(sign, *offset) if sign else UTC
            ).replace(
                hour=int(hour),
                minute=int(minute),
                second=59 if is_leap else int(second),
                microsecond=0 if is_leap else int(f"{decimals or 0:0<6}"[:6]),
            )
            time = time.astimezone(UTC)
            if not is_leap:
                return time
            after = time + timedelta(seconds=1)
            if (after.day, after.hour, after.minute) == (1, 0, 0):
                return after
    raise ValueError(_TIME_FORM)


def _zone(sign: str, hours: str, minutes: str) -> timezone:
    """Raises ValueError for an offset beyond 23:59."""
    if int(hours) > 23 or int(minutes) > 59:
        raise ValueError("no such offset")
    return timezone((-1 if sign == "-" else 1) * timedelta(hours=int(hours), minutes=int(minutes)))


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
    numbers, values nested too deep, and what is no JSON, such as a file mapped into the variable.
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
        elif not isinstance(inner, str | int | float | None):
            raise ValueError("A JSON value holds objects, lists, texts, numbers, true, false and null only, no files.")
    return value


def read_upload(value: object) -> Any:
    if not isinstance(value, UploadFile):
        raise ValueError("An Upload is a file sent as the GraphQL multipart request specification says.")
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
