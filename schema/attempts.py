"""Attempts of jobs on an account or provider, and tasks as upstream reports them."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from models.accounts import Account as AccountRow
from models.enums import AttemptOutcome, Site
from models.generation import Attempt as AttemptRow
from providers.pooled import UpstreamTask as ToldTask
from schema.context import Info
from schema.enums import UpstreamTaskType
from schema.errors import JobError
from schema.fields import resolved
from schema.links import linked
from schema.paging import Node
from schema.scalars import JSON
from services.queries.attempts import RouteEntry

if TYPE_CHECKING:
    from schema.accounts import Account

LazyAccount = Annotated["Account", strawberry.lazy("schema.accounts")]
RouteLength = Annotated[int | None, strawberry.argument(description="How many candidates; 10 where not given.")]
MAX_ROUTE_ENTRIES = 200


@strawberry.type(description="An account that stood in question when a job was given away.")
class RouteCandidate:
    account: LazyAccount = strawberry.field(description="The account.")
    chosen: bool = strawberry.field(description="Whether it was taken.")
    reason: str | None = strawberry.field(description="What spoke against it; null for the account that was taken.")
    until: datetime | None = strawberry.field(description="Until when that holds, where it is known.")


@strawberry.type(
    description="One try: which account it ran on, what upstream called it, how it ended, and what it cost."
)
class Attempt(Node):
    row: strawberry.Private[AttemptRow]
    number: int = strawberry.field(description="From 1 within the job.")
    provider: str = strawberry.field(description="Who makes it.")
    site: Site | None = strawberry.field(description="The site that it runs on.")
    history_id: str | None = strawberry.field(description="What upstream calls it, once it has taken it.")
    outcome: AttemptOutcome = strawberry.field(description="How it ended.")
    error: JobError | None = strawberry.field(description="Why it ended, or is being tried again.")
    credits_spent: int | None = strawberry.field(
        description="Credits that it is taken to have cost, by the model's price; null before upstream has taken it."
    )
    polls: int = strawberry.field(description="How often upstream was asked about it.")
    started_at: datetime = strawberry.field(description="When it was given its slot.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")

    @resolved("The account that it ran on; null for a provider without accounts.")
    async def account(self, info: Info) -> LazyAccount | None:
        from schema.accounts import Account

        return await linked(info.context.loaders.past_account_by_id, self.row.account_id, Account.from_row)

    @resolved("Why this account: every candidate, and what spoke against it.")
    async def route(self, info: Info, first: RouteLength = 10) -> list[RouteCandidate]:
        if self.row.route_id is None:
            return []
        entries: tuple[RouteEntry, ...] = await info.context.loaders.route_by_id.load(self.row.route_id)
        taken = [entry for entry in entries if entry.account_id == self.row.account_id]
        others = [entry for entry in entries if entry.account_id != self.row.account_id]
        shown = [*taken, *others][: max(1, min(10 if first is None else first, MAX_ROUTE_ENTRIES))]
        accounts = await info.context.loaders.past_account_by_id.load_many([entry.account_id for entry in shown])
        return [
            _candidate(entry, account, self.row.account_id)
            for entry, account in zip(shown, accounts, strict=True)
            if account is not None
        ]

    @staticmethod
    def from_row(row: AttemptRow) -> "Attempt":
        return Attempt(
            row=row,
            id=strawberry.ID(row.global_id),
            number=row.number,
            provider=row.provider,
            site=row.site,
            history_id=row.history_id,
            outcome=row.outcome,
            error=JobError.maybe(row.error),
            credits_spent=row.credits_spent,
            polls=row.polls,
            started_at=row.created_at,
            finished_at=row.finished_at,
        )


def _candidate(entry: RouteEntry, account: AccountRow, taken_id: int | None) -> RouteCandidate:
    from schema.accounts import Account

    is_chosen = entry.account_id == taken_id
    return RouteCandidate(
        account=Account.from_row(account),
        chosen=is_chosen,
        reason=None if is_chosen else entry.reason or "Another account was preferred.",
        until=None if entry.until_ms is None else datetime.fromtimestamp(entry.until_ms / 1000, UTC),
    )


@strawberry.type(
    description="A task as upstream tells of it. status is upstream's own code: 20 waits, 42 and 45 are worked on, 50 "
    "is done, 30 failed, or another that it sends."
)
class UpstreamTask:
    history_id: str = strawberry.field(description="What upstream calls it.")
    task_type: UpstreamTaskType = strawberry.field(description="What it makes.")
    status: int = strawberry.field(description="Upstream's own code.")
    fail_code: str | None = strawberry.field(description="Upstream's own reason, where it failed.")
    item_count: int = strawberry.field(description="How many results there are.")
    results: list[str] = strawberry.field(description="Upstream's own links to them; they expire.")
    raw_data: JSON | None = strawberry.field(description="Upstream's whole answer, where it is at hand.")

    @staticmethod
    def of(task: ToldTask) -> "UpstreamTask":
        return UpstreamTask(
            history_id=task.history_id,
            task_type=_type(task.kind),
            status=task.status,
            fail_code=task.fail_code,
            item_count=task.item_count,
            results=list(task.links),
            raw_data=JSON(dict(task.raw)),
        )

    @staticmethod
    def of_attempt(row: AttemptRow) -> "UpstreamTask | None":
        """The newest state that upstream reported; None before the first report."""
        told = row.upstream
        if row.history_id is None or told is None:
            return None
        return UpstreamTask(
            history_id=row.history_id,
            task_type=_type(told.get("taskType") or row.kind.value),
            status=int(told.get("status") or 0),
            fail_code=told.get("failCode"),
            item_count=int(told.get("itemCount") or 0),
            results=[str(link) for link in told.get("results") or ()],
            raw_data=JSON(told["raw"]) if told.get("raw") is not None else None,
        )


def _type(kind: str | None) -> UpstreamTaskType:
    return UpstreamTaskType(kind) if kind in ("IMAGE", "VIDEO") else UpstreamTaskType.UNKNOWN
