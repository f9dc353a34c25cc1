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
from typing import Any

from models.accounts import Account
from models.database import is_sqlite, now_ms_sql
from models.enums import AccountStatus, MediaKind, Site
from services.accounts.pool.quota import quota_day
from services.platform.owned import owned, owned_rows_sql, places
from services.platform.paging import Page, PageRequest, Position, cut_page
from settings import get_settings


class Availability(StrEnum):
    AVAILABLE = "AVAILABLE"
    RATE_LIMITED = "RATE_LIMITED"  # cooling down, for the kind or for all kinds
    EXHAUSTED = "EXHAUSTED"  # until the quota's reset: the limit of the provider or of the owner is reached


class AccountOrderField(StrEnum):
    PRIORITY = "PRIORITY"
    CREATED_AT = "CREATED_AT"
    LAST_USED_AT = "LAST_USED_AT"


@dataclass(frozen=True)
class AccountConditions:
    providers: tuple[str, ...] | None = None
    statuses: tuple[AccountStatus, ...] | None = None
    sites: tuple[Site, ...] | None = None
    image_availability: Availability | None = None
    video_availability: Availability | None = None
    name_contains: str | None = None


@dataclass(frozen=True)
class AccountOrdering:
    field: AccountOrderField = AccountOrderField.PRIORITY
    is_descending: bool = False


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


def availability_sql(kind: MediaKind, day: str) -> str:
    """AVAILABLE, RATE_LIMITED or EXHAUSTED. A placed attempt counts towards today's limit before it is accepted."""
    column = kind.value.lower()
    waiting = in_flight_sql(f"t.kind = '{kind.value}' AND t.state IN ('PLACED', 'SENT')")
    return (
        f"CASE WHEN a.{column}_exhausted_until_ms > {now_ms_sql()} OR (a.daily_{column}_limit IS NOT NULL"
        f" AND {used_sql(kind, day)} + {waiting} >= a.daily_{column}_limit) THEN 'EXHAUSTED'"
        " WHEN EXISTS (SELECT 1 FROM account_cooldown c WHERE c.account_id = a.id AND c.model = ''"
        f" AND c.kind IN ('', '{kind.value}') AND c.until_ms > {now_ms_sql()}) THEN 'RATE_LIMITED'"
        " ELSE 'AVAILABLE' END"
    )


# ---------------------------------------------------------------- lists


async def account_page(
    owner: str, conditions: AccountConditions, ordering: AccountOrdering, request: PageRequest
) -> Page[Account]:
    """Returns one page of the owner's accounts; two statements."""
    place, is_descending = _place_sql(ordering), ordering.is_descending
    where, values = _where(conditions)
    up, down = (">", "<") if not is_descending else ("<", ">")
    bound_sql = "CAST(? AS BIGINT)"  # a cursor of another order may exceed the column's type
    for bound, sign in ((request.after, up), (request.before, down)):
        if bound is not None:
            where += f" AND ({place} {sign} {bound_sql} OR ({place} = {bound_sql} AND a.id {sign} ?))"
            values += [bound.key, bound.key, bound.id]
    direction = "DESC" if is_descending != request.is_backward else "ASC"
    found = await owned_rows_sql(
        f"SELECT a.id AS id, {place} AS place FROM account a WHERE a.owner = ? AND a.deleted_at IS NULL{where}"
        f" ORDER BY 2 {direction}, a.id {direction} LIMIT {request.size + 1} OFFSET {request.offset}",
        owner,
        *values,
    )
    ids = [row["id"] for row in found]
    rows = {row.id: row for row in await owned(Account, owner).filter(id__in=ids)} if ids else {}
    return cut_page(
        [(Position(row["place"], row["id"]), rows[row["id"]]) for row in found if row["id"] in rows], request
    )


async def account_count(owner: str, conditions: AccountConditions) -> int:
    where, values = _where(conditions)
    rows = await owned_rows_sql(
        f"SELECT COUNT(*) AS count FROM account a WHERE a.owner = ? AND a.deleted_at IS NULL{where}", owner, *values
    )
    return int(rows[0]["count"])


def _place_sql(ordering: AccountOrdering) -> str:
    """The integer to order by; accounts that were never used come last in both directions."""
    if ordering.field is AccountOrderField.PRIORITY:
        return "a.priority"
    if ordering.field is AccountOrderField.CREATED_AT:
        return "a.id"  # ids grow with time
    milliseconds = (
        "CAST(ROUND((julianday(a.last_used_at) - 2440587.5) * 86400000) AS INTEGER)"
        if is_sqlite()
        else "CAST(extract(epoch FROM a.last_used_at) * 1000 AS BIGINT)"
    )
    return f"COALESCE({milliseconds}, {0 if ordering.is_descending else 2**62})"


def _where(conditions: AccountConditions) -> tuple[str, list[Any]]:
    pieces: list[str] = []
    values: list[Any] = []
    lists: tuple[tuple[str, Sequence[str] | None], ...] = (
        ("a.provider", conditions.providers),
        ("a.status", conditions.statuses),
        ("a.site", conditions.sites),
    )
    for column, wanted in lists:
        if wanted is not None:
            pieces.append(f"{column} IN ({places(wanted)})" if wanted else "1 = 0")
            values += [str(value) for value in wanted]
    day = today()
    for kind, availability in (
        (MediaKind.IMAGE, conditions.image_availability),
        (MediaKind.VIDEO, conditions.video_availability),
    ):
        if availability is not None:
            pieces.append(f"{availability_sql(kind, day)} = '{availability.value}'")
    if conditions.name_contains:
        escaped = "".join(f"\\{letter}" if letter in "\\%_" else letter for letter in conditions.name_contains)
        pieces.append("UPPER(a.name) LIKE UPPER(?) ESCAPE '\\'")
        values.append(f"%{escaped}%")
    return "".join(f" AND {piece}" for piece in pieces), values


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
    """Returns for each account its active cooldowns, ordered by their end; one statement."""
    found = await owned_rows_sql(
        "SELECT c.account_id, c.kind, c.model, c.until_ms, c.reason FROM account a JOIN account_cooldown c"
        f" ON c.account_id = a.id WHERE a.owner = ? AND a.id IN ({places(account_ids)}) AND c.until_ms > {now_ms_sql()}"
        " ORDER BY c.until_ms, c.id",
        owner,
        *account_ids,
    )
    by_id: dict[int, list[CoolingDown]] = defaultdict(list)
    for row in found:
        until = datetime.fromtimestamp(row["until_ms"] / 1000, UTC)
        kind = MediaKind(row["kind"]) if row["kind"] else None
        by_id[row["account_id"]].append(CoolingDown(kind, row["model"] or None, until, row["reason"]))
    return [tuple(by_id[account_id]) for account_id in account_ids]
