"""Accounts of services that generate: the pool, what each may do now, and what may be changed about them."""

from datetime import UTC, datetime

import strawberry

from errors import EkonteError
from models.accounts import Account as AccountRow
from models.enums import AccountStatus, AccountType, MediaKind, Site
from schema.attempts import Attempt
from schema.context import Info
from schema.enums import OrderDirection
from schema.errors import ItemFailure
from schema.fields import resolved
from schema.paging import After, Connection, First, Node, child_connection
from services.accounts.pool.quota import next_reset
from services.queries.accounts import AccountOrderField, Availability, CoolingDown, Standing
from services.queries.children import ACCOUNT_ATTEMPTS
from settings import get_settings


@strawberry.type(description="A time of rest; kind and model null: all work.")
class Cooldown:
    kind: MediaKind | None = strawberry.field(description="What it gets no work of; null: of any kind.")
    model: str | None = strawberry.field(description="The model that it gets no work for; null: any.")
    until: datetime = strawberry.field(description="When it ends by itself.")
    reason: str = strawberry.field(description="Why, for people.")

    @staticmethod
    def of(cooldown: CoolingDown) -> "Cooldown":
        return Cooldown(kind=cooldown.kind, model=cooldown.model, until=cooldown.until, reason=cooldown.reason)


@strawberry.type(description="An account of a service that generates pictures and clips.")
class Account(Node):
    row: strawberry.Private[AccountRow]
    name: str = strawberry.field(description="Its owner's name for it.")
    provider: str = strawberry.field(description="jimeng, or another provider whose keys are pooled.")
    type: AccountType | None = strawberry.field(description="Which of the service's two worlds it is of.")
    site: Site | None = strawberry.field(description="The site that it works on.")
    status: AccountStatus = strawberry.field(description="Whether it is given work at all.")
    status_reason: str | None = strawberry.field(description="Why the account is inactive or banned, in words.")
    session_hint: str = strawberry.field(
        description="The last four characters of the session id. The whole is written and never read back."
    )
    priority: int = strawberry.field(description="Lower is used first by the PRIORITY strategy.")
    daily_image_limit: int | None = strawberry.field(description="Null: no limit but upstream's own.")
    daily_video_limit: int | None = strawberry.field(description="Null: no limit but upstream's own.")
    credit_balance: int | None = strawberry.field(
        description="Credits as of checkedAt, less what was begun since; null before the first check."
    )
    checked_at: datetime | None = strawberry.field(description="When upstream was last asked about it.")
    max_concurrent: int = strawberry.field(description="The most jobs that hold a slot of it at once.")
    consecutive_failures: int = strawberry.field(description="Calls that failed since one last went well.")
    last_used_at: datetime | None = strawberry.field(description="When it was last given work.")
    created_at: datetime = strawberry.field(description="When it was added.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")

    async def _standing(self, info: Info) -> Standing:
        return await info.context.loaders.standing_by_account_id.load(self.row.id)

    @resolved("Whether it can make pictures now, as far as it is active.")
    async def image_availability(self, info: Info) -> Availability:
        return (await self._standing(info)).image_availability

    @resolved("Whether it can make clips now, as far as it is active.")
    async def video_availability(self, info: Info) -> Availability:
        return (await self._standing(info)).video_availability

    @resolved("Pictures generated since the last quota reset.")
    async def image_count(self, info: Info) -> int:
        return (await self._standing(info)).image_count

    @resolved("Clips generated since the last quota reset.")
    async def video_count(self, info: Info) -> int:
        return (await self._standing(info)).video_count

    @resolved("Jobs that hold a slot of the account now.")
    async def in_flight(self, info: Info) -> int:
        return (await self._standing(info)).in_flight

    @resolved("Not given work of that kind or model before that time.")
    async def cooldowns(self, info: Info) -> list[Cooldown]:
        found = await info.context.loaders.cooldowns_by_account_id.load(self.row.id)
        return [Cooldown.of(cooldown) for cooldown in found]

    @resolved("The tries that ran on it, newest first.")
    async def attempts(
        self, info: Info, first: First = strawberry.UNSET, after: After = strawberry.UNSET
    ) -> Connection[Attempt]:
        return await child_connection(info, ACCOUNT_ATTEMPTS, self.row.id, Attempt.from_row, first=first, after=after)

    @resolved("When the counts of the day begin anew.")
    def quota_reset_at(self) -> datetime:
        return next_reset(datetime.now(UTC), get_settings().timezone)

    @staticmethod
    def from_row(row: AccountRow) -> "Account":
        return Account(
            row=row,
            id=strawberry.ID(row.global_id),
            name=row.name,
            provider=row.provider,
            type=row.type,
            site=row.site,
            status=row.status,
            status_reason=row.status_reason,
            session_hint=row.session_hint,
            priority=row.priority,
            daily_image_limit=row.daily_image_limit,
            daily_video_limit=row.daily_video_limit,
            credit_balance=row.credit_balance,
            checked_at=row.checked_at,
            max_concurrent=row.max_concurrent,
            consecutive_failures=row.consecutive_failures,
            last_used_at=row.last_used_at,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


@strawberry.type(description="The accounts of one site.")
class SiteStatistics:
    site: Site = strawberry.field(description="Which site.")
    total: int = strawberry.field(description="All of them.")
    active: int = strawberry.field(description="Those that are given work.")
    credit_balance: int = strawberry.field(description="Their credits, as far as they are known.")


@strawberry.type(description="The caller's accounts, summed up.")
class AccountStatistics:
    total: int = strawberry.field(description="All of them.")
    active: int = strawberry.field(description="Those that are given work.")
    inactive: int = strawberry.field(description="Those whose session has ended, or that were taken out.")
    banned: int = strawberry.field(description="Those that are punished upstream.")
    image_available: int = strawberry.field(description="Active ones that can make pictures now.")
    video_available: int = strawberry.field(description="Active ones that can make clips now.")
    rate_limited: int = strawberry.field(description="Active ones that rest from pictures, clips or both.")
    cooling_down: int = strawberry.field(description="Active ones that rest from anything, be it one model.")
    in_flight: int = strawberry.field(description="Jobs that hold a slot now.")
    image_capacity: int = strawberry.field(description="Generation slots that are free for pictures now.")
    video_capacity: int = strawberry.field(description="Generation slots that are free for clips now.")
    credit_balance: int = strawberry.field(description="Credits of all of them, as far as they are known.")
    by_site: list[SiteStatistics] = strawberry.field(description="The same by site, where there are any.")


# ---------------------------------------------------------------- inputs


@strawberry.input(description="Which accounts to list; all conditions hold at once.")
class AccountFilter:
    provider: list[str] | None = strawberry.field(default=strawberry.UNSET, description="Of one of these providers.")
    status: list[AccountStatus] | None = strawberry.field(
        default=strawberry.UNSET, description="In one of these states."
    )
    site: list[Site] | None = strawberry.field(default=strawberry.UNSET, description="On one of these sites.")
    image_availability: Availability | None = strawberry.field(
        default=strawberry.UNSET, description="With this availability for pictures, whatever its status."
    )
    video_availability: Availability | None = strawberry.field(
        default=strawberry.UNSET, description="With this availability for clips, whatever its status."
    )
    name_contains: str | None = strawberry.field(
        default=strawberry.UNSET, description="With these words in the name; small and capital letters are alike."
    )


@strawberry.input(description="In which order to list accounts.")
class AccountOrder:
    field: AccountOrderField = strawberry.field(description="What decides; the older one goes first among equals.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which way.")


@strawberry.input(
    description="site: CN for domestic accounts; for international ones the session's region prefix, else HK, unless "
    "given."
)
class NewAccountInput:
    name: str = strawberry.field(description="The caller's name for it, 1 to 200 characters.")
    provider: str | None = strawberry.field(default="jimeng", description="Whose account it is.")
    type: AccountType | None = strawberry.field(default=strawberry.UNSET, description="Needed for jimeng.")
    session_id: str = strawberry.field(
        description="What upstream knows the account by, 1 to 4096 printable ASCII characters without spaces, ; and ,."
    )
    site: Site | None = strawberry.field(default=strawberry.UNSET, description="Where it works, if that is known.")
    priority: int | None = strawberry.field(
        default=100, description="0 to 1,000,000; lower is used first by the PRIORITY strategy."
    )
    max_concurrent: int | None = strawberry.field(default=3, description="The most jobs at once, 1 to 100.")
    daily_image_limit: int | None = strawberry.field(
        default=strawberry.UNSET, description="The most pictures a day; null: no limit but upstream's own."
    )
    daily_video_limit: int | None = strawberry.field(
        default=strawberry.UNSET, description="The most clips a day; null: no limit but upstream's own."
    )


@strawberry.input(description="Between 1 and 1000 accounts. Each is created or refused on its own.")
class CreateAccountsInput:
    accounts: list[NewAccountInput] = strawberry.field(description="The accounts.")
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="The same request with the same key gets the same answer."
    )


