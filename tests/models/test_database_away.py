"""Distinguishing an unreachable database from other errors."""

import asyncio

import asyncpg
import pytest

from models.database import execute, is_away, is_passing


async def test_a_database_that_is_not_there_is_told_from_any_other_refused_connection() -> None:
    for connect, expected in (
        (lambda: asyncpg.connect("postgresql://root@127.0.0.1:9/none", timeout=3), True),
        (lambda: asyncio.open_connection("127.0.0.1", 9), False),
    ):
        with pytest.raises(OSError) as refused:
            await connect()
        assert is_away(refused.value) is expected


@pytest.mark.postgres
async def test_a_connection_that_the_server_ended_is_away(postgres_database: None) -> None:
    with pytest.raises(Exception) as ended:
        await execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert is_away(ended.value)
    assert not is_passing(ended.value)
