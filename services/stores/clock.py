"""Times that the stores write, by the database's clock, and counters that they raise."""

from dataclasses import dataclass
from datetime import UTC, datetime

from models.database import now_ms, now_ms_sql
from services.stores.updates import Sql

NULL = Sql("NULL")


def now_sql() -> Sql:
    """Now, for columns in milliseconds."""
    return Sql(now_ms_sql())


def in_ms(wait_ms: int | None) -> Sql:
    """So many milliseconds from now, for columns in milliseconds; None: no time."""
    return NULL if wait_ms is None else Sql(f"{now_ms_sql()} + {int(wait_ms)}")


def raised(column: str, by: int = 1) -> Sql:
    return Sql(f"{column} + {int(by)}")


@dataclass(frozen=True)
class Moment:
    """One reading of the clock, for rows that are inserted."""

    ms: int

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.ms / 1000, UTC)

    @staticmethod
    async def now() -> "Moment":
        return Moment(await now_ms())
