"""Revoked tokens: one by its id, all of a user, all."""

import asyncio
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from errors import ConfigurationError, UnauthenticatedError
from services.platform.identity import Identity, make_token
from services.platform.keys import load_keys
from services.platform.revocations import (
    EVERYBODY,
    Revocations,
    Revoked,
    TokenFacts,
    id_in_token,
    newest_revocations,
    read_revoked,
    revoke_before,
    revoke_token,
    shown,
)
from settings import Settings

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SETTINGS = Settings(_env_file=None, secret="correct horse battery staple, twice over")


def token_of(user: str = "yuki", issued_at: datetime | None = None) -> str:
    key = load_keys(SETTINGS).tokens
    assert key is not None
    at = datetime.now(UTC) if issued_at is None else issued_at
    return make_token(user, key=key, now=at, days=300, scopes=(), settings=SETTINGS)


def facts(subject: str = "yuki", token_id: str = "a", issued_at: datetime | None = NOW) -> TokenFacts:
    return TokenFacts(subject, token_id, issued_at)


@pytest.mark.parametrize(
    ("revoked", "token", "is_covered"),
    [
        (Revoked(), facts(), False),
        (Revoked(token_ids=frozenset({"a"})), facts(), True),
        (Revoked(token_ids=frozenset({"b"})), facts(), False),
        (Revoked(before_by_subject=(("yuki", NOW + timedelta(seconds=1)),)), facts(), True),
        (Revoked(before_by_subject=(("yuki", NOW),)), facts(), False),
        (Revoked(before_by_subject=(("noor", NOW + timedelta(seconds=1)),)), facts(), False),
        (Revoked(before_by_subject=((EVERYBODY, NOW + timedelta(seconds=1)),)), facts(), True),
        (Revoked(before_by_subject=(("yuki", NOW),)), facts(issued_at=None), True),
    ],
)
def test_what_a_list_covers(revoked: Revoked, token: TokenFacts, is_covered: bool) -> None:
    assert revoked.covers(token) is is_covered


def test_a_token_has_an_id_and_one_without_is_known_by_its_hash() -> None:
    token = token_of()
    assert id_in_token(token) == jwt.decode(token, options={"verify_signature": False})["jti"]
    assert id_in_token(token) != id_in_token(token_of())
    plain = jwt.encode({"sub": "yuki"}, "k" * 32)
    assert id_in_token(plain).startswith("sha256:")
    assert id_in_token(plain) == id_in_token(plain)
    with pytest.raises(ConfigurationError, match="--token"):
        id_in_token("no token")


async def refused(identity: Identity, token: str) -> str:
    with pytest.raises(UnauthenticatedError) as refusal:
        await identity.viewer(token)
    return refusal.value.message


@pytest.mark.usefixtures("either_database")
async def test_a_revoked_token_is_refused_and_others_are_not() -> None:
    identity = Identity(SETTINGS, load_keys(SETTINGS), revocations=Revocations(read_seconds=0.0))
    one, two, theirs = token_of(), token_of(), token_of("noor")
    await revoke_token(id_in_token(one))
    await revoke_token(id_in_token(one))  # a second call changes nothing
    assert await refused(identity, one) == "The token has been revoked."
    assert (await identity.viewer(two)).id == "yuki"
    await revoke_before("yuki", datetime.now(UTC) + timedelta(minutes=1))
    assert await refused(identity, two) == "The token has been revoked."
    assert (await identity.viewer(theirs)).id == "noor"
    assert (await identity.viewer(token_of(issued_at=datetime.now(UTC) + timedelta(minutes=2)))).id == "yuki"
    await revoke_before(EVERYBODY, datetime.now(UTC) + timedelta(minutes=1))
    assert await refused(identity, theirs) == "The token has been revoked."
    lines = [shown(row) for row in await newest_revocations(10)]
    assert [word in line for word, line in zip(("everybody", "yuki", "token"), lines, strict=True)] == [True] * 3


@pytest.mark.usefixtures("either_database")
async def test_of_two_times_the_later_one_holds() -> None:
    for moment in (NOW, NOW + timedelta(hours=1), NOW - timedelta(hours=1)):
        await revoke_before("yuki", moment)
    assert (await read_revoked()).before_by_subject == (("yuki", NOW + timedelta(hours=1)),)


async def test_the_list_is_read_once_in_a_while_and_the_last_copy_holds_while_the_database_is_away() -> None:
    now, reads, is_away = [0.0], [0], [False]

    async def read() -> Revoked:
        reads[0] += 1
        if is_away[0]:
            raise OSError
        return Revoked(token_ids=frozenset({"a"}))

    revocations = Revocations(read, clock=lambda: now[0], read_seconds=5.0)
    assert await asyncio.gather(*(revocations.covers(facts()) for _ in range(10))) == [True] * 10
    assert reads == [1]
    now[0], is_away[0] = 6.0, True
    assert await revocations.covers(facts())
    assert reads == [2]


async def test_who_waits_is_told_of_a_revocation_and_of_the_end_of_the_token() -> None:
    listed: set[str] = set()

    async def read() -> Revoked:
        return Revoked(token_ids=frozenset(listed))

    identity = Identity(SETTINGS, load_keys(SETTINGS), revocations=Revocations(read, read_seconds=0.01))
    viewer = await identity.viewer(token := token_of())
    waiting = asyncio.create_task(identity.wait_until_over(viewer))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    listed.add(id_in_token(token))
    async with asyncio.timeout(5):
        assert await waiting == "The token has been revoked."
