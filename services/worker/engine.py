"""The pool at work in one process: schedules, submits, polls and finishes, each with room of its own.

All steps are tasks of the process's event loop, and none waits for a picture: between its steps an attempt is a row.
Whoever says "look" only wakes the loops; each of them also looks by itself when its next step is due, at least once a
second. The leases of all that is under way are kept together; a step that is cut off (the process is killed) is due
again when its lease runs out.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from typing import Generic, TypeVar

import structlog

from models.accounts import Account
from models.database import transaction
from models.enums import AttemptState, MediaKind
from providers.pooled import UpstreamFaultError
from services.accounts.health_checks import WARMED_AT_ONCE, WarmClaim, claim_looks, give_back_look, look
from services.accounts.pool.account_updates import exhaust, note_balance, take_up_receiving
from services.accounts.pool.quota import quota_day
from services.accounts.pool.scheduling import give_lease_up, take_lease
from services.accounts.sessions import credential_of
from services.generation.attempts import Step, claim_steps, hand_back_step, keep_steps, next_due_ms
from services.generation.finishing import finish_step
from services.generation.polling import PollClaim, claim_accounts, give_back, keep_claims, next_poll_due_ms, poll_step
from services.generation.submitting import submit_step
from services.generation.telemetry import attempt_span
from services.platform.metrics.recording import note_scheduling
from services.platform.providers import pooled_provider
from services.stores.jobs.waits import look_again
from services.worker.scheduling import schedule
from settings import Settings

log = structlog.get_logger(__name__)

Held = TypeVar("Held")

TICK_SECONDS = 1.0
WARM_TICK_SECONDS = 3.0
COALESCE_SECONDS = 0.02
"Slots that become free together are given away together."
POLLS_AT_ONCE = 200
FINISHES_AT_ONCE = 16
MOST_CLAIMED = 50


class _Crew(Generic[Held]):
    """Tasks of one sort with what each holds, at most so many at once. When there is room again, `wake` is set."""

    def __init__(self, name: str, most: int) -> None:
        self.name = name
        self.most = most
        self.wake = asyncio.Event()
        self.tasks: dict[asyncio.Task[None], Held] = {}

    @property
    def room(self) -> int:
        return self.most - len(self.tasks)

    @property
    def held(self) -> list[Held]:
        return list(self.tasks.values())

    def start(self, work: Awaitable[object], held: Held) -> None:
        task = asyncio.create_task(self._guarded(work))
        self.tasks[task] = held
        task.add_done_callback(self._done)

    async def _guarded(self, work: Awaitable[object]) -> None:
        try:
            await work
        except Exception:
            log.exception(f"{self.name}.broke")

    def _done(self, task: "asyncio.Task[None]") -> None:
        self.tasks.pop(task, None)
        self.wake.set()

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks)


class Engine:
    """Belongs to one event loop. kinds: those that this process serves."""

    def __init__(self, settings: Settings, worker: str, kinds: Collection[MediaKind] = tuple(MediaKind)) -> None:
        self._settings = settings
        self._worker = worker
        self._kinds = tuple(kinds)
        self._schedule_wake = asyncio.Event()
        self._submits: _Crew[Step] = _Crew("submit", settings.generations_at_once)
        self._polls: _Crew[PollClaim] = _Crew("poll", POLLS_AT_ONCE)
        self._finishes: _Crew[Step] = _Crew("finish", max(FINISHES_AT_ONCE, settings.generations_at_once // 4))
        self._receiving: _Crew[int] = _Crew("receive", 8)
        self._looks: _Crew[WarmClaim] = _Crew("warm", WARMED_AT_ONCE)
        self._loops: list[asyncio.Task[None]] = []

    def start(self) -> None:
        if self._kinds:
            loops = [self._scheduling, self._submitting, self._polling, self._finishing, self._keeping]
            if self._settings.warm_seconds:
                loops.append(self._warming)
            self._loops = [asyncio.create_task(self._kept_going(loop)) for loop in loops]

    def wake(self) -> None:
        """Something may be due: a new job, a free slot, an account that came back."""
        self._schedule_wake.set()
        for crew in (self._submits, self._polls, self._finishes):
            crew.wake.set()

    async def stop(self) -> None:
        """Ends all steps; those that are cut off are handed back or run out."""
        for loop in self._loops:
            loop.cancel()
        if self._loops:
            await asyncio.wait(self._loops)
        for crew in (self._submits, self._polls, self._finishes, self._receiving, self._looks):
            await crew.stop()
        with contextlib.suppress(Exception):
            await give_lease_up(self._worker)

    async def _kept_going(self, loop: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await loop()
            except Exception as error:  # the database may be away for a moment
                log.warning("engine.loop_failed", loop=loop.__name__, error=type(error).__name__, exc_info=True)
                await asyncio.sleep(TICK_SECONDS)

    async def _keeping(self) -> None:
        """Keeps the leases of all that is under way; one that is lost all the same can write nothing any more."""
        seconds = self._settings.lease_seconds
        while True:
            await asyncio.sleep(seconds / 3)
            await keep_steps([*self._submits.held, *self._finishes.held], seconds)
            await keep_claims(self._polls.held, seconds)

    # ---------------------------------------------------------------- schedule

    async def _scheduling(self) -> None:
        seconds = 0.0
        while True:
            await _woken(self._schedule_wake, TICK_SECONDS)
            # A pass over much takes longer: between two of them there is room for what else uses the database.
            await asyncio.sleep(max(COALESCE_SECONDS, min(TICK_SECONDS, 2 * seconds)))
            seconds = 0.0
            self._schedule_wake.clear()
            for kind in self._kinds:
                if not await take_lease(kind, self._worker):
                    continue
                done = await schedule(kind)
                note_scheduling(kind.value, done.seconds, done.placed)
                seconds += done.seconds
                if done.placed:
                    self._submits.wake.set()
                if done.is_full:
                    self._schedule_wake.set()
                for account_id in done.wants_credits:
                    if self._receiving.room:
                        self._receiving.start(self._receive(account_id), account_id)

    async def _receive(self, account_id: int) -> None:
        """Receives an account's free credits of today, once; what that gave, or refused, is written down."""
        now = datetime.now(UTC)
        if not await take_up_receiving(account_id, quota_day(now, self._settings.timezone)):
            return
        account = await Account.get(id=account_id)
        provider, credential = pooled_provider(account.provider), credential_of(account)
        known, received = account.credit_balance or 0, 0
        try:
            received = await provider.receive_credits(credential)
        except UpstreamFaultError as fault:
            log.info("credits.not_received", account=account_id, kind=fault.kind.value, code=fault.upstream_code)
        try:
            balance = await provider.credit_balance(credential, fresh=True)
        except UpstreamFaultError:
            balance = known + received
        log.info("credits.received", account=account_id, received=received, balance=balance)
        await transaction(lambda: note_balance(account_id, balance))
        if balance > known:
            await look_again(account.owner)
            self._schedule_wake.set()
        else:
            await self._exhaust(account_id, now)

    async def _exhaust(self, account_id: int, now: datetime) -> None:
        async def body() -> None:
            for kind in MediaKind:
                await exhaust(account_id, kind, now)

        await transaction(body)

    # ---------------------------------------------------------------- submit, poll, finish

    async def _submitting(self) -> None:
        await self._claiming(self._submits, AttemptState.PLACED, self._submit)

    async def _finishing(self) -> None:
        await self._claiming(self._finishes, AttemptState.FETCHING, self._finish)

    async def _claiming(self, crew: _Crew[Step], state: AttemptState, do: Callable[[Step], Awaitable[None]]) -> None:
        while True:
            crew.wake.clear()
            steps = await claim_steps(state, min(crew.room, MOST_CLAIMED), self._settings.lease_seconds)
            for step in steps:
                crew.start(do(step), step)
            if len(steps) < MOST_CLAIMED or not crew.room:
                await _woken(crew.wake, _seconds(await next_due_ms([state])) if crew.room else TICK_SECONDS)

    async def _submit(self, step: Step) -> None:
        try:
            async with attempt_span("generation submit", step.attempt):
                await submit_step(step)
        except asyncio.CancelledError:
            await hand_back_step(step)  # one that is being sent is looked up at once
            raise
        self._schedule_wake.set()  # a refusal may have put the job back
        self._polls.wake.set()

    async def _finish(self, step: Step) -> None:
        try:
            async with attempt_span("generation finish", step.attempt):
                await finish_step(step, self._settings)
        except asyncio.CancelledError:
            await hand_back_step(step)
            raise

    async def _polling(self) -> None:
        crew = self._polls
        while True:
            crew.wake.clear()
            claims = await claim_accounts(min(crew.room, MOST_CLAIMED), self._settings.lease_seconds)
            for claim in claims:
                crew.start(self._poll(claim), claim)
            if len(claims) < MOST_CLAIMED:
                await _woken(crew.wake, _seconds(await next_poll_due_ms()))

    async def _poll(self, claim: PollClaim) -> None:
        try:
            freed = await poll_step(claim)
        except asyncio.CancelledError:
            await give_back(claim)
            raise
        if freed:
            self._schedule_wake.set()
            self._finishes.wake.set()

    # ---------------------------------------------------------------- warm accounts

    async def _warming(self) -> None:
        crew = self._looks
        while True:
            crew.wake.clear()
            for claim in await claim_looks(datetime.now(UTC), self._settings, crew.room):
                crew.start(self._look(claim), claim)
            if crew.room:
                await asyncio.sleep(WARM_TICK_SECONDS)
            else:
                await _woken(crew.wake, TICK_SECONDS)

    async def _look(self, claim: WarmClaim) -> None:
        try:
            await look(claim, self._settings)
        except asyncio.CancelledError:
            await give_back_look(claim)
            raise


async def _woken(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(0.005, seconds)):
            await event.wait()


def _seconds(wait_ms: int | None) -> float:
    """Until the next step is due, at most a second; a little where it is due and somebody else does it."""
    return TICK_SECONDS if wait_ms is None else min(TICK_SECONDS, max(0.05, wait_ms / 1000))
