import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import BadInputError
from services.platform.paging import (
    PageRequest,
    Position,
    check_id_count,
    cut_page,
    decode_cursor,
    encode_cursor,
    page_request,
)


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_a_cursor_comes_back_as_it_went(key: int, row_id: int) -> None:
    assert decode_cursor(encode_cursor(Position(key, row_id)), "after") == Position(key, row_id)


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "é", "5", *(base64.b64encode(text).decode() for text in (b"[1]", b"[-1,2]", b"[true,2]", b"{}"))],
)
def test_what_this_server_did_not_give_is_no_cursor(cursor: str) -> None:
    with pytest.raises(BadInputError) as refusal:
        decode_cursor(cursor, "before")
    assert refusal.value.path == ["before"]


def test_twenty_are_given_where_nothing_is_asked() -> None:
    assert page_request() == PageRequest(size=20)


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"first": 5, "last": 5}, "last"),
        ({"first": 0}, "first"),
        ({"first": 101}, "first"),
        ({"last": 101}, "last"),
        ({"page": 1, "after": encode_cursor(Position(1, 1))}, "page"),
        ({"page": 1, "before": encode_cursor(Position(1, 1))}, "page"),
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
    assert page.cursors == (encode_cursor(Position(1, 1)), encode_cursor(Position(2, 2)))


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
