"""Benchmark of creating batches: `python -m bench.admission`, on SQLite and on PostgreSQL.

Batches of 1,000 images: new ones, from text and from an upload; with existing records and results; answered by cached
results; all skipped; with an error in each item; and a dry run. Measured in the service, and once through GraphQL,
which adds its own cost for such a large input: seconds, CPU seconds of the process, SQL statements, and the longest
time that the event loop was blocked. Canceling and retrying the batch are measured too.
"""

import argparse
import asyncio
import contextlib
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import resolvers
from bench.databases import NAMES, opened
from errors import EkonteError
from models.accounts import Account
from models.artifacts import JobFile
from models.batches import Batch
from models.database import execute, transaction
from models.enums import ExistingRecords, FileRole, FileState, JobStatus, MediaKind, Reuse, Site
from models.files import StoredFile
from models.generation_parameters import InputImage
from models.jobs import Job
from resolvers.context import build_context
from services.generation.batches.admission import create_batch
from services.generation.batches.batch_input import BatchInput, BatchItem
from services.generation.batches.canceling import cancel_batch
from services.generation.batches.retrying import retry_batch
from services.generation.generation_input import GenerationInput
from services.platform.identity import Viewer
from tests.statements import counted_with_transactions

OWNER, ITEMS, ROUNDS = "local", 1_000, 5
USUAL = frozenset({"ratio", "resolution", "model"})


@dataclass(frozen=True)
class Cost:
    seconds: float
    cpu_seconds: float
    statements: int
    longest_block_seconds: float


class _Blocks:
    """Measures the longest time that the event loop was blocked."""

    longest = 0.0

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._watch())
        await asyncio.sleep(0)
        try:
            yield
        finally:
            await asyncio.sleep(0)
            task.cancel()

    async def _watch(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            self.longest, last = max(self.longest, now - last), now


async def measured(do: Callable[[], Awaitable[object]]) -> Cost:
    blocks = _Blocks()
    async with blocks.watched():
        with counted_with_transactions() as made:
            began, began_cpu = time.perf_counter(), time.process_time()
            await do()
            seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - began_cpu
    return Cost(seconds, cpu_seconds, len(made), blocks.longest)


def asked(work: str, count: int, **values: Any) -> BatchInput:
    """values: fields of the batch, or of all items."""
    of_batch = {name: values.pop(name) for name in ("existing", "dry_run") if name in values}
    prompt = values.pop("prompt", "shot {}: a lighthouse in the rain, seen from the sea, evening light")
    items = [
        BatchItem(
            GenerationInput(
                kind=MediaKind.IMAGE,
                prompt=prompt.format(number),
                storyboard_id=f"shot-{number}",
                project_id="bench",
                work_id=work,
                ratio="1:1",
                resolution="2k",
                defaulted=USUAL,
                **values,
            )
        )
        for number in range(count)
    ]
    return BatchInput(MediaKind.IMAGE, "bench", work, items, **of_batch)


async def finish_all() -> None:
    """Lets all waiting jobs succeed with their own file, and publishes it to their records."""
    jobs = await Job.filter(status=JobStatus.PENDING)
    files = [
        StoredFile(owner=OWNER, sha256=f"{job.id:064}", content_type="image/png", bytes=1, state=FileState.READY)
        for job in jobs
    ]
    await StoredFile.bulk_create(files, batch_size=500)
    links = [
        JobFile(job_id=job.id, position=0, role=FileRole.CANDIDATE, file_id=file.id)
        for job, file in zip(jobs, files, strict=True)
    ]
    await JobFile.bulk_create(links, batch_size=500)
    await execute("UPDATE job SET status = 'SUCCEEDED', progress = 1 WHERE status = 'PENDING'")
    await execute("UPDATE generation_record SET shown_job_id = current_job_id, similarity_keys = NULL")


async def cancel_all() -> None:
    await execute("UPDATE job SET status = 'CANCELED' WHERE status IN ('PENDING', 'RUNNING')")


async def repeated(make: Callable[[int], BatchInput], rounds: int) -> Cost:
    """The median cost of several batches, each finished before the next one."""
    costs = []
    for number in range(rounds):
        costs.append(await measured(lambda number=number: create_batch(OWNER, make(number), None)))  # type: ignore[misc]
        await cancel_all()
    return Cost(
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.cpu_seconds for cost in costs),
        max(cost.statements for cost in costs),
        statistics.median(cost.longest_block_seconds for cost in costs),
    )


