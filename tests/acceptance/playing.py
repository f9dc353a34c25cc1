"""Scenarios that play at once on one deployment and emulator, each as a user of its own with accounts of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.acceptance.pool import Pool, Site

Scenario = Callable[[Pool, Path], Awaitable[None]]
Played = Mapping[str, BaseException | None]
"By scenario what went wrong."
PATIENCE_SECONDS = 300


def name_of(scenario: Scenario) -> str:
    return str(getattr(scenario, "__name__"))  # noqa: B009 - a Callable need not have one


def played(site: Site, scenarios: Sequence[Scenario], root: Path) -> Iterator[Played]:
    """For a fixture: plays all, hands out what became of each, and closes the site."""

    async def play(one: Scenario) -> None:
        # Each has its own patience: one that hangs is told by its name, with where it waited.
        async with site.pool(name_of(one)) as pool, asyncio.timeout(PATIENCE_SECONDS):
            await one(pool, root)

    async def play_all() -> list[BaseException | None]:
        await site.know_durations()
        for one in scenarios:
            site.deployment.token(name_of(one))
        return await asyncio.gather(*(play(one) for one in scenarios), return_exceptions=True)

    try:
        outcomes = asyncio.run(play_all())
        yield {name_of(one): outcome for one, outcome in zip(scenarios, outcomes, strict=True)}
    finally:
        site.close()
        for name, said in site.deployment.logs():  # shown by pytest where a test failed
            print(f"--- {name}", *[line for line in said.splitlines() if '"level":"info"' not in line][-60:], sep="\n")


def check(outcome: BaseException | None) -> None:
    """Raises what went wrong, if anything did."""
    if outcome is not None:
        raise outcome
