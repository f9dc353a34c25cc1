"""What an Accept header allows, as tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.accept import EVENT_STREAM, GRAPHQL_JSON, JSON, acceptable, media_ranges, weight_of

URQL = f"{GRAPHQL_JSON}, {JSON}, {EVENT_STREAM}"


@pytest.mark.parametrize(
    ("header", "json", "has_stream"),
    [
        (None, JSON, False),
        ("", JSON, False),
        ("nonsense", JSON, False),
        (",,;;q=1,", JSON, False),
        ("*/*", JSON, False),
        ("*", JSON, False),
        ("*;q=0.2, text/html", JSON, False),
        ("application/*", JSON, False),
        (JSON, JSON, False),
        ("APPLICATION/JSON", JSON, False),
        (f"{JSON};charset=utf-8", JSON, False),
        (f'{JSON}; charset="UTF-8" ; q=0.5', JSON, False),
        (f'{JSON};profile="a,b;q=0"', JSON, False),
        (GRAPHQL_JSON, GRAPHQL_JSON, False),
        (f"{GRAPHQL_JSON}, {JSON};q=0.9", GRAPHQL_JSON, False),
        (f"{JSON}, {GRAPHQL_JSON};q=0.5", JSON, False),
        (f"{GRAPHQL_JSON};q=0, */*", JSON, False),
        (f"{JSON};q=0, */*", GRAPHQL_JSON, False),
        (f"{JSON};q=0, application/*;q=0.1", GRAPHQL_JSON, False),
        # urql 4 to 6, gql.tada, Apollo 3 and 4, EventSource, browsers
        (URQL, GRAPHQL_JSON, True),
        (f"{JSON}, {EVENT_STREAM};q=0", JSON, False),
        (f"{JSON}, {EVENT_STREAM};q=0.000", JSON, False),
        (f"{GRAPHQL_JSON},{JSON};q=0.9", GRAPHQL_JSON, False),
        (f"multipart/mixed;deferSpec=20220824,{JSON}", JSON, False),
        (f'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,{JSON}', JSON, False),
        (f"multipart/mixed;incrementalSpec=v0.2, {GRAPHQL_JSON}, {JSON};q=0.9", GRAPHQL_JSON, False),
        (EVENT_STREAM, None, True),
        ("text/*", None, True),
        (f"{EVENT_STREAM}, multipart/mixed", None, True),
        (f"{EVENT_STREAM}, */*;q=0.1", JSON, True),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON, False),
        # nothing
        ("image/png", None, False),
        ("*/*;q=0", None, False),
        (f"{JSON};q=0", None, False),
        ("multipart/mixed", None, False),
        # a q that is none counts as 1, one beyond its range as the nearest
        (f"{JSON};q=, {GRAPHQL_JSON};q=0.5", JSON, False),
        (f"{JSON};q=abc", JSON, False),
        (f"{JSON};q=nan", JSON, False),
        (f"{JSON};q=7, {GRAPHQL_JSON}", GRAPHQL_JSON, False),
        (f'{JSON};q="0', JSON, False),
    ],
)
def test_an_accept_header_is_read_as_it_is_meant(header: str | None, json: str | None, has_stream: bool) -> None:
    found = acceptable(header)
    assert (found.json, found.has_stream) == (json, has_stream)


@pytest.mark.parametrize(
    ("header", "of_queries", "of_subscriptions"),
    [(URQL, False, True), (JSON, False, False), (EVENT_STREAM, True, True), ("*/*", False, False)],
)
def test_streams_are_for_subscriptions_and_for_who_takes_nothing_else(
    header: str, of_queries: bool, of_subscriptions: bool
) -> None:
    found = acceptable(header)
    assert found.streams(is_subscription=False) is of_queries
    assert found.streams(is_subscription=True) is of_subscriptions


@pytest.mark.parametrize(
    ("header", "weight"),
    [
        ("*/*;q=0.1, application/*;q=0.2, application/json;q=0.3", 0.3),
        ("application/json;q=0.3, */*", 0.3),
        ("application/*;q=0, */*", 0.0),
        ("application/json;v=1;q=0.9, application/json;q=0.4", 0.4),
        ("application/json;v=1;q=0.9, application/*;q=0.4", 0.9),
        ("application/json;q=0.2, application/json;q=0.6", 0.6),
        ("application/json;q=.5", 0.5),
        ("application/json;q=1.", 1.0),
    ],
)
def test_the_most_specific_range_decides(header: str, weight: float) -> None:
    assert weight_of(JSON, media_ranges(header)) == weight


@given(st.text(alphabet=st.sampled_from(list('*/;,="\\ qQ=01.9aj+-')), max_size=200))
def test_no_text_is_too_strange_to_be_read(header: str) -> None:
    assert all(0 <= one.weight <= 1 for one in media_ranges(header))
    acceptable(header)
