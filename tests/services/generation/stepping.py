"""Steps of all attempts that are due, for tests."""

import asyncio
from typing import Any

from models.enums import (
    AttemptState,
    MediaKind,
)
from models.generation import Attempt
from models.generation_requests import AccountStrategy
from models.jobs import Job
from services.generation.attempts import claim_steps
from services.generation.polling import claim_accounts, poll_step
from services.generation.submitting import submit_step
from services.worker.scheduling import schedule
from tests.pool_factories import attempts_of, make_generation


async def submit_all() -> int:
    steps = await claim_steps(AttemptState.PLACED, 100, 60)
    await asyncio.gather(*(submit_step(step) for step in steps))
    return len(steps)


async def poll_all() -> int:
    return sum([await poll_step(claim) for claim in await claim_accounts(100)])


async def submitted(strategy: AccountStrategy | None = None, **values: Any) -> tuple[Job, Attempt]:
    """A submitted job, accepted by the upstream unless that was told to respond otherwise."""
    job = await make_generation(strategy=strategy, **values)
    await schedule(MediaKind.IMAGE)
    await submit_all()
    return await Job.get(id=job.id), (await attempts_of(job))[-1]


async def newest(job: Job) -> tuple[Job, Attempt]:
    return await Job.get(id=job.id), (await attempts_of(job))[-1]
