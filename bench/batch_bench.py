"""Sizes, result table and cost counters of the batch benchmark."""

import asyncio
import math
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.pool import DEAD
from tests.acceptance.pool import Pool, Site

URGENT_PERCENT = 10
PATIENCE_SECONDS = 3600.0
RICH = {"gift_credit": 1_000_000}


@dataclass(frozen=True)
class Sizes:
    """pictures, accounts, seconds: of the large batch, with `slots` per account. Other runs: side_pictures per batch,
    side_accounts with as many slots, side_seconds per image; singles: urgent generations, or ones with callbacks.
    """

    pictures: int = 1000
    accounts: int = 20
    slots: int = 3
    seconds: float = 20.0
    side_pictures: int = 120
    side_accounts: int = 10
    side_seconds: float = 2.0
    drawings: int = 40
    singles: int = 7

    @property
    def usable_slots(self) -> int:
        """None is kept for URGENT: the batch's owner has not used it."""
        return (self.accounts - DEAD) * self.slots

    @property
    def bound_seconds(self) -> float:
        return math.ceil(self.pictures / self.usable_slots) * self.seconds


SMALL = Sizes(60, 8, 3, 2.0, side_pictures=24, side_accounts=3, side_seconds=1.0, drawings=12, singles=3)


@dataclass
class Table:
    """The results, printed as they are added and again at the end."""

    rows: list[tuple[str, str]] = field(default_factory=list)

    def add(self, what: str, figure: str) -> None:
        self.rows.append((what, figure))
        print(f"{what}: {figure}", flush=True)

    def show(self) -> None:
        width = max(len(what) for what, _ in self.rows)
        print("\n" + "\n".join(f"| {what:<{width}} | {figure} |" for what, figure in self.rows))


@dataclass(frozen=True)
class Counted:
    """Statements of the server, requests to upstream by endpoint, CPU seconds of the server and its children."""

    statements: int
    requests: Counter[str]
    cpu_seconds: float

    def __sub__(self, before: "Counted") -> "Counted":
        requests = Counter(self.requests)
        requests.subtract(before.requests)
        return Counted(self.statements - before.statements, requests, self.cpu_seconds - before.cpu_seconds)


@dataclass
class Bench:
    site: Site
    sizes: Sizes
    table: Table
    statements: Path

    async def owner(self, user: str) -> Pool:
        await asyncio.to_thread(self.site.deployment.token, user)
        return self.site.pool(user)

    async def side_pool(self, user: str) -> Pool:
        """A new owner with its own accounts."""
        pool = await self.owner(user)
        await self.add_accounts(pool, self.sizes.side_accounts)
        return pool

    async def add_accounts(self, pool: Pool, count: int) -> None:
        names = [f"{pool.user}-{number:04}" for number in range(1, count + 1)]
        await pool.add(*names, emulated=RICH, maxConcurrent=self.sizes.slots)

    async def counted(self) -> Counted:
        await asyncio.sleep(0.3)  # lets running statements end and the count be written
        server = self.site.deployment.server
        assert server is not None
        family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
        times = [process.cpu_times() for process in family]
        return Counted(
            int(self.statements.read_text("ascii")),
            Counter(self.site.emulator.ask("statistics")["requests"]),
            sum(spent.user + spent.system for spent in times),
        )
