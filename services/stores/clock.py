"""SQL values for the stores: times by the database's clock, and raised counters."""

from dataclasses import dataclass
from datetime import UTC, datetime

from models.database import now_ms, now_ms_sql
from services.stores.updates import Sql

NULL = Sql("NULL")


def now_sql() -> Sql:
    """The current time, for columns in milliseconds."""
    return Sql(now_ms_sql())


def in_ms(wait_ms: int | None) -> Sql:
    """The time in `wait_ms` milliseconds, for columns in milliseconds; None gives NULL."""
    return NULL if wait_ms is None else Sql(f"{now_ms_sql()} + {int(wait_ms)}")


def raised(column: str, by: int = 1) -> Sql:
    return Sql(f"{column} + {int(by)}")


@dataclass(frozen=True)
class Moment:
    """One reading of the database's clock, for the columns of inserted rows."""

    ms: int

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.ms / 1000, UTC)

    @staticmethod
    async def now() -> "Moment":
        return Moment(await now_ms())
