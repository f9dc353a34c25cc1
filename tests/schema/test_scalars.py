import io
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from graphql import GraphQLScalarType, build_schema, is_specified_scalar_type
from starlette.datastructures import UploadFile

import resolvers
from schema import print_sdl
from schema.scalars import read_date, read_datetime, read_json, read_long, write_datetime


def test_times_are_written_in_utc_with_a_z() -> None:
    in_shanghai = datetime(2026, 2, 1, 0, 30, tzinfo=timezone(timedelta(hours=8)))
    assert write_datetime(in_shanghai) == "2026-01-31T16:30:00Z"


def test_times_are_read_with_their_zone() -> None:
    assert read_datetime("2026-02-01T00:30:00+08:00") == datetime(2026, 1, 31, 16, 30, tzinfo=UTC)
    assert read_datetime("2026-01-31T16:30:00Z") == datetime(2026, 1, 31, 16, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-01-31t16:30:00z", "2026-01-31T16:30:00Z"),
        ("2026-01-31T16:30:00-00:00", "2026-01-31T16:30:00Z"),
        ("2026-01-31T16:30:00+23:59", "2026-01-30T16:31:00Z"),
        ("2026-01-31T16:30:00.1Z", "2026-01-31T16:30:00.100000Z"),
        ("2026-01-31T16:30:00.123456789Z", "2026-01-31T16:30:00.123456Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("2017-01-01T01:59:60.5+02:00", "2017-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_all_that_rfc_3339_allows_is_read(text: str, written: str) -> None:
    assert write_datetime(read_datetime(text)) == written


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31",
        "2026-01-31T16:30:00",
        "soon",
        "",
        5,
        None,
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "2026-W10-1",
        "2026-W10-1T00:00:00Z",
        "2026-061T00:00:00Z",
        "20260131T163000Z",
        "2026-01-31T16:30Z",
        "2026-01-31T16Z",
        "2026-01-31 16:30:00Z",
        " 2026-01-31T16:30:00Z",
        "2026-01-31T16:30:00Z\n",
        "2026-01-31T16:30:00,5Z",
        "2026-01-31T16:30:00.Z",
        "2026-01-31T24:00:00Z",
        "2026-06-15T23:59:60Z",
        "2026-06-30T23:59:61Z",
        "2026-02-29T00:00:00Z",
        "2026-01-31T16:30:00+24:00",
        "2026-01-31T16:30:00+01:60",
        "2026-01-31T16:30:00+0100",
        "2026-01-31T16:30:00+01",
        "2026-01-31T16:30:00\u221201:00",
        "\uff12\uff10\uff12\uff16-01-31T16:30:00Z",
        "-2026-01-31T16:30:00Z",
        "12026-01-31T16:30:00Z",
        "2026-01-31T16:30:00." + "1" * 1000 + "Z",
    ],
)
def test_what_is_no_rfc_3339_time_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="RFC 3339"):
        read_datetime(text)


def test_days_are_read() -> None:
    assert read_date("2026-01-31") == date(2026, 1, 31)


@pytest.mark.parametrize("text", ["2026-02-30", "2026-1-31", "20260131", "2026-W05-6", "today", 5, None])
def test_what_is_no_calendar_day_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="calendar day"):
        read_date(text)


@pytest.mark.parametrize("value", [0, -5, 2**53, 3.0])
def test_whole_numbers_are_longs(value: float) -> None:
    assert read_long(value) == value


@pytest.mark.parametrize("value", [2**53 + 1, 1.5, "5", True, None])
def test_other_values_are_no_longs(value: object) -> None:
    with pytest.raises(ValueError, match="2\\^53"):
        read_long(value)


def nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize("value", [None, True, "x", {"a": [1, 2.5, {"b": -(2**63)}]}, nested(100)])
def test_json_is_taken_as_it_is(value: object) -> None:
    assert read_json(value) is value


A_FILE = UploadFile(io.BytesIO(b"{}"), filename="a.json")


@pytest.mark.parametrize(
    "value", [2**63, {"a": [1e400]}, float("nan"), nested(101), nested(100_000), A_FILE, {"a": [A_FILE]}]
)
def test_json_that_could_not_be_written_again_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="JSON"):
        read_json(value)


def test_every_scalar_of_its_own_names_its_specification() -> None:
    schema = build_schema(print_sdl(resolvers.schema))
    own = {
        name: kind.specified_by_url
        for name, kind in schema.type_map.items()
        if isinstance(kind, GraphQLScalarType) and not is_specified_scalar_type(kind)
    }
    assert set(own) >= {"Date", "DateTime", "JSON", "Long", "Upload"}
    assert [name for name, url in own.items() if not (url or "").startswith("https://")] == []
