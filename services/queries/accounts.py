"""Queries for an owner's accounts: filtered and ordered lists, availability, usage and cooldowns.

Availability is one rule in SQL, so that lists can be filtered by it. It is the pool's rule
(`pool.choosing.check_eligibility`) without the parts that depend on the job: model, cost and strategy. The number of
statements does not depend on the number of rows.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from models.accounts import Account
from models.database import now_ms_sql
from models.enums import AccountStatus, MediaKind, Site
from services.accounts.pool.quota import quota_day
from services.platform.owned import owned, owned_rows_sql, places
from services.queries.orders import ACCOUNT_ORDERS
from services.queries.row_lists import RowList, Where
from settings import get_settings


class Availability(StrEnum):
    AVAILABLE = "AVAILABLE"
    RATE_LIMITED = "RATE_LIMITED"  # cooling down, for the kind or for all kinds
    EXHAUSTED = (
        "EXHAUSTED"  # until the quota's reset: a limit of the provider or the owner is reached, or no credits are left
    )


@dataclass(frozen=True)
class AccountConditions:
    providers: tuple[str, ...] | None = None
    statuses: tuple[AccountStatus, ...] | None = None
    sites: tuple[Site, ...] | None = None
    image_availability: Availability | None = None
    video_availability: Availability | None = None
    name_contains: str | None = None


@dataclass(frozen=True)
class AccountStanding:
    """The availability and usage of an account now. Counts are of today's quota day; in_flight: slots in use for both
    kinds.
    """

    image_availability: Availability = Availability.AVAILABLE
    video_availability: Availability = Availability.AVAILABLE
    image_count: int = 0
    video_count: int = 0
    in_flight: int = 0


@dataclass(frozen=True)
class CoolingDown:
    """kind or model None: the cooldown applies to all."""

    kind: MediaKind | None
    model: str | None
    until: datetime
    reason: str


def today() -> str:
    return quota_day(datetime.now(UTC), get_settings().timezone)


# ---------------------------------------------------------------- rules in SQL, for an account named `a`


def used_sql(kind: MediaKind, day: str) -> str:
    """The number of generations of the kind on a quota day. `day` is inserted as text: never pass a caller's value."""
    return (
        f"COALESCE((SELECT u.count FROM account_usage u WHERE u.account_id = a.id AND u.kind = '{kind.value}'"
        f" AND u.day = '{day}'), 0)"
    )


def in_flight_sql(condition: str = "") -> str:
    return (
        "(SELECT COUNT(*) FROM attempt t WHERE t.account_id = a.id AND t.released_at_ms IS NULL"
        f"{' AND ' + condition if condition else ''})"
    )


def _holds_sql() -> str:
    """A condition: the trouble `s` holds the account `a` now."""
    return (
        "s.owner = a.owner AND s.provider = a.provider AND s.site = COALESCE(a.site, '')"
        f" AND s.until_ms > {now_ms_sql()}"
    )


def availability_sql(kind: MediaKind, day: str) -> str:
    """AVAILABLE, RATE_LIMITED or EXHAUSTED. A placed attempt counts towards today's limit before it is accepted, and a
    known balance without credits can take nothing of a pool.
    """
    column = kind.value.lower()
    waiting = in_flight_sql(f"t.kind = '{kind.value}' AND t.state IN ('PLACED', 'SENT')")
    return (
        f"CASE WHEN a.{column}_exhausted_until_ms > {now_ms_sql()} OR (a.daily_{column}_limit IS NOT NULL"
        f" AND {used_sql(kind, day)} + {waiting} >= a.daily_{column}_limit) OR a.credit_balance <= 0 THEN 'EXHAUSTED'"
        " WHEN EXISTS (SELECT 1 FROM account_cooldown c WHERE c.account_id = a.id AND c.model = ''"
        f" AND c.kind IN ('', '{kind.value}') AND c.until_ms > {now_ms_sql()}) OR EXISTS (SELECT 1 FROM site_trouble s"
        f" WHERE {_holds_sql()} AND s.model = '' AND s.kind IN ('', '{kind.value}')) THEN 'RATE_LIMITED'"
        " ELSE 'AVAILABLE' END"
    )


