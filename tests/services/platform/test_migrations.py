"""Migrations on databases that hold rows, on both databases."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.exceptions import IntegrityError
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from models.artifacts import Artifact, ArtifactFile
from models.database import APP, connection, database_config, execute, open_database
from models.enums import STAGES, ArtifactKind, FileRole, JobStatus
from models.files import StoredFile
from models.ids import new_id, use_process_number
from models.jobs import Job
from models.workflows import Workflow, WorkflowStage
from services.platform.migrations import database_url, migrate, missing_migrations, unwritten_changes
from settings import Settings
from tests.factories import make_artifact, make_build, make_job

FIRST = "0001_initial"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings of an empty database without any table."""
    if request.param == "sqlite":
        yield Settings(_env_file=None, data_dir=tmp_path)
        return
    url = request.getfixturevalue("empty_postgres_url")
    yield Settings(_env_file=None, data_dir=tmp_path, database_url=url)


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[None]:
    EXECUTOR_CACHE.clear()
    use_process_number(1)
    async with open_database(database_url(settings), settings.data_dir):
        yield


async def migrate_to_first(settings: Settings, version: str = FIRST) -> None:
    async with opened(settings):
        apps = database_config(database_url(settings), settings.data_dir)["apps"]
        await MigrationExecutor(connection(), apps).migrate([MigrationTarget(APP, version)])


JOB_SQL = (
    "INSERT INTO job (id, created_at, owner, type, role, queue, status, priority_rank, progress, weight,"
    " expected_weight, retry_count, tries, failures, params, target_id, lease_epoch, wakes, version)"
    " VALUES (?, CURRENT_TIMESTAMP, 'mira', 'STORYBOARD', 'BUILD', 'images', 'SUCCEEDED', 2, 1, 1, 0, 0, 0, 0, '{}',"
    " 1, 0, 0, 1)"
)
FILE_SQL = (
    "INSERT INTO stored_file (id, created_at, owner, sha256, content_type, bytes, name, state, is_upload)"
    " VALUES (?, CURRENT_TIMESTAMP, 'mira', ?, 'image/png', 1, '', 'READY', ?)"
)
WORKFLOW_SQL = (
    "INSERT INTO workflow (id, created_at, owner, name, input_type, options, status, progress, run, version,"
    " updated_at) VALUES (?, CURRENT_TIMESTAMP, 'mira', 'A film', 'NOVEL', '{}', 'RUNNING', 0, 1, 1, CURRENT_TIMESTAMP)"
)
"Rows with the columns of the first version."


async def fill() -> dict[type, int]:
    workflow_id = new_id()
    await execute(WORKFLOW_SQL, workflow_id)
    for stage in STAGES:
        await WorkflowStage.create(workflow_id=workflow_id, stage=stage)
    for number in range(3):
        await execute(JOB_SQL, new_id())
        artifact = await make_artifact(ArtifactKind.PICTURE, number)
        file_id = new_id()
        await execute(FILE_SQL, file_id, f"{number:064}", False)
        await ArtifactFile.create(artifact_id=artifact.id, role=FileRole.MAIN, position=0, file_id=file_id)
    return await counts()


async def counts() -> dict[type, int]:
    tables = (Workflow, WorkflowStage, Job, Artifact, ArtifactFile, StoredFile)
    return {table: await table.all().count() for table in tables}


async def test_an_upgrade_keeps_every_row_and_brings_what_the_new_version_needs(settings: Settings) -> None:
    await migrate_to_first(settings)
    async with opened(settings):
        before = await fill()
        assert await missing_migrations(settings) != []
    applied = await migrate(settings)
    assert applied[0].startswith("0002")
    async with opened(settings):
        assert await counts() == before
        assert await missing_migrations(settings) == []
        parent = await make_job()
        await make_build(parent, ArtifactKind.CLIP, 9)
        with pytest.raises(IntegrityError):
            await make_build(parent, ArtifactKind.CLIP, 9)
        await make_build(parent, ArtifactKind.CLIP, 9, status=JobStatus.FAILED)


