"""Idempotency keys: a request that is sent twice is processed once, and both get the same response.

The key's row is inserted first, in the transaction that does the work, so that of two simultaneous requests one waits
for the other. A refusal rolls the row back with everything else, so it stores nothing.
"""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
from tortoise.exceptions import DoesNotExist
from tortoise.models import Model

from errors import BadInputError, ConflictError
from models.database import execute, transaction
from models.ids import new_id
from models.jobs import IdempotencyKey
from models.sql import timestamp_before_sql, timestamp_sql
from settings import get_settings

RowT = TypeVar("RowT", bound=Model)
T = TypeVar("T")

MAX_KEY_LENGTH = 255
WAIT_SECONDS = 30.0
"How long a repeated request waits for the first one, which is still being processed."
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class KeyedRequest:
    """A request with an idempotency key. values: its input, as JSON. path: where the key stands in the arguments."""

    owner: str
    mutation: str
    key: str
    values: dict[str, Any] = field(repr=False)
    path: Sequence[str] = ("idempotencyKey",)


@dataclass(frozen=True)
class Remembered:
    """The outcome of the first request with the key."""

    outcome: Any


def input_sha256(values: dict[str, Any]) -> str:
    """Returns a hash of a request's input, independent of the order of its fields."""
    return hashlib.sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()


async def once(
    owner: str,
    mutation: str,
    key: str | None,
    values: dict[str, Any],
    table: type[RowT],
    do: Callable[[], Awaitable[RowT]],
) -> RowT:
    """Runs `do` in a transaction and returns its row. With a key that was used before, returns the row that was
    created then.

    Raises ConflictError if the key was used with other input, BadInputError if the key is empty or too long.
    """
    if key is None:
        return await transaction(do)
    check_key(key)
    digest = input_sha256(values)

    async def body() -> RowT:
        key_id = await _insert_key(owner, mutation, key, digest)
        if key_id is None:
            return await _previous_result(owner, mutation, key, digest, table)
        row = await do()
        await IdempotencyKey.filter(id=key_id).update(result_id=row.pk)
        return row

    return await transaction(body)


async def once_each(
    owner: str,
    mutation: str,
    key: str | None,
    values: dict[str, Any],
    do: Callable[[], Awaitable[list[int | None]]],
) -> list[int | None]:
    """As `once`, for a request that creates many rows: `do` returns for each item the id of its row, or None if the
    item was refused. With a key that was used before, returns the same list.

    Each item has a row of its own beside the key's, named mutation[0], mutation[1] and so on.
    """
    if key is None:
        return await transaction(do)
    check_key(key)
    digest = input_sha256(values)

    async def body() -> list[int | None]:
        key_id = await _insert_key(owner, mutation, key, digest)
        items = IdempotencyKey.filter(owner=owner, key=key, mutation__startswith=f"{mutation}[")
        if key_id is None:
            await _check_input(owner, mutation, key, digest)
            ids = {row.mutation: row.result_id or None for row in await items}
            return [ids[f"{mutation}[{index}]"] for index in range(len(ids))]
        await items.delete()  # items of an expired key
        results = await do()
        await IdempotencyKey.bulk_create(
            IdempotencyKey(
                owner=owner, mutation=f"{mutation}[{index}]", key=key, input_sha256=digest, result_id=row_id or 0
            )
            for index, row_id in enumerate(results)
        )
        await IdempotencyKey.filter(id=key_id).update(outcome={"items": len(results)})  # else it would be a claim
        return results

    return await transaction(body)


async def remembered_in_transaction(
    request: KeyedRequest, do: Callable[[], Awaitable[T]], outcome_of: Callable[[T], Any]
) -> T | Remembered:
    """Runs `do`, which must do SQL only, in a transaction that also stores the JSON of its result. With a key that was
    used before, returns that JSON.

    Raises ConflictError if the key was used with other input, BadInputError if the key is empty or too long.
    """
    check_key(request.key, request.path)
    owner, mutation, key, digest = request.owner, request.mutation, request.key, input_sha256(request.values)

    async def body() -> T | Remembered:
        key_id = await _insert_key(owner, mutation, key, digest)
        if key_id is None:
            return Remembered((await _check_input(owner, mutation, key, digest)).outcome)
        result = await do()
        await IdempotencyKey.filter(id=key_id).update(outcome=outcome_of(result))
        return result

    return await transaction(body)


