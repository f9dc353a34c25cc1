"""Work sources for account maintenance: session and balance checks, second looks, daily free credits, and measuring
charges.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from services.accounts.health_checks import MAX_CHECKS, check_health, claim_checks, release_check
from services.accounts.looking import MAX_LOOKS, claim_looks, look, release_look
from services.accounts.receiving import claim_receiving, receive
from services.accounts.settling import MAX_SETTLING, claim_settlements, release_settlement, settle
from services.platform.leases import Lease
from settings import Settings


class CheckSource:
    """Claims accounts whose health check is due, at most MAX_CHECKS at a time."""

    batch_size = MAX_CHECKS

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def claim(self, limit: int, running: Sequence[Lease]) -> list[Lease]:
        return await claim_checks(datetime.now(UTC), self._settings, limit)

    async def do(self, claim: Lease) -> None:
        await check_health(claim, self._settings)

    async def extend(self, claims: Sequence[Lease]) -> None:
        """Does nothing: the lease is longer than any check takes."""

    async def release(self, claims: Sequence[Lease]) -> None:
        for claim in claims:
            await release_check(claim)

    async def next_due_seconds(self) -> float | None:
        """Returns None: the tick sends a message every few seconds, which is soon enough."""
        return None


class LookSource:
    """Claims accounts that upstream is to be asked about once more, at most MAX_LOOKS at a time."""

    batch_size = MAX_LOOKS

    def __init__(self, on_done: Callable[[], None]) -> None:
        """on_done: called after each account, because it may take waiting jobs again."""
        self._on_done = on_done

    async def claim(self, limit: int, running: Sequence[Lease]) -> list[Lease]:
        return await claim_looks(limit)

    async def do(self, claim: Lease) -> None:
        await look(claim)
        self._on_done()

    async def extend(self, claims: Sequence[Lease]) -> None:
        """Does nothing: the lease is longer than any look takes."""

    async def release(self, claims: Sequence[Lease]) -> None:
        for claim in claims:
            await release_look(claim)

    async def next_due_seconds(self) -> float | None:
        """Returns None: the tick sends a message every second in which a look is due."""
        return None


class CreditSource:
    """Claims accounts whose daily free credits the scheduler has requested; each is claimed once a day."""

    batch_size = 8

    def __init__(self, settings: Settings, on_done: Callable[[], None]) -> None:
        """on_done: called after each account, because its credits may allow waiting jobs to be placed."""
        self._settings = settings
        self._on_done = on_done

    async def claim(self, limit: int, running: Sequence[int]) -> list[int]:
        return await claim_receiving(limit, datetime.now(UTC), self._settings.timezone)

    async def do(self, account_id: int) -> None:
        await receive(account_id, datetime.now(UTC))
        self._on_done()

    async def extend(self, account_ids: Sequence[int]) -> None:
        """Does nothing: a claim lasts for the day."""

    async def release(self, account_ids: Sequence[int]) -> None:
        """Does nothing: it is unknown whether upstream has granted the credits, and the next day brings new ones."""

    async def next_due_seconds(self) -> float | None:
        """Returns None: the scheduler sends the message."""
        return None


class SettlementSource:
    """Claims accounts with tasks whose charge is to be looked for upstream, at most MAX_SETTLING at a time."""

    batch_size = MAX_SETTLING

    def __init__(self, settings: Settings, on_measured: Callable[[], None]) -> None:
        """on_measured: called after charges became known, since jobs may wait for them because of a budget."""
        self._settings = settings
        self._on_measured = on_measured

    async def claim(self, limit: int, running: Sequence[Lease]) -> list[Lease]:
        return await claim_settlements(self._settings, limit)

    async def do(self, claim: Lease) -> None:
        if await settle(claim, self._settings):
            self._on_measured()

    async def extend(self, claims: Sequence[Lease]) -> None:
        """Does nothing: the lease is longer than a look takes."""

    async def release(self, claims: Sequence[Lease]) -> None:
        for claim in claims:
            await release_settlement(claim)

    async def next_due_seconds(self) -> float | None:
        """Returns None: the tick sends a message when a look is due."""
        return None