ACCOUNT_SQL = (
    "INSERT INTO account (id, created_at, owner, updated_at, name, provider, status, status_reason, session_sealed,"
    " session_hash, session_hint, priority, max_concurrent, learned_at_ms, image_exhausted_until_ms,"
    " video_exhausted_until_ms, consecutive_failures, poll_lease_until_ms, poll_epoch, version) VALUES (?,"
    " CURRENT_TIMESTAMP, 'mira', CURRENT_TIMESTAMP, 'A', 'jimeng', ?, ?, '', ?, 'abcd', 100, 3, 0, 0, 0, 0, 0, 0, 1)"
)
ALERT_SQL = (
    "INSERT INTO alert (id, created_at, owner, kind, severity, message, cause, version) VALUES (?, CURRENT_TIMESTAMP,"
    " 'mira', 'CREDIT_LOW', 'WARNING', 'Few.', 'account:1', 1)"
)


async def test_accounts_that_were_taken_out_before_keep_who_did_it(settings: Settings) -> None:
    await migrate_to_first(settings, "0008_owners")
    cases = [("INACTIVE", "Deactivated by its owner."), ("INACTIVE", "It has ended."), ("ACTIVE", None)]
    async with opened(settings):
        for number, (status, reason) in enumerate(cases):
            await execute(ACCOUNT_SQL, number + 1, status, reason, f"{number:064}")
        await execute(ALERT_SQL, 1)
    await migrate(settings)
    async with opened(settings):
        rows = await execute("SELECT deactivated_by, look_due_at_ms, looks FROM account ORDER BY id")
        assert [row["deactivated_by"] for row in rows] == ["OWNER", "SERVER", None]
        assert {(row["look_due_at_ms"], row["looks"]) for row in rows} == {(None, None)}
        with pytest.raises(IntegrityError):
            await execute(ALERT_SQL, 2)


async def fresh_indexes(folder: Path) -> set[str]:
    """Of a database that never was another version's."""
    folder.mkdir()
    await migrate(Settings(_env_file=None, data_dir=folder))
    with contextlib.closing(sqlite3.connect(folder / "ekonte.sqlite3")) as fresh:
        return {name for (name,) in fresh.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}