async def refuse(wanted: BatchInput) -> None:
    with contextlib.suppress(EkonteError):
        await create_batch(OWNER, wanted, None)
        raise AssertionError("the batch was accepted")


async def through_graphql(work: str, count: int) -> None:
    document = "mutation ($input: CreateImageBatchInput!) { createImageBatch(input: $input) { queueCount } }"
    wanted = [{"storyboardId": f"shot-{number}", "prompt": f"shot {number} of a storm"} for number in range(count)]
    viewer = Viewer(id=OWNER, name=OWNER, scopes=(), expires_at=None)
    result = await resolvers.schema.execute(
        document,
        variable_values={"input": {"projectId": "bench", "workId": work, "items": wanted}},
        context_value=build_context(viewer, "bench", None),
    )
    assert result.errors is None, result.errors


async def run(name: str, count: int, rounds: int) -> dict[str, Cost]:
    async with opened(name):
        await add_accounts()
        upload = await StoredFile.create(
            owner=OWNER, sha256="f" * 64, content_type="image/png", bytes=1, state=FileState.READY, is_upload=True
        )
        picture = (InputImage(upload.global_id),)
        found = {
            "new, from text": await repeated(lambda number: asked(f"text-{number}", count), rounds),
            "new, composed from an upload": await repeated(
                lambda number: asked(f"composed-{number}", count, inputs=picture), rounds
            ),
        }
        await create_batch(OWNER, asked("again", count), None)
        await finish_all()
        found["again, records exist"] = await repeated(lambda number: asked("again", count, seed=None), rounds)
        await cancel_all()
        await create_batch(OWNER, asked("again", count), None)
        await finish_all()
        found["answered by cached results"] = await repeated(
            lambda number: asked(f"reused-{number}", count, reuse=Reuse.EXACT), rounds
        )
        found["all skipped"] = await repeated(
            lambda number: asked("again", count, existing=ExistingRecords.SKIP), rounds
        )
        found["dry run"] = await repeated(lambda number: asked("dry", count, dry_run=True), rounds)
        found["an error in each item"] = await measured(lambda: refuse(asked("faulty", count, prompt=" ")))
        found["through GraphQL"] = await measured(lambda: through_graphql("graphql", count))
        batch = await Batch.all().order_by("-id").first()
        assert batch is not None
        found["canceling all"] = await measured(lambda: cancel_batch(OWNER, batch.id, None))
        await Job.filter(batch_id=batch.id).update(status=JobStatus.FAILED)
        found["retrying all"] = await measured(lambda: retry_batch(OWNER, batch.id, (), forces=False))
        return found


async def add_accounts() -> None:
    accounts = [
        Account(
            owner=OWNER,
            name=f"account {number}",
            provider="jimeng",
            site=Site.CN,
            session_sealed="-",
            session_hash=f"{number:064}",
            session_hint="0000",
        )
        for number in range(20)
    ]
    await transaction(lambda: Account.bulk_create(accounts))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--items", type=int, default=ITEMS)
    arguments.add_argument("--rounds", type=int, default=ROUNDS)
    options = arguments.parse_args()
    for name in NAMES:
        print(f"\n{f'{name}: {options.items} items':32}   seconds       CPU   statements   longest block")
        for what, cost in asyncio.run(run(name, options.items, options.rounds)).items():
            block = f"{cost.longest_block_seconds * 1000:.0f} ms"
            print(f"  {what:30} {cost.seconds:9.3f} {cost.cpu_seconds:9.3f} {cost.statements:12} {block:>15}")


if __name__ == "__main__":
    main()
