"""Attempts of jobs on an account or provider, and tasks as upstream reports them."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from models.accounts import Account as AccountRow
from models.enums import AttemptOutcome, CreditsSource, Site
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
RouteLength = Annotated[int | None, strawberry.argument(description="The most candidates to return; default 10.")]
MAX_ROUTE_ENTRIES = 200


@strawberry.type(description="An account that was considered when a job was scheduled.")
class RouteCandidate:
    account: LazyAccount = strawberry.field(description="The account.")
    chosen: bool = strawberry.field(description="Whether it was chosen.")
    reason: str | None = strawberry.field(description="Why it was not chosen; null for the chosen account.")
    until: datetime | None = strawberry.field(description="Until when that reason holds, if known.")


@strawberry.type(description="One attempt of a job: its account, upstream's id, outcome and cost.")
class Attempt(Node):
    row: strawberry.Private[AttemptRow]
    number: int = strawberry.field(description="From 1 within the job.")
    provider: str = strawberry.field(description="The provider.")
    site: Site | None = strawberry.field(description="The site that it runs on.")
    history_id: str | None = strawberry.field(description="Upstream's id of the task, once accepted.")
    outcome: AttemptOutcome = strawberry.field(description="How it ended.")
    error: JobError | None = strawberry.field(description="Why it failed, or why it is being retried.")
    credits_expected: int | None = strawberry.field(
        description="What it was expected to cost when it was given its account; null where the price is unknown."
    )
    credits_spent: int | None = strawberry.field(
        description="What upstream charged, less what it gave back: the expected credits from its acceptance on, until "
        "the charge is measured. Null before that, or unknown."
    )
    credits_source: CreditsSource | None = strawberry.field(
        description="Where creditsSpent, or before that creditsExpected, is known from; null where it is unknown."
    )
    polls: int = strawberry.field(description="How often upstream was polled for it.")
    started_at: datetime = strawberry.field(description="When it was given a slot.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")

    @resolved("The account that it ran on; null for a provider without accounts.")
    async def account(self, info: Info) -> LazyAccount | None:
        from schema.accounts import Account

        return await linked(info.context.loaders.past_account_by_id, self.row.account_id, Account.from_row)

    @resolved("Why this account was chosen: every candidate, and why others were not.")
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
            credits_expected=row.credits_expected,
            credits_spent=row.credits_spent,
            credits_source=row.credits_source,
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
    description="A task as upstream reports it. status is upstream's code: 20 waiting, 42 and 45 running, 50 "
    "done, 30 failed, or any other that it sends."
)
class UpstreamTask:
    history_id: str = strawberry.field(description="Upstream's id of the task.")
    task_type: UpstreamTaskType = strawberry.field(description="What it makes.")
    status: int = strawberry.field(description="Upstream's status code.")
    fail_code: str | None = strawberry.field(description="Upstream's error code; null if it did not fail.")
    item_count: int = strawberry.field(description="The number of results.")
    results: list[str] = strawberry.field(description="Upstream's links to the results; they expire.")
    raw_data: JSON | None = strawberry.field(description="Upstream's whole response, if available.")

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
