"""Small pieces of SQL in which the two databases differ."""

from models.database import is_sqlite


def greatest_sql(*expressions: str) -> str:
    return f"{'MAX' if is_sqlite() else 'GREATEST'}({', '.join(expressions)})"


def least_sql(*expressions: str) -> str:
    return f"{'MIN' if is_sqlite() else 'LEAST'}({', '.join(expressions)})"


def skip_locked_sql() -> str:
    """SQLite has one writer at a time and no row locks."""
    return "" if is_sqlite() else " FOR UPDATE SKIP LOCKED"


def for_update_sql() -> str:
    """Locks what a SELECT finds, in its order, until the transaction's end; on SQLite a transaction is alone anyway."""
    return "" if is_sqlite() else " FOR UPDATE"


def timestamp_sql(plus_seconds: int = 0) -> str:
    """The database's clock for DatetimeField columns, as Tortoise writes them (UTC); a time from now, where given."""
    if is_sqlite():
        later = f", '{plus_seconds:+d} seconds'" if plus_seconds else ""
        return f"strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'{later})"
    return f"(clock_timestamp() + INTERVAL '{plus_seconds:d} seconds')" if plus_seconds else "clock_timestamp()"


def timestamp_before_sql(seconds: float) -> str:
    """So many seconds before the database's clock, for comparing with DatetimeField columns; indexes serve it."""
    if is_sqlite():
        return f"strftime('%Y-%m-%d %H:%M:%f+00:00', 'now', '-{float(seconds):.3f} seconds')"
    return f"(statement_timestamp() - interval '{float(seconds):.3f} seconds')"
