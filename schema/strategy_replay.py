"""What would have come of the last attempts under another strategy, beside what really did."""

from datetime import UTC, datetime

import strawberry

from models.enums import MediaKind
from models.ids import global_id
from schema.fields import optional
from schema.generation_inputs import AccountStrategyInput
from services.accounts.pool.replaying import Tally
from services.queries import strategy_replay as read
from services.queries.strategy_replay import MAX_ATTEMPTS

ASSUMED = (
    "Jobs arrive as they did, and the pool's own rules place them. Assumed is: the accounts are the present ones, idle "
    "and without cooldowns at the beginning; a try that really happened (this job on this account) does what it did; a "
    "job that was rejected is rejected; else the account's nearest recorded attempt counts: if it failed, this one "
    "fails alike, each recorded failure once, and all else succeeds in the mean time of the account's successes, or of "
    "all accounts' where it has none. Cooldowns have no jitter. Credits and work of the other kind bound nothing."
)


@strawberry.input(description="What to replay, and how.")
class ReplayStrategyInput:
    kind: MediaKind = strawberry.field(description="Pictures or clips.")
    strategy: AccountStrategyInput | None = optional(
        "What to change: fields not given, or null, stay as each job had them, but for accountIds (empty: the whole "
        "pool) and switchOnTimeout. Null or not given: each job's own strategy, which shows how close a replay comes."
    )
    last: int | None = strawberry.field(
        default=200,
        description=f"The newest attempts that have ended, 1 to {MAX_ATTEMPTS}; those in progress are left out.",
    )
    since: datetime | None = optional("Only attempts from this time on.")
    batch_id: strawberry.ID | None = optional("Only attempts of this batch.")
    workflow_id: strawberry.ID | None = optional("Only attempts of this workflow.")


@strawberry.type(description="What came of the jobs, or would have.")
class ReplayOutcome:
    attempt_count: int = strawberry.field(description="Attempts on accounts.")
    succeeded_count: int = strawberry.field(description="Jobs that ended well.")
    failed_count: int = strawberry.field(description="Jobs that did not.")
    unplaced_count: int = strawberry.field(description="Jobs that no account took, not even two days later.")
    switch_count: int = strawberry.field(description="Attempts after the first of a job.")
    fault_count: int = strawberry.field(description="Attempts that failed.")
    wait_seconds_mean: float | None = strawberry.field(
        description="From a job's arrival to its first attempt, on average; null without jobs."
    )
    wait_seconds_p95: float | None = strawberry.field(description="19 of 20 waited no longer; null without jobs.")
    last_end_seconds: float | None = strawberry.field(
        description="From the first arrival to the end of the last attempt; null without jobs."
    )
    credits_spent: int | None = strawberry.field(
        description="What the attempts cost; null where the price of one is unknown."
    )
    known_credits_spent: int = strawberry.field(description="What the attempts cost of which it is known.")
    unpriced_count: int = strawberry.field(description="Attempts of which it is unknown.")

    @staticmethod
    def of(tally: Tally, began_at_ms: int | None) -> "ReplayOutcome":
        is_empty = began_at_ms is None or tally.last_end_ms is None
        return ReplayOutcome(
            attempt_count=tally.tries,
            succeeded_count=tally.succeeded,
            failed_count=tally.failed,
            unplaced_count=tally.never_placed,
            switch_count=tally.switches,
            fault_count=tally.faults,
            wait_seconds_mean=read.mean_seconds(tally.waits_ms),
            wait_seconds_p95=read.quantile_seconds(tally.waits_ms, 0.95),
            last_end_seconds=None if is_empty else ((tally.last_end_ms or 0) - (began_at_ms or 0)) / 1000,
            credits_spent=None if tally.unpriced else tally.credits,
            known_credits_spent=tally.credits,
            unpriced_count=tally.unpriced,
        )


@strawberry.type(description="How often an account was chosen, and would have been.")
class ReplayedAccount:
    account_id: strawberry.ID = strawberry.field(description="The account; it may have been deleted since.")
    actual_count: int = strawberry.field(description="Attempts that really ran on it.")
    replayed_count: int = strawberry.field(description="Attempts that would have run on it.")


@strawberry.type(description=f"A replay of attempts under a strategy. {ASSUMED}")
class StrategyReplay:
    job_count: int = strawberry.field(description="The jobs that the attempts belong to; a run of a job counts as one.")
    began_at: datetime | None = strawberry.field(description="When the first of them arrived; null without jobs.")
    actual: ReplayOutcome = strawberry.field(description="What really happened.")
    replayed: ReplayOutcome = strawberry.field(description="What would have.")
    accounts: list[ReplayedAccount] = strawberry.field(
        description="All accounts that were chosen in one of both, the most used first."
    )

    @staticmethod
    def of(found: read.StrategyReplay) -> "StrategyReplay":
        actual, replayed = found.actual.by_account, found.replayed.by_account
        ids = sorted({*actual, *replayed}, key=lambda each: (-actual.get(each, 0), -replayed.get(each, 0), each))
        return StrategyReplay(
            job_count=found.jobs,
            began_at=None if found.began_at_ms is None else datetime.fromtimestamp(found.began_at_ms / 1000, UTC),
            actual=ReplayOutcome.of(found.actual, found.began_at_ms),
            replayed=ReplayOutcome.of(found.replayed, found.began_at_ms),
            accounts=[
                ReplayedAccount(
                    account_id=strawberry.ID(global_id("Account", each)),
                    actual_count=actual.get(each, 0),
                    replayed_count=replayed.get(each, 0),
                )
                for each in ids
            ],
        )
