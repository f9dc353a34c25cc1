"""Reads the Accept header (RFC 9110, 12.5.1) and chooses the media type of an answer of /graphql.

Written here because the usual libraries refuse `application/json;charset=utf-8` where `application/json` is offered.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
HTML = "text/html"

# Splits at separators outside of quoted strings; a quoted string may contain both separators, and escaped quotes.
_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')
_PIECE = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*"?)+')
_NAME = r"[!#$%&'*+.^_`|~0-9a-z-]+"
_RANGE = re.compile(rf"({_NAME})/({_NAME})")


@dataclass(frozen=True)
class MediaRange:
    """One element of an Accept header. weight: its q, from 0 (not acceptable) to 1. specificity: how exactly it names a
    type: 3 the type alone, 2 with parameters that none of our types has, 1 `type/*`, 0 `*/*`.
    """

    type: str
    subtype: str
    weight: float
    specificity: int

    def matches(self, media_type: str) -> bool:
        kind, _, subtype = media_type.partition("/")
        return self.type in ("*", kind) and self.subtype in ("*", subtype)


def media_ranges(header: str) -> list[MediaRange]:
    """The media ranges of a header. Elements that are none are left out, a q that is no number counts as 1, and a q
    beyond 0 and 1 as the nearer of the two: clients that were written carelessly still get an answer.
    """
    found = []
    for element in _ELEMENT.findall(header.lower()):
        name, *parameters = [piece.strip() for piece in _PIECE.findall(element)] or [""]
        # `*` alone is what some old clients send.
        match = _RANGE.fullmatch("*/*" if name == "*" else name)
        if match is None or (match[1] == "*" and match[2] != "*"):
            continue
        weight, is_parametrised = 1.0, False
        for parameter in parameters:
            key, _, value = (part.strip() for part in parameter.partition("="))
            if key == "q":
                weight = _weight(value)
                break  # what follows q are extensions of Accept, not parameters of the media type
            is_parametrised = is_parametrised or (key, value.strip('"')) != ("charset", "utf-8")
        if match[1] == "*":
            specificity = 0
        elif match[2] == "*":
            specificity = 1
        else:
            specificity = 2 if is_parametrised else 3
        found.append(MediaRange(match[1], match[2], weight, specificity))
    return found


def _weight(text: str) -> float:
    # float() would take `inf`, `nan` and `1_0`, too.
    return min(1.0, float(text)) if re.fullmatch(r"\d*\.?\d*", text) and text.strip(".") else 1.0


def weight_of(media_type: str, ranges: Iterable[MediaRange]) -> float:
    """How much the client wants a media type; 0: not at all. The most specific range that matches decides; of several
    such the greatest weight.
    """
    matching = [(one.specificity, one.weight) for one in ranges if one.matches(media_type)]
    return max(matching)[1] if matching else 0.0


@dataclass(frozen=True)
class Acceptable:
    """What a client takes as an answer. json: the media type of JSON that it prefers; None: it takes no JSON.
    has_stream: whether it takes server-sent events.
    """

    json: str | None
    has_stream: bool

    @property
    def is_nothing(self) -> bool:
        return self.json is None and not self.has_stream

    def streams(self, *, is_subscription: bool) -> bool:
        """Whether an operation is answered with server-sent events: subscriptions wherever they are taken, all others
        only where JSON is not.
        """
        return self.has_stream and (is_subscription or self.json is None)


def acceptable(header: str | None) -> Acceptable:
    """What a client with this Accept header takes. Without a header, and with one that names no media type, it takes
    application/json, which all clients understand.

    Server-sent events must be named, by text/event-stream or text/*: `*/*` is what most clients send that could not
    read a stream, and waiting for its end they would never get an answer.
    """
    ranges = media_ranges(header or "")
    if not ranges:
        return Acceptable(JSON, has_stream=False)
    named = [one for one in ranges if one.specificity > 0]
    has_stream = weight_of(EVENT_STREAM, named) > 0
    graphql, plain = weight_of(GRAPHQL_JSON, ranges), weight_of(JSON, ranges)
    if max(graphql, plain) == 0:
        return Acceptable(None, has_stream)
    is_named = any(one.specificity >= 2 and one.matches(GRAPHQL_JSON) for one in ranges)
    prefers_graphql = graphql > plain or (graphql == plain and is_named)
    return Acceptable(GRAPHQL_JSON if prefers_graphql else JSON, has_stream)
