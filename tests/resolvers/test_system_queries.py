"""systemStatus: what is shown, to whom, and that it is true."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

import resolvers
from errors import ForbiddenError
from models.callbacks import CallbackDelivery, CallbackTry
from models.database import execute, now_ms_sql
from models.enums import JOB_QUEUES, DeliveryStatus, FileState, JobRole, JobStatus, JobType, Queue
from resolvers.context import build_context
from services.platform.files import use_storage
from services.platform.identity import LOCAL_VIEWER, Viewer
from services.platform.process_leases import ProcessNumber, process_number
from services.platform.version import VERSION
from services.queue.depths import queue_depths
from tests.factories import OTHER, OWNER, make_file, make_job
from tests.pool_factories import make_generation
from tests.resolvers.asking import ask
from tests.statements import counted_statements

pytestmark = pytest.mark.usefixtures("either_database")

QUEUES = "{ systemStatus { queues { name waiting delayed dead } } }"
WORKERS = "{ systemStatus { workers { name queues startedAt lastHeartbeatAt } } }"


@pytest.fixture(autouse=True)
def files(either_database: str, data_dir: Path) -> None:
    use_storage(None, data_dir)


async def due(job_id: int, in_ms: int | None) -> None:
    moment = "NULL" if in_ms is None else f"{now_ms_sql()} + {in_ms}"
    await execute(f"UPDATE job SET due_at_ms = {moment} WHERE id = ? RETURNING id", job_id)


async def queues() -> dict[str, tuple[int, int, int]]:
    rows = (await ask(QUEUES))["systemStatus"]["queues"]
    return {row["name"]: (row["waiting"], row["delayed"], row["dead"]) for row in rows}


async def test_it_returns_versions_load_and_storage(either_database: str) -> None:
    kept, other = await make_file(), await make_file(OTHER)
    await make_file(state=FileState.WRITING)
    answer = await ask(
        "{ systemStatus { version database broker cpuPercent memoryBytes storageBytes storageFreeBytes"
        " networkReceivedBytesPerSecond networkSentBytesPerSecond } }"
    )
    state = answer["systemStatus"]
    assert (state["version"], state["broker"]) == (VERSION, "in-process")
    assert state["database"].split()[0] == {"sqlite": "sqlite", "postgres": "postgresql"}[either_database]
    assert state["database"].split()[1][0].isdigit()
    assert state["storageBytes"] == kept.bytes + other.bytes
    assert 0 <= state["cpuPercent"] <= 100
    assert state["memoryBytes"] > 0
    assert state["storageFreeBytes"] > 0
    assert state["networkReceivedBytesPerSecond"] >= 0
    assert state["networkSentBytesPerSecond"] >= 0


async def test_free_bytes_are_those_of_the_folder_that_holds_the_files(
    tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def usage(path: Path) -> SimpleNamespace:
        return SimpleNamespace(free=7 if Path(path).is_relative_to(tmp_path / "disk") else 9)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    document = "{ systemStatus { storageFreeBytes } }"
    assert (await ask(document))["systemStatus"]["storageFreeBytes"] == 9
    use_storage(f"file://{tmp_path / 'disk'}", data_dir)
    assert (await ask(document))["systemStatus"]["storageFreeBytes"] == 7


async def test_queues_are_counted_in_a_way_that_older_sqlites_know() -> None:
    """HAVING without GROUP BY came with SQLite 3.39."""
    with counted_statements() as statements:
        await queue_depths()
    assert not [part for part in statements[0].split("UNION ALL") if "HAVING" in part and "GROUP BY" not in part]


@pytest.mark.parametrize(
    ("scopes", "allowed"), [((), False), (("other",), False), (("system:read",), True), (LOCAL_VIEWER.scopes, True)]
)
async def test_a_token_needs_the_scope(scopes: tuple[str, ...], allowed: bool) -> None:
    viewer = Viewer(id=OWNER, name=None, scopes=scopes, expires_at=datetime.now(UTC) + timedelta(hours=1))
    result = await resolvers.schema.execute(QUEUES, context_value=build_context(viewer, "request-1"))
    if allowed:
        assert result.errors is None
    else:
        assert result.data == {"systemStatus": None}
        assert isinstance((result.errors or [])[0].original_error, ForbiddenError)


async def test_every_queue_is_there_and_empty_at_first() -> None:
    assert await queues() == {queue.value: (0, 0, 0) for queue in (*JOB_QUEUES, Queue.CALLBACKS)}


async def test_jobs_wait_are_delayed_or_being_worked_on() -> None:
    waiting = await make_job(queue=Queue.RENDERING)
    late = await make_job(OTHER, queue=Queue.RENDERING)
    held = await make_job(queue=Queue.RENDERING)
    retried = await make_job(queue=Queue.RENDERING, worker="one", status=JobStatus.RUNNING)
    working = await make_job(queue=Queue.RENDERING, worker="one", status=JobStatus.RUNNING)
    for job, in_ms in ((waiting, -5), (late, 60_000), (held, None), (retried, -5), (working, 60_000)):
        await due(job.id, in_ms)
    # A stage that sleeps until its builds have ended.
    sleeping = await make_job(status=JobStatus.RUNNING)
    await due(sleeping.id, None)
    # A generation that upstream has is not waiting; one without an account is.
    upstream = await make_generation(status=JobStatus.RUNNING)
    await due(upstream.id, None)
    await make_generation()
    found = await queues()
    assert found["rendering"] == (2, 2, 0)  # a job whose lease ran out waits again
    assert found["planning"] == (0, 1, 0)
    assert found["pool-images"] == (1, 0, 0)


async def test_dead_are_those_that_failed_in_the_last_day() -> None:
    now = datetime.now(UTC)
    for hours, status in ((1, JobStatus.FAILED), (23, JobStatus.FAILED), (25, JobStatus.FAILED), (1, "CANCELED")):
        await make_job(
            queue=Queue.TEXT,
            type=JobType.SCRIPT,
            role=JobRole.BUILD,
            status=status,
            finished_at=now - timedelta(hours=hours),
        )
    assert (await queues())["text"] == (0, 0, 2)


async def test_callbacks_count_as_a_queue() -> None:
    async def delivery(status: DeliveryStatus, in_ms: int | None) -> int:
        row = await CallbackDelivery.create(
            owner=OWNER,
            event="record_succeeded",
            url="https://studio.example",
            receiver="studio.example:443",
            subject="record",
            subject_id=1,
            status=status,
        )
        moment = "NULL" if in_ms is None else f"{now_ms_sql()} + {in_ms}"
        await execute(f"UPDATE callback_delivery SET due_at_ms = {moment} WHERE id = ? RETURNING id", row.id)
        return int(row.id)

    await delivery(DeliveryStatus.PENDING, -5)
    await delivery(DeliveryStatus.PENDING, 60_000)
    await delivery(DeliveryStatus.DELIVERED, None)
    failed = await delivery(DeliveryStatus.FAILED, None)
    await CallbackTry.create(delivery_id=failed, number=1)
    assert (await queues())["callbacks"] == (1, 1, 1)


async def test_workers_are_shown_with_their_queues_and_last_heartbeat() -> None:
    async with process_number("server"):
        assert (await ask(WORKERS))["systemStatus"]["workers"] == []  # it only answers requests
        async with process_number("worker") as number:
            await number.serve([Queue.TEXT, Queue.RENDERING])
            (worker,) = (await ask(WORKERS))["systemStatus"]["workers"]
            assert (worker["name"], worker["queues"]) == ("worker", ["text", "rendering"])
            assert worker["startedAt"] <= worker["lastHeartbeatAt"]
        assert (await ask(WORKERS))["systemStatus"]["workers"] == []


async def test_a_worker_that_died_is_shown_until_its_lease_ends() -> None:
    held = ProcessNumber("worker")
    await held.claim()
    await held.serve([Queue.TEXT])
    await execute(f"UPDATE process_lease SET heartbeat_at_ms = {now_ms_sql()} - 60000 RETURNING number")
    (worker,) = (await ask(WORKERS))["systemStatus"]["workers"]
    beat_at = datetime.fromisoformat(worker["lastHeartbeatAt"])
    assert datetime.now(UTC) - beat_at >= timedelta(seconds=59)
    await execute(f"UPDATE process_lease SET until_ms = {now_ms_sql()} - 1 RETURNING number")
    assert (await ask(WORKERS))["systemStatus"]["workers"] == []


async def test_it_costs_few_statements_and_fewer_when_asked_again() -> None:
    everything = (
        "{ systemStatus { version database queues { name waiting } workers { name } storageBytes storageFreeBytes } }"
    )
    with counted_statements() as first:
        await ask(everything)
    with counted_statements() as second:
        await ask(everything)
    assert len(first) <= 5
    assert len(second) == 1  # the workers; all else was read a moment ago