async def remembered_with_claim(
    request: KeyedRequest,
    do: Callable[[], Awaitable[T]],
    outcome_of: Callable[[T], Any],
    *,
    wait_seconds: float = WAIT_SECONDS,
) -> T | Remembered:
    """As remembered_in_transaction, for work that is not SQL alone, such as storing a file: the key is claimed first,
    and the outcome is stored afterwards. An equal request waits meanwhile, at most wait_seconds, then it is a
    ConflictError.

    A process that dies between the two leaves a claim that ends with its lease; a repeated request then does the work
    again, so what is done under a claim must bear that.
    """
    check_key(request.key, request.path)
    owner, mutation, key, digest = request.owner, request.mutation, request.key, input_sha256(request.values)
    give_up_at = time.monotonic() + wait_seconds
    while (key_id := await transaction(lambda: _insert_key(owner, mutation, key, digest))) is None:
        with contextlib.suppress(DoesNotExist):  # the first request was refused meanwhile
            previous = await _check_input(owner, mutation, key, digest)
            if previous.outcome is not None:
                return Remembered(previous.outcome)
        if time.monotonic() >= give_up_at:
            raise ConflictError(
                f"The first request with the idempotency key {key!r} is still being processed; repeat it later."
            )
        await asyncio.sleep(LOOK_SECONDS)
    claim = asyncio.create_task(_keep_claim(key_id))
    is_stored = False
    try:
        result = await do()
        await IdempotencyKey.filter(id=key_id).update(outcome=outcome_of(result))
        is_stored = True
        return result
    finally:
        claim.cancel()
        if not is_stored:
            await asyncio.shield(asyncio.ensure_future(_release(key_id)))


async def _keep_claim(key_id: int) -> None:
    while True:
        await asyncio.sleep(get_settings().lease_seconds / 3)
        await execute(
            f"UPDATE idempotency_key SET created_at = {timestamp_sql()} WHERE id = ? AND outcome IS NULL RETURNING id",
            key_id,
        )


async def _release(key_id: int) -> None:
    await IdempotencyKey.filter(id=key_id).delete()


def check_key(key: str, path: Sequence[str] = ("input", "idempotencyKey")) -> None:
    if not 1 <= len(key) <= MAX_KEY_LENGTH:
        raise BadInputError(f"An idempotency key has 1 to {MAX_KEY_LENGTH} characters.", path=path)


async def _insert_key(owner: str, mutation: str, key: str, digest: str) -> int | None:
    """Inserts the key's row; returns its id, or None if the key exists."""
    await execute(
        "DELETE FROM idempotency_key WHERE owner = ? AND mutation = ? AND key = ?"
        f" AND (created_at < {_oldest_sql()} OR {_abandoned_sql()}) RETURNING id",
        owner,
        mutation,
        key,
    )
    rows = await execute(
        "INSERT INTO idempotency_key (id, created_at, owner, mutation, key, input_sha256, result_id)"
        f" VALUES (?, {timestamp_sql()}, ?, ?, ?, ?, 0) ON CONFLICT (owner, mutation, key) DO NOTHING RETURNING id",
        new_id(),
        owner,
        mutation,
        key,
        digest,
    )
    return rows[0]["id"] if rows else None


async def _check_input(owner: str, mutation: str, key: str, digest: str) -> IdempotencyKey:
    previous = await IdempotencyKey.get(owner=owner, mutation=mutation, key=key)
    if previous.input_sha256 != digest:
        raise ConflictError(f"The idempotency key {key!r} was used before with other input.")
    return previous


async def _previous_result(owner: str, mutation: str, key: str, digest: str, table: type[RowT]) -> RowT:
    previous = await _check_input(owner, mutation, key, digest)
    row = await table.get_or_none(id=previous.result_id)
    if row is None:
        raise ConflictError(f"The object created with the idempotency key {key!r} has been deleted.")
    return row


async def previous_result(
    owner: str, mutation: str, key: str | None, values: dict[str, Any], table: type[RowT]
) -> RowT | None:
    """Returns the row created under the key before, if any, so that a repeated request does not read its
    files again.
    """
    if key is None or not 1 <= len(key) <= MAX_KEY_LENGTH:
        return None
    rows = await execute(
        "SELECT id FROM idempotency_key WHERE owner = ? AND mutation = ? AND key = ?"
        f" AND created_at >= {_oldest_sql()}",
        owner,
        mutation,
        key,
    )
    if not rows:
        return None
    return await _previous_result(owner, mutation, key, input_sha256(values), table)


async def delete_expired_keys() -> None:
    """Deletes expired keys."""
    await execute(f"DELETE FROM idempotency_key WHERE created_at < {_oldest_sql()} RETURNING id")


def _abandoned_sql() -> str:
    """The claim of a process that has died: keys of finished requests have a row or an outcome."""
    ended = timestamp_before_sql(get_settings().lease_seconds)
    return f"(result_id = 0 AND outcome IS NULL AND created_at < {ended})"


def _oldest_sql() -> str:
    """The creation time of the oldest key that is still valid, by the database's clock."""
    return timestamp_before_sql(get_settings().idempotency_seconds)