# ---------------------------------------------------------------- lists


ACCOUNTS = RowList(Account, "account a", ACCOUNT_ORDERS, owner="a.owner = ?", id="a.id", always="a.deleted_at IS NULL")


def accounts_where(conditions: AccountConditions) -> Where:
    where = Where()
    where.one_of("a.provider", conditions.providers)
    where.one_of("a.status", conditions.statuses)
    where.one_of("a.site", conditions.sites)
    where.contains("a.name", conditions.name_contains)
    day = today()
    for kind, availability in (
        (MediaKind.IMAGE, conditions.image_availability),
        (MediaKind.VIDEO, conditions.video_availability),
    ):
        if availability is not None:
            where.add(f"{availability_sql(kind, day)} = '{availability.value}'")
    return where


# ---------------------------------------------------------------- batched queries for dataloaders


async def live_accounts_in_order(owner: str, ids: Sequence[int]) -> list[Account | None]:
    """Returns for each id the owner's account; None if it does not exist or is deleted."""
    rows = {row.id: row for row in await owned(Account, owner).filter(id__in=list(set(ids)), deleted_at__isnull=True)}
    return [rows.get(account_id) for account_id in ids]


async def standings(owner: str, account_ids: Sequence[int]) -> list[AccountStanding]:
    """Returns for each account its availability and usage; one statement."""
    day = today()
    found = await owned_rows_sql(
        "WITH a AS (SELECT * FROM account WHERE owner = ?"
        f" AND id IN ({places(account_ids)})) SELECT a.id AS id, {availability_sql(MediaKind.IMAGE, day)} AS image,"
        f" {availability_sql(MediaKind.VIDEO, day)} AS video, {used_sql(MediaKind.IMAGE, day)} AS image_count,"
        f" {used_sql(MediaKind.VIDEO, day)} AS video_count, {in_flight_sql()} AS in_flight FROM a",
        owner,
        *account_ids,
    )
    by_id = {
        row["id"]: AccountStanding(
            Availability(row["image"]),
            Availability(row["video"]),
            int(row["image_count"]),
            int(row["video_count"]),
            int(row["in_flight"]),
        )
        for row in found
    }
    return [by_id.get(account_id, AccountStanding()) for account_id in account_ids]


async def cooldowns(owner: str, account_ids: Sequence[int]) -> list[tuple[CoolingDown, ...]]:
    """Returns for each account its active cooldowns and the holds of its site, ordered by their end; one statement."""
    of_accounts = f"a.owner = ? AND a.id IN ({places(account_ids)})"
    found = await owned_rows_sql(
        "SELECT * FROM (SELECT c.account_id AS account_id, c.kind AS kind, c.model AS model, c.until_ms AS until_ms,"
        " c.reason AS reason FROM account a JOIN account_cooldown c ON c.account_id = a.id"
        f" WHERE {of_accounts} AND c.until_ms > {now_ms_sql()} UNION ALL"
        " SELECT a.id, s.kind, s.model, s.until_ms, 'Trouble of the site: ' || s.reason FROM account a"
        f" JOIN site_trouble s ON {_holds_sql()} WHERE {of_accounts}) AS held ORDER BY until_ms, kind, model",
        owner,
        *account_ids,
        owner,
        *account_ids,
    )
    by_id: dict[int, list[CoolingDown]] = defaultdict(list)
    for row in found:
        until = datetime.fromtimestamp(row["until_ms"] / 1000, UTC)
        kind = MediaKind(row["kind"]) if row["kind"] else None
        by_id[row["account_id"]].append(CoolingDown(kind, row["model"] or None, until, row["reason"]))
    return [tuple(by_id[account_id]) for account_id in account_ids]
