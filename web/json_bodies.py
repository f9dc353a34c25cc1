"""Parses JSON from callers within bounds.

orjson holds the interpreter while it parses, in another thread too. So what it may be given is bounded by the number of
values, which decides how long it takes; long texts cost little.
"""

import orjson

MANY_BYTES = 256 * 1024  # smaller bodies are parsed in a few milliseconds, whatever they contain
MAX_VALUES = 500_000  # counted by their separators, those in texts too: a novel of 16 MB has some 300,000 commas


class TooManyValuesError(orjson.JSONDecodeError):
    """The JSON has more values than any request needs. A JSON error, for those who know only these."""

    def __init__(self) -> None:
        super().__init__(f"The JSON has more than the allowed {MAX_VALUES:,} values.", "", 0)


def parse_json(data: str | bytes) -> object:
    """The value. Raises json.JSONDecodeError, or TooManyValuesError without having parsed it."""
    if len(data) > MANY_BYTES:
        text = data.encode() if isinstance(data, str) else data
        if sum(text.count(separator) for separator in (b",", b"[", b"{")) > MAX_VALUES:
            raise TooManyValuesError
    return orjson.loads(data)
