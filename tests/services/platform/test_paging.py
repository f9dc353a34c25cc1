import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import BadInputError
from services.platform.paging import (
    OLDEST_FIRST,
    KeyKind,
    Ordering,
    PageRequest,
    Position,
    Sort,
    check_id_count,
    cut_page,
    decode_cursor,
    encode_cursor,
    page_request,
)

ORDER = Ordering("NUMBER", Sort("c.number"))
BY_NAME = Ordering("NAME", Sort("c.name", KeyKind.TEXT), is_descending=True)
BY_TIME = Ordering("UPDATED_AT", Sort("c.updated_at", KeyKind.TIME))
TIME = "2026-01-31 16:30:00.123456+00:00"


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_a_cursor_comes_back_as_it_went(key: int, row_id: int) -> None:
    assert decode_cursor(encode_cursor(Position(key, row_id), ORDER), "after", ORDER) == Position(key, row_id)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=300))
def test_a_cursor_of_texts_comes_back_as_it_went(key: str) -> None:
    assert decode_cursor(encode_cursor(Position(key, 5), BY_NAME), "after", BY_NAME) == Position(key, 5)


def cursor_of(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "é",
        "5",
        *(base64.b64encode(text).decode() for text in (b"[1]", b"[-1,2]", b"[true,2]", b"{}")),
        cursor_of("NUMBER ASC", -1, 2),
        cursor_of("NUMBER ASC", True, 2),
        cursor_of("NUMBER ASC", "x", 2),
        cursor_of("NUMBER ASC", 1, 2**63),
        cursor_of("NUMBER ASC", 1, 2, 3),
    ],
)
def test_what_this_server_did_not_give_is_no_cursor(cursor: str) -> None:
    with pytest.raises(BadInputError, match="not a cursor") as refusal:
        decode_cursor(cursor, "before", ORDER)
    assert refusal.value.path == ["before"]


@pytest.mark.parametrize(
    ("order", "key"),
    [
        (BY_NAME, "nul\0"),
        (BY_NAME, "\ud800"),
        (BY_NAME, "x" * 1001),
        (BY_NAME, 5),
        (BY_TIME, "now"),
        (BY_TIME, "0001-01-01 00:00:00+14:00"),
        (BY_TIME, 5),
    ],
)
def test_a_forged_key_that_no_database_takes_is_no_cursor(order: Ordering, key: object) -> None:
    with pytest.raises(BadInputError, match="not a cursor"):
        decode_cursor(cursor_of(str(order), key, 1), "after", order)


def test_a_cursor_is_valid_only_in_its_order_and_the_refusal_names_both() -> None:
    cursor = encode_cursor(Position(TIME, 1), BY_TIME)
    assert decode_cursor(cursor, "after", BY_TIME) == Position(TIME, 1)
    for order in (ORDER, BY_NAME, Ordering("UPDATED_AT", BY_TIME.sort, is_descending=True)):
        with pytest.raises(BadInputError, match=f"ordered by {order}") as refusal:
            decode_cursor(cursor, "after", order)
        assert refusal.value.path == ["after"]


def test_twenty_are_given_where_nothing_is_asked() -> None:
    assert page_request() == PageRequest(size=20)


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"first": 5, "last": 5}, "last"),
        ({"first": 0}, "first"),
        ({"first": 101}, "first"),
        ({"last": 101}, "last"),
        ({"page": 1, "after": encode_cursor(Position(1, 1), OLDEST_FIRST)}, "page"),
        ({"page": 1, "before": encode_cursor(Position(1, 1), OLDEST_FIRST)}, "page"),
        ({"page": 1, "last": 5}, "page"),
        ({"page": 0}, "page"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(arguments: dict[str, int], path: str) -> None:
    with pytest.raises(BadInputError) as refusal:
        page_request(**arguments)  # type: ignore[arg-type]
    assert refusal.value.path == [path]


def rows(*ids: int) -> list[tuple[Position, int]]:
    return [(Position(row_id, row_id), row_id) for row_id in ids]


def test_a_row_too_many_says_that_there_is_more() -> None:
    page = cut_page(rows(1, 2, 3), PageRequest(size=2))
    assert (page.rows, page.has_next, page.has_previous) == ((1, 2), True, False)
    assert page.cursors == (encode_cursor(Position(1, 1), OLDEST_FIRST), encode_cursor(Position(2, 2), OLDEST_FIRST))


def test_backward_pages_are_turned_round() -> None:
    page = cut_page(rows(9, 8, 7), PageRequest(size=2, before=Position(10, 10), is_backward=True))
    assert (page.rows, page.has_next, page.has_previous) == ((8, 9), True, True)


def test_a_numbered_page_knows_that_others_come_before() -> None:
    page = cut_page(rows(5), PageRequest(size=2, number=3))
    assert (page.has_next, page.has_previous) == (False, True)


def test_a_thousand_ids_are_taken_and_no_more() -> None:
    check_id_count([1] * 1000, "ids")
    with pytest.raises(BadInputError) as refusal:
        check_id_count([1] * 1001, "ids")
    assert refusal.value.path == ["ids"]