@strawberry.input(
    description="Changing type or session derives the site anew; a type and a site that do not fit are refused; a null "
    "limit removes it. BANNED cannot be set by hand. What is not given stays."
)
class AccountChangesInput:
    id: strawberry.ID = strawberry.field(description="The account.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description="1 to 200 characters.")
    type: AccountType | None = strawberry.field(default=strawberry.UNSET, description="Another type.")
    session_id: str | None = strawberry.field(default=strawberry.UNSET, description="A new session.")
    site: Site | None = strawberry.field(default=strawberry.UNSET, description="Another site, or to keep it.")
    status: AccountStatus | None = strawberry.field(
        default=strawberry.UNSET, description="ACTIVE forgets reason and failures; INACTIVE takes it out."
    )
    priority: int | None = strawberry.field(default=strawberry.UNSET, description="0 to 1,000,000.")
    max_concurrent: int | None = strawberry.field(default=strawberry.UNSET, description="1 to 100.")
    daily_image_limit: int | None = strawberry.field(
        default=strawberry.UNSET, description="The most pictures a day; null removes the limit."
    )
    daily_video_limit: int | None = strawberry.field(
        default=strawberry.UNSET, description="The most clips a day; null removes the limit."
    )


@strawberry.input(description="Changes to at most 1000 accounts. Each is made or refused on its own.")
class UpdateAccountsInput:
    accounts: list[AccountChangesInput] = strawberry.field(description="The accounts, each once, and their changes.")


# ---------------------------------------------------------------- payloads


@strawberry.type(description="What was created and what was not.")
class CreateAccountsPayload:
    accounts: list[Account] = strawberry.field(description="The new accounts, in the order given.")
    failures: list[ItemFailure] = strawberry.field(description="Why the others were refused.")
    success_count: int = strawberry.field(description="How many were created.")
    failed_count: int = strawberry.field(description="How many were not.")


@strawberry.type(description="What was changed and what was not.")
class UpdateAccountsPayload:
    accounts: list[Account] = strawberry.field(description="The accounts as they are now, in the order given.")
    failures: list[ItemFailure] = strawberry.field(description="Why the others are as before.")
    success_count: int = strawberry.field(description="How many were changed.")
    failed_count: int = strawberry.field(description="How many were not.")


@strawberry.type(description="What was done with each account.")
class AccountsPayload:
    accounts: list[Account] = strawberry.field(description="The accounts as they are now, in the order given.")
    failures: list[ItemFailure] = strawberry.field(description="Why it could not be done with the others.")
    success_count: int = strawberry.field(description="With how many it was done.")
    failed_count: int = strawberry.field(description="With how many it was not.")


def failure(error: EkonteError, place: list[str], account_id: str | None) -> ItemFailure:
    """place: the item's; the error's own path goes on from there."""
    return ItemFailure.of(error, [*place, *error.path], account_id)
