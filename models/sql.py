"""SQL fragments that differ between the two databases."""

from models.database import is_sqlite
from models.ids import EPOCH_MS


def greatest_sql(*expressions: str) -> str:
    return f"{'MAX' if is_sqlite() else 'GREATEST'}({', '.join(expressions)})"


def least_sql(*expressions: str) -> str:
    return f"{'MIN' if is_sqlite() else 'LEAST'}({', '.join(expressions)})"


def skip_locked_sql(table: str | None = None) -> str:
    """table: the name or alias of the table whose rows to lock, if there are several. Empty on SQLite, which has one
    writer at a time and no row locks.
    """
    of = "" if table is None else f" OF {table}"
    return "" if is_sqlite() else f" FOR UPDATE{of} SKIP LOCKED"


def timestamp_sql(plus_seconds: int = 0) -> str:
    """Returns the database's time for DatetimeField columns, in Tortoise's format (UTC), plus `plus_seconds`."""
    if is_sqlite():
        later = f", '{plus_seconds:+d} seconds'" if plus_seconds else ""
        return f"strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'{later})"
    return f"(clock_timestamp() + INTERVAL '{plus_seconds:d} seconds')" if plus_seconds else "clock_timestamp()"


def timestamp_before_sql(seconds: float) -> str:
    """Returns the database's time minus `seconds`, for comparisons with DatetimeField columns that can use an index."""
    if is_sqlite():
        return f"strftime('%Y-%m-%d %H:%M:%f+00:00', 'now', '-{float(seconds):.3f} seconds')"
    return f"(statement_timestamp() - interval '{float(seconds):.3f} seconds')"


def waiting_since_sql(job: str = "job") -> str:
    """Returns the time, in milliseconds, since which a row of `job` (its name or alias) waits: its waiting_since_ms,
    else its creation time, which its id contains.
    """
    return f"COALESCE({job}.waiting_since_ms, ({job}.id >> 22) + {EPOCH_MS})"


def milliseconds_of_sql(column: str) -> str:
    """Returns a DatetimeField column as milliseconds since 1970."""
    if is_sqlite():
        return f"CAST((julianday({column}) - 2440587.5) * 86400000 AS INTEGER)"
    return f"CAST(extract(epoch FROM {column}) * 1000 AS BIGINT)"


def json_text_sql(column: str, key: str) -> str:
    """Returns the text that a JSON column has under a key; NULL where it has none. key: a name from this program."""
    return f"json_extract({column}, '$.{key}')" if is_sqlite() else f"({column} ->> '{key}')"
