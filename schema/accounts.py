"""Accounts of generation services: the pool, and what each account can do now."""

from datetime import datetime

import strawberry

from models.accounts import Account as AccountRow
from models.enums import AccountStatus, AccountType, MediaKind, Site
from models.ids import global_id
from schema.account_health import AccountHealth
from schema.attempts import Attempt
from schema.context import Info
from schema.errors import ItemFailure
from schema.fields import resolved
from schema.paging import Connection, Node, child_connection, paged
from services.platform.paging import PageRequest
from services.queries.accounts import AccountStanding, Availability, CoolingDown
from services.queries.children import ACCOUNT_ATTEMPTS
from services.queries.orders import ATTEMPT_ORDERS


@strawberry.type(description="A cooldown: a time without new work. kind and model null: for all work.")
class Cooldown:
    kind: MediaKind | None = strawberry.field(description="The kind that it gets no work of; null: any kind.")
    model: str | None = strawberry.field(description="The model that it gets no work for; null: any.")
    until: datetime = strawberry.field(description="When the cooldown ends.")
    reason: str = strawberry.field(description="The reason, as human-readable text.")

    @staticmethod
    def of(cooldown: CoolingDown) -> "Cooldown":
        return Cooldown(kind=cooldown.kind, model=cooldown.model, until=cooldown.until, reason=cooldown.reason)


@strawberry.type(description="An account of a service that generates pictures and clips.")
class Account(Node):
    row: strawberry.Private[AccountRow]
    name: str = strawberry.field(description="Its owner's name for it.")
    provider: str = strawberry.field(description="jimeng, or another provider whose keys are pooled.")
    type: AccountType | None = strawberry.field(
        description="Whether it belongs to the service's Chinese or international site."
    )
    site: Site | None = strawberry.field(description="The site that it works on.")
    status: AccountStatus = strawberry.field(description="Whether it is given work at all.")
    status_reason: str | None = strawberry.field(description="Why the account is inactive or banned.")
    session_hint: str = strawberry.field(description="The last four characters of the session id, which is write-only.")
    priority: int = strawberry.field(description="Lower is used first by the PRIORITY strategy.")
    daily_image_limit: int | None = strawberry.field(description="Null: no limit but upstream's own.")
    daily_video_limit: int | None = strawberry.field(description="Null: no limit but upstream's own.")
    credit_balance: int | None = strawberry.field(
        description="Credits at checkedAt, less those of generations started since; null before the first check."
    )
    checked_at: datetime | None = strawberry.field(description="When it was last checked upstream.")
    max_concurrent: int = strawberry.field(description="The most jobs that may hold a slot of it at once.")
    consecutive_failures: int = strawberry.field(description="Failed calls since the last successful one.")
    last_used_at: datetime | None = strawberry.field(description="When it was last given work.")
    created_at: datetime = strawberry.field(description="When it was added.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")

    async def _standing(self, info: Info) -> AccountStanding:
        return await info.context.loaders.standing_by_account_id.load(self.row.id)

    @resolved("Its availability for pictures now, apart from its status.")
    async def image_availability(self, info: Info) -> Availability:
        return (await self._standing(info)).image_availability

    @resolved("Its availability for clips now, apart from its status.")
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

    @resolved("Its current cooldowns: no work of that kind or model before that time.")
    async def cooldowns(self, info: Info) -> list[Cooldown]:
        found = await info.context.loaders.cooldowns_by_account_id.load(self.row.id)
        return [Cooldown.of(cooldown) for cooldown in found]

    @resolved("How well it does, and what speaks against it.")
    async def health(self, info: Info) -> AccountHealth:
        return AccountHealth.of(await info.context.loaders.health_by_account_id.load(self.row.id))

    @paged("The attempts that ran on it, newest first.", ATTEMPT_ORDERS)
    async def attempts(self, info: Info, request: PageRequest) -> Connection[Attempt] | None:
        return await child_connection(info, ACCOUNT_ATTEMPTS, self.row.id, request, Attempt.from_row)

    @resolved("When the daily counts are reset next.")
    def quota_reset_at(self, info: Info) -> datetime:
        return info.context.quota_reset_at()

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


@strawberry.type(description="A change of an account: exactly one of the two fields is set.")
class AccountChange:
    account: Account | None = strawberry.field(description="The new or changed account as it is now.")
    deleted_account_id: strawberry.ID | None = strawberry.field(
        description="The id of an account that was deleted; remove it from what you keep."
    )

    @staticmethod
    def of(account_id: int, row: AccountRow | None) -> "AccountChange":
        """row: None where the account was deleted."""
        if row is None:
            return AccountChange(account=None, deleted_account_id=strawberry.ID(global_id("Account", account_id)))
        return AccountChange(account=Account.from_row(row), deleted_account_id=None)


@strawberry.type(description="The created accounts, and why others were refused.")
class CreateAccountsPayload:
    accounts: list[Account] = strawberry.field(description="The new accounts, in the order given.")
    failures: list[ItemFailure] = strawberry.field(description="Why the others were refused.")
    success_count: int = strawberry.field(description="How many were created.")
    failed_count: int = strawberry.field(description="How many were not.")


@strawberry.type(description="The changed accounts, and why others were refused.")
class UpdateAccountsPayload:
    accounts: list[Account] = strawberry.field(description="The accounts as they are now, in the order given.")
    failures: list[ItemFailure] = strawberry.field(description="Why the others were not changed.")
    success_count: int = strawberry.field(description="How many were changed.")
    failed_count: int = strawberry.field(description="How many were not.")


@strawberry.type(description="The result for each account.")
class AccountsPayload:
    accounts: list[Account] = strawberry.field(description="The accounts as they are now, in the order given.")
    failures: list[ItemFailure] = strawberry.field(description="Why the operation failed for the others.")
    success_count: int = strawberry.field(description="For how many the operation succeeded.")
    failed_count: int = strawberry.field(description="For how many the operation failed.")
