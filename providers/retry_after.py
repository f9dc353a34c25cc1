"""The header Retry-After in both of its forms (RFC 9110, 10.2.3), as upstream and receivers of callbacks send it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_RETRY_AFTER_SECONDS = 1800.0
"The longest wait that a server may ask for; a longer one is cut to this."

_SECONDS = re.compile(r"\d{1,32}(?:\.\d{1,9})?", re.ASCII)


def retry_after_seconds(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds that a response asks to wait, at most MAX_RETRY_AFTER_SECONDS; None if it asks for no wait, or in a
    form that cannot be read (negative, without a unit of HTTP, a date that does not exist).

    headers: with lower-case names, or without regard to case. A date is compared with the response's own header Date,
    since both are by the sender's clock; without one with `now`, which has a time zone.
    """
    value = (headers.get("retry-after") or "").strip()
    if _SECONDS.fullmatch(value):
        seconds = float(value)
    elif (until := _moment(value)) is not None:
        seconds = (until - (_moment(headers.get("date") or "") or now)).total_seconds()
    else:
        return None
    return min(MAX_RETRY_AFTER_SECONDS, seconds) if seconds > 0 else None


def _moment(text: str) -> datetime | None:
    """An HTTP date, in any of its three forms; None for other text."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
