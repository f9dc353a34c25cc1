"""Sums over all accounts of an owner, read with one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.database import now_ms_sql
from models.enums import AccountStatus, MediaKind, Site
from services.accounts.pool.cooling import present_limit
from services.platform.owned import owned_rows_sql
from services.queries.accounts import Availability, availability_sql, in_flight_sql, today


@dataclass(frozen=True)
class KindSummary:
    """An account for one kind. learned: the slot limit learned from refusals; held: slots of the kind in use."""

    availability: Availability
    learned: int | None
    held: int


@dataclass(frozen=True)
class AccountSummary:
    """The values of an account that the sums need. seconds_since_learned: since the learned limits were set."""

    site: Site | None
    status: AccountStatus
    credit_balance: int | None
    max_concurrent: int
    in_flight: int
    is_cooling: bool
    seconds_since_learned: float
    kinds: dict[MediaKind, KindSummary]

    def is_available(self, kind: MediaKind) -> bool:
        return self.status is AccountStatus.ACTIVE and self.kinds[kind].availability is Availability.AVAILABLE

    def free_slots(self, kind: MediaKind) -> int:
        """The number of slots that are free for the kind now; 0 if the account is not available."""
        if not self.is_available(kind):
            return 0
        of_kind = self.kinds[kind]
        limit = present_limit(of_kind.learned, self.max_concurrent, seconds_since=self.seconds_since_learned)
        return max(0, min(self.max_concurrent - self.in_flight, limit - of_kind.held))


@dataclass(frozen=True)
class SiteSum:
    site: Site
    total: int
    active: int
    credit_balance: int


@dataclass(frozen=True)
class AccountSums:
    """rate_limited: active accounts that are cooling down for pictures, clips or both; cooling_down: active accounts
    with any cooldown.
    """

    total: int
    active: int
    inactive: int
    banned: int
    image_available: int
    video_available: int
    rate_limited: int
    cooling_down: int
    in_flight: int
    image_capacity: int
    video_capacity: int
    credit_balance: int
    by_site: tuple[SiteSum, ...]


async def account_statistics(owner: str) -> AccountSums:
    return sum_up(await _summaries(owner))


def sum_up(accounts: Sequence[AccountSummary]) -> AccountSums:
    active = [account for account in accounts if account.status is AccountStatus.ACTIVE]
    sites = [site for site in Site if any(account.site is site for account in accounts)]
    return AccountSums(
        total=len(accounts),
        active=len(active),
        inactive=sum(account.status is AccountStatus.INACTIVE for account in accounts),
        banned=sum(account.status is AccountStatus.BANNED for account in accounts),
        image_available=sum(account.is_available(MediaKind.IMAGE) for account in accounts),
        video_available=sum(account.is_available(MediaKind.VIDEO) for account in accounts),
        rate_limited=sum(
            any(of_kind.availability is Availability.RATE_LIMITED for of_kind in account.kinds.values())
            for account in active
        ),
        cooling_down=sum(account.is_cooling for account in active),
        in_flight=sum(account.in_flight for account in accounts),
        image_capacity=sum(account.free_slots(MediaKind.IMAGE) for account in accounts),
        video_capacity=sum(account.free_slots(MediaKind.VIDEO) for account in accounts),
        credit_balance=_credits(accounts),
        by_site=tuple(_of_site(site, accounts) for site in sites),
    )


def _of_site(site: Site, accounts: Sequence[AccountSummary]) -> SiteSum:
    there = [account for account in accounts if account.site is site]
    active = sum(account.status is AccountStatus.ACTIVE for account in there)
    return SiteSum(site, len(there), active, _credits(there))


def _credits(accounts: Sequence[AccountSummary]) -> int:
    return sum(account.credit_balance or 0 for account in accounts)


async def _summaries(owner: str) -> list[AccountSummary]:
    day = today()
    kinds = ", ".join(_columns_sql(kind, day) for kind in MediaKind)
    rows = await owned_rows_sql(
        "WITH a AS (SELECT * FROM account WHERE owner = ? AND deleted_at IS NULL)"
        f" SELECT a.site, a.status, a.credit_balance, a.max_concurrent, {in_flight_sql()} AS in_flight, {kinds},"
        " CASE WHEN EXISTS (SELECT 1 FROM account_cooldown c WHERE c.account_id = a.id"
        f" AND c.until_ms > {now_ms_sql()}) THEN 1 ELSE 0 END AS is_cooling,"
        f" {now_ms_sql()} - a.learned_at_ms AS learned_ms_ago FROM a",
        owner,
    )
    return [_summary(row) for row in rows]


def _columns_sql(kind: MediaKind, day: str) -> str:
    name, condition = kind.value.lower(), f"t.kind = '{kind.value}'"
    return (
        f"{availability_sql(kind, day)} AS {name}_availability, a.learned_{name}_limit AS {name}_learned,"
        f" {in_flight_sql(condition)} AS {name}_held"
    )


def _summary(row: dict[str, Any]) -> AccountSummary:
    return AccountSummary(
        site=Site(row["site"]) if row["site"] else None,
        status=AccountStatus(row["status"]),
        credit_balance=row["credit_balance"],
        max_concurrent=row["max_concurrent"],
        in_flight=int(row["in_flight"]),
        is_cooling=bool(row["is_cooling"]),
        seconds_since_learned=row["learned_ms_ago"] / 1000,
        kinds={
            kind: KindSummary(
                Availability(row[f"{kind.value.lower()}_availability"]),
                row[f"{kind.value.lower()}_learned"],
                int(row[f"{kind.value.lower()}_held"]),
            )
            for kind in MediaKind
        },
    )