async def test_an_upgrade_of_an_sqlite_file_leaves_a_backup_with_the_rows(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path)
    await migrate_to_first(settings)
    async with opened(settings):
        await fill()
    applied = await migrate(settings)
    backup = tmp_path / f"ekonte.sqlite3.before-{applied[0]}"
    with contextlib.closing(sqlite3.connect(tmp_path / "ekonte.sqlite3")) as new:
        indexes = {name for (name,) in new.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
        assert {"uid_job_live_build", "uid_job_live_generation", "uid_account_session", "uid_record_place"} <= indexes
        assert indexes == await fresh_indexes(tmp_path / "fresh")
    with contextlib.closing(sqlite3.connect(backup)) as old:
        assert old.execute("SELECT COUNT(*) FROM workflow").fetchone() == (1,)
        assert old.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'uid_job_live_build'").fetchone() == (0,)


async def test_a_database_that_is_up_to_date_is_left_alone(settings: Settings, tmp_path: Path) -> None:
    assert len(await migrate(settings)) >= 2
    assert await migrate(settings) == []
    assert list(tmp_path.glob("*.before-*")) == []


async def test_two_processes_that_migrate_at_once_take_turns(empty_postgres_url: str, tmp_path: Path) -> None:
    code = (
        "import asyncio, pathlib, sys; from settings import Settings; from services.platform.migrations import migrate;"
        "asyncio.run(migrate(Settings(_env_file=None, data_dir=pathlib.Path(sys.argv[1]), database_url=sys.argv[2])))"
    )
    import sys

    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, str(tmp_path), empty_postgres_url, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    results = await asyncio.gather(*(process.communicate() for process in processes))
    assert [process.returncode for process in processes] == [0, 0, 0], b"".join(error for _, error in results).decode()
    settings = Settings(_env_file=None, data_dir=tmp_path, database_url=empty_postgres_url)
    async with opened(settings):
        rows = await execute("SELECT name FROM tortoise_migrations")
        assert len(rows) == len({row["name"] for row in rows})


async def test_no_change_of_the_models_is_without_its_migration(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path)
    async with opened(settings):
        assert await unwritten_changes(settings) == []


async def test_an_upgrade_keeps_the_order_of_a_batchs_items(settings: Settings) -> None:
    await migrate_to_first(settings)
    async with opened(settings):
        apps = database_config(database_url(settings), settings.data_dir)["apps"]
        await MigrationExecutor(connection(), apps).migrate([MigrationTarget(APP, "0008_owners")])
        # Of the batch 5: the items 1 to 3, of which 2 was made again twice; of the batch 6 the same record once.
        for job_id, record_id, batch_id, is_superseded in (
            (1, 11, 5, None), (2, 12, 5, True), (3, 13, 5, None), (4, 12, 5, True), (7, 12, 5, None), (8, 12, 6, None),
        ):  # fmt: skip
            await execute(JOB_SQL, job_id)
            await execute(
                "UPDATE job SET record_id = ?, batch_id = ?, is_superseded = ? WHERE id = ?",
                record_id, batch_id, is_superseded, job_id,
            )  # fmt: skip
    await migrate(settings)
    async with opened(settings):
        order = (
            "SELECT id FROM job WHERE batch_id = 5 AND is_superseded IS NOT TRUE ORDER BY COALESCE(batch_item_id, id)"
        )
        assert [row["id"] for row in await execute(order)] == [1, 7, 3]
        assert (await Job.get(id=8)).batch_item_id in (None, 8)


OLD_ROWS = (
    "INSERT INTO job (id, created_at, owner, type, role, queue, status, priority_rank, progress, weight,"
    " expected_weight, retry_count, tries, failures, params, record_id, target_id, lease_epoch, wakes, version)"
    " VALUES (1, CURRENT_TIMESTAMP, 'mira', 'TEXT_TO_VIDEO', 'GENERATE', 'pool-videos', 'SUCCEEDED', 2, 1, 1, 0, 0, 0,"
    " 0, '{}', 3, 1, 0, 0, 1)",
    "INSERT INTO generation_record (id, created_at, owner, updated_at, kind, project_id, work_id, storyboard_id,"
    " provider, model, prompt, params, request_sha256, is_reused, version_count, version) VALUES (3, CURRENT_TIMESTAMP,"
    " 'mira', CURRENT_TIMESTAMP, 'VIDEO', 'p', 'w', 's', 'jimeng', 'm', 'A cat.', '{}', 'x', FALSE, 1, 1)",
    "INSERT INTO batch (id, created_at, owner, updated_at, kind, type, status, project_id, work_id, priority_rank,"
    " strategy, total_count, queue_count, skipped_storyboard_ids, warnings, estimated_credits, runs, version)"
    " VALUES (4, CURRENT_TIMESTAMP, 'mira', CURRENT_TIMESTAMP, 'VIDEO', 'GENERATE', 'RUNNING', 'p', 'w', 2, '{}', 1, 0,"
    " '[]', '[]', 12, 0, 1)",
    "INSERT INTO account_usage (id, created_at, account_id, kind, day, count, credits) VALUES (5, CURRENT_TIMESTAMP, 1,"
    " 'VIDEO', '2026-11-01', 3, 12)",
    "INSERT INTO uploaded_input (id, created_at, account_id, sha256, uri) VALUES (6, CURRENT_TIMESTAMP, 1, 'x', 'u')",
    "INSERT INTO account_cooldown (id, created_at, account_id, kind, model, until_ms, step, reason) VALUES (7,"
    " CURRENT_TIMESTAMP, 1, '', '', 1, 1, 'No.')",
)
OLD_ATTEMPT = (
    "INSERT INTO attempt (id, created_at, owner, job_id, run, number, account_id, provider, kind, model, submit_id,"
    " state, outcome, is_manual, is_detached, is_draining, credits_expected, credits_spent, quota_day, sends, failures,"
    " polls, placed_at_ms, queued_ms, lease_epoch) VALUES (?, CURRENT_TIMESTAMP, 'mira', 1, 0, ?, 1, 'jimeng', 'VIDEO',"
    " 'm', ?, 'ENDED', 'SUCCEEDED', FALSE, FALSE, FALSE, ?, ?, '2026-11-01', 1, 0, 1, 0, 0, 0)"
)


@pytest.fixture
def fresh(settings: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> Settings:
    """Settings of a database, of the same sort as that of `settings`, that never was another version's."""
    if settings.database_url is None:
        (tmp_path / "fresh").mkdir()
        return Settings(_env_file=None, data_dir=tmp_path / "fresh")
    return Settings(_env_file=None, data_dir=tmp_path, database_url=request.getfixturevalue("postgres_url"))


async def described() -> set[tuple[str, ...]]:
    """The columns with their defaults, and the indexes, of the tables that are open."""
    if connection().capabilities.dialect == "sqlite":
        found = set()
        for table in await execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
            for row in await execute(f"SELECT name, \"notnull\", dflt_value FROM pragma_table_info('{table['name']}')"):
                found.add((table["name"], *map(str, row.values())))
        indexes = await execute("SELECT name, '' AS definition FROM sqlite_master WHERE type = 'index'")
    else:
        columns = await execute(
            "SELECT table_name, column_name, is_nullable, column_default FROM information_schema.columns"
            " WHERE table_schema = 'public'"
        )
        found = {tuple(map(str, row.values())) for row in columns}
        indexes = await execute("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'")
    return found | {tuple(map(str, row.values())) for row in indexes}


async def test_an_upgrade_tells_stand_ins_for_prices_from_prices_and_ends_like_a_fresh_database(
    settings: Settings, fresh: Settings
) -> None:
    await migrate_to_first(settings, "0008_owners")
    async with opened(settings):
        await execute(ACCOUNT_SQL, 1, "ACTIVE", None, "0" * 64)
        await execute(ALERT_SQL, 1)
        for sql in OLD_ROWS:
            await execute(sql)
        for number, (expected, spent) in enumerate([(1, 1), (1, None), (10, 10)], 1):
            await execute(OLD_ATTEMPT, number, number, f"submit-{number}", expected, spent)
    await migrate(settings)
    async with opened(settings):
        attempts = await execute(
            "SELECT credits_expected, credits_spent, credits_source, settle_due_at_ms FROM attempt ORDER BY id"
        )
        assert [tuple(row.values()) for row in attempts] == [
            (None, None, None, None), (None, None, None, None), (10, 10, "CATALOGUE", None),
        ]  # fmt: skip
        (usage,) = await execute("SELECT count, credits, credits_unknown FROM account_usage")
        assert tuple(usage.values()) == (3, 11, 1)
        (delta,) = await execute("SELECT credits, credits_unknown, owner, project_id, kind FROM statistics_delta")
        assert tuple(delta.values()) == (-1, 1, "mira", "p", "VIDEO")
        (batch,) = await execute("SELECT known_credits, unknown_price_count FROM batch")
        assert tuple(batch.values()) == (12, 0)
        (upload,) = await execute("SELECT uri, width, height, format, duration_ms FROM uploaded_input")
        assert tuple(upload.values()) == ("u", None, None, None, None)
        (job,) = await execute("SELECT front_order, batch_item_id FROM job")
        assert tuple(job.values()) == (0, None)
        upgraded = await described()
    if fresh.database_url is None:
        await migrate(fresh)
    async with opened(fresh):
        assert upgraded == await described()
