"""Work sources for the steps of attempts: submit, poll and finish, each with its own actor.

No step waits for a result: between steps an attempt is only a row. Leases of running steps are extended together.
"""

from collections.abc import Awaitable, Callable, Sequence

from models.enums import AttemptState
from services.generation.attempts import StepLease, claim_steps, extend_steps, next_due_ms, release_step
from services.generation.finishing import finish_step
from services.generation.polling import claim_accounts, extend_accounts, next_poll_due_ms, poll_step, release_account
from services.generation.submitting import submit_step
from services.generation.telemetry import attempt_span
from services.platform.leases import Lease
from services.worker.work_loop import CLAIM_BATCH_SIZE
from settings import Settings


class StepSource:
    """Claims steps of attempts in one state: PLACED attempts are submitted, FETCHING attempts are finished."""

    batch_size = CLAIM_BATCH_SIZE

    def __init__(
        self,
        state: AttemptState,
        settings: Settings,
        do: Callable[[StepLease], Awaitable[None]],
        on_done: Callable[[], None] | None = None,
    ) -> None:
        """do: runs one step. on_done: called after each step, because other kinds of work may then be due."""
        self._state = state
        self._settings = settings
        self._do = do
        self._on_done = on_done

    async def claim(self, limit: int, running: Sequence[StepLease]) -> list[StepLease]:
        return await claim_steps(self._state, limit, self._settings.lease_seconds)

    async def do(self, step: StepLease) -> None:
        await self._do(step)
        if self._on_done is not None:
            self._on_done()

    async def extend(self, steps: Sequence[StepLease]) -> None:
        await extend_steps(steps, self._settings.lease_seconds)

    async def release(self, steps: Sequence[StepLease]) -> None:
        """Makes the steps due at once. An attempt whose request was already sent is looked up, never sent again."""
        for step in steps:
            await release_step(step)

    async def next_due_seconds(self) -> float | None:
        return _seconds(await next_due_ms([self._state]))


def submits(settings: Settings, on_done: Callable[[], None]) -> StepSource:
    async def submit(step: StepLease) -> None:
        async with attempt_span("generation submit", step.attempt):
            await submit_step(step)

    return StepSource(AttemptState.PLACED, settings, submit, on_done)


def finishes(settings: Settings) -> StepSource:
    async def finish(step: StepLease) -> None:
        async with attempt_span("generation finish", step.attempt):
            await finish_step(step, settings)

    return StepSource(AttemptState.FETCHING, settings, finish)


class PollSource:
    """Claims accounts with attempts to poll: one request per account and kind covers all of its attempts in flight."""

    batch_size = CLAIM_BATCH_SIZE

    def __init__(self, settings: Settings, on_freed: Callable[[], None]) -> None:
        """on_freed: called when a poll released slots or found results to fetch."""
        self._settings = settings
        self._on_freed = on_freed

    async def claim(self, limit: int, running: Sequence[Lease]) -> list[Lease]:
        return await claim_accounts(limit, self._settings.lease_seconds)

    async def do(self, claim: Lease) -> None:
        if await poll_step(claim):
            self._on_freed()

    async def extend(self, claims: Sequence[Lease]) -> None:
        await extend_accounts(claims, self._settings.lease_seconds)

    async def release(self, claims: Sequence[Lease]) -> None:
        for claim in claims:
            await release_account(claim)

    async def next_due_seconds(self) -> float | None:
        return _seconds(await next_poll_due_ms())


def _seconds(wait_ms: int | None) -> float | None:
    return None if wait_ms is None else wait_ms / 1000
