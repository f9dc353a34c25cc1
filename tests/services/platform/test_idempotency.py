"""Idempotency keys, raced and worn out, on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from errors import BadInputError, ConflictError
from models.jobs import IdempotencyKey, Job
from services.platform.idempotency import (
    KeyedRequest,
    Remembered,
    delete_expired_keys,
    input_sha256,
    once,
    once_each,
    previous_result,
    remembered_with_claim,
)
from settings import get_settings
from tests.factories import OTHER, OWNER, make_job

pytestmark = pytest.mark.usefixtures("either_database")


async def ask(key: str | None, values: dict[str, object] | None = None, owner: str = OWNER) -> Job:
    return await once(owner, "createScript", key, values or {"text": "a"}, Job, lambda: make_job(owner))


async def test_ten_requests_at_once_under_one_key_make_one_job() -> None:
    jobs = await asyncio.gather(*(ask("k") for _ in range(10)))
    assert len({job.id for job in jobs}) == 1
    assert await Job.all().count() == 1
    assert await IdempotencyKey.all().count() == 1


async def test_without_a_key_every_request_is_a_new_one() -> None:
    assert (await ask(None)).id != (await ask(None)).id


async def test_the_same_key_with_other_input_is_a_conflict_and_makes_nothing() -> None:
    await ask("k")
    with pytest.raises(ConflictError):
        await ask("k", {"text": "b"})
    with pytest.raises(ConflictError):
        await previous_result(OWNER, "createScript", "k", {"text": "b"}, Job)
    assert await Job.all().count() == 1


async def test_keys_belong_to_their_owner_and_their_mutation() -> None:
    first = await ask("k")
    assert (await ask("k", owner=OTHER)).id != first.id
    assert (await once(OWNER, "createVideo", "k", {"text": "a"}, Job, make_job)).id != first.id


async def test_a_refusal_stores_nothing_so_the_key_can_be_used_again() -> None:
    async def refuse() -> Job:
        await make_job()
        raise BadInputError("no")

    with pytest.raises(BadInputError):
        await once(OWNER, "createScript", "k", {"text": "a"}, Job, refuse)
    assert await Job.all().count() == 0
    assert await IdempotencyKey.all().count() == 0
    assert (await ask("k")).id


async def test_a_key_is_forgotten_after_its_time() -> None:
    first = await ask("k")
    old = datetime.now(UTC) - timedelta(seconds=get_settings().idempotency_seconds + 60)
    await IdempotencyKey.all().update(created_at=old)
    assert await previous_result(OWNER, "createScript", "k", {"text": "a"}, Job) is None
    assert (await ask("k")).id != first.id
    await IdempotencyKey.all().update(created_at=old)
    await delete_expired_keys()
    assert await IdempotencyKey.all().count() == 0


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_an_impossible_key_is_refused_with_its_path(key: str) -> None:
    with pytest.raises(BadInputError) as refusal:
        await ask(key)
    assert refusal.value.path == ["input", "idempotencyKey"]
    assert await Job.all().count() == 0


def test_the_order_of_fields_does_not_matter() -> None:
    assert input_sha256({"a": 1, "b": None}) == input_sha256({"b": None, "a": 1})
    assert input_sha256({"a": 1}) != input_sha256({"a": "1"})


async def make_each(*refused: int) -> list[int | None]:
    return [None if index in refused else (await make_job()).id for index in range(3)]


async def ask_each(key: str | None, *refused: int, values: dict[str, object] | None = None) -> list[int | None]:
    return await once_each(OWNER, "createAccounts", key, values or {"text": "a"}, lambda: make_each(*refused))


async def test_a_list_under_one_key_is_made_once_and_remembers_what_was_refused() -> None:
    first = await ask_each("k", 1)
    assert [row_id is None for row_id in first] == [False, True, False]
    assert await ask_each("k") == first
    assert await Job.all().count() == 2
    with pytest.raises(ConflictError):
        await ask_each("k", values={"text": "b"})
    with pytest.raises(BadInputError):
        await ask_each("")
    assert await ask_each("other") != first
    assert await ask_each(None) != await ask_each(None)


async def test_keys_of_finished_requests_outlive_a_lease() -> None:
    job, ids = await ask("k"), await ask_each("k")
    old = datetime.now(UTC) - timedelta(seconds=get_settings().lease_seconds + 60)
    await IdempotencyKey.all().update(created_at=old)
    assert (await ask("k")).id == job.id
    assert await ask_each("k") == ids


def keyed(key: str = "k", **values: object) -> KeyedRequest:
    return KeyedRequest(OWNER, "uploadFile", key, {"file": "a", **values})


async def made_job() -> Job:
    return await make_job()


def id_of(job: Job) -> int:
    return job.id


async def test_work_under_a_claim_is_done_once_and_others_wait_for_it() -> None:
    found = await asyncio.gather(*(remembered_with_claim(keyed(), made_job, id_of) for _ in range(6)))
    first = next(one for one in found if isinstance(one, Job))
    assert [one.outcome for one in found if isinstance(one, Remembered)] == [first.id] * 5
    assert await Job.all().count() == 1
    with pytest.raises(ConflictError):
        await remembered_with_claim(keyed(file="b"), made_job, id_of)


async def test_a_claim_that_is_held_is_a_conflict_after_a_while_and_one_of_a_dead_process_is_taken_over() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> Job:
        begun.set()
        await go_on.wait()
        return await make_job()

    first = asyncio.create_task(remembered_with_claim(keyed(), slow, id_of))
    await begun.wait()
    with pytest.raises(ConflictError, match="still being processed"):
        await remembered_with_claim(keyed(), made_job, id_of, wait_seconds=0.0)
    assert await Job.all().count() == 0
    old = datetime.now(UTC) - timedelta(seconds=get_settings().lease_seconds + 60)
    await IdempotencyKey.all().update(created_at=old)
    taken = await remembered_with_claim(keyed(), made_job, id_of)
    assert isinstance(taken, Job)
    go_on.set()
    await first
    again = await remembered_with_claim(keyed(), made_job, id_of)
    assert again == Remembered(taken.id)


async def test_a_claim_ends_with_a_refusal() -> None:
    async def refuse() -> Job:
        raise BadInputError("no")

    with pytest.raises(BadInputError):
        await remembered_with_claim(keyed(), refuse, id_of)
    assert await IdempotencyKey.all().count() == 0
    assert isinstance(await remembered_with_claim(keyed(), made_job, id_of), Job)


async def test_ten_lists_at_once_under_one_key_are_one() -> None:
    found = await asyncio.gather(*(ask_each("k", 0) for _ in range(10)))
    assert all(ids == found[0] for ids in found)
    assert await Job.all().count() == 2


async def test_a_key_that_has_expired_makes_a_new_list_that_may_be_shorter() -> None:
    await ask_each("k")
    old = datetime.now(UTC) - timedelta(seconds=get_settings().idempotency_seconds + 60)
    await IdempotencyKey.all().update(created_at=old)

    async def make_one() -> list[int | None]:
        return [(await make_job()).id]

    second = await once_each(OWNER, "createAccounts", "k", {"text": "a"}, make_one)
    assert await once_each(OWNER, "createAccounts", "k", {"text": "a"}, make_one) == second
    await IdempotencyKey.all().update(created_at=old)
    await delete_expired_keys()
    assert await IdempotencyKey.all().count() == 0
