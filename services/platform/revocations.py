"""Revoked tokens: the list in the database, and this process's copy of it, which is at most a few seconds old."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import jwt
import structlog

from errors import ConfigurationError
from models.ids import new_id
from models.revocations import Revocation

log = structlog.get_logger(__name__)

READ_SECONDS = 5.0
"How old a process's copy may be: a revoked token is refused, and its open streams end, within that time."
EVERYBODY = ""
MAX_TOKEN_ID = 255


@dataclass(frozen=True)
class TokenFacts:
    """What revocations go by. issued_at: None where the token does not say."""

    subject: str
    token_id: str
    issued_at: datetime | None


@dataclass(frozen=True)
class Revoked:
    """Ids of single tokens, and by subject (EVERYBODY: all) the time before which issued tokens are not accepted."""

    token_ids: frozenset[str] = frozenset()
    before_by_subject: tuple[tuple[str, datetime], ...] = ()

    def covers(self, token: TokenFacts) -> bool:
        if token.token_id in self.token_ids:
            return True
        return any(
            subject in (EVERYBODY, token.subject) and (token.issued_at is None or token.issued_at < before)
            for subject, before in self.before_by_subject
        )


def token_id_of(token: str, jti: object) -> str:
    """The token's own id (jti); of one without, its hash."""
    if isinstance(jti, str) and 0 < len(jti) <= MAX_TOKEN_ID:
        return jti
    return f"sha256:{hashlib.sha256(token.encode()).hexdigest()}"


def id_in_token(token: str) -> str:
    """The id under which a token is revoked. Its signature is not checked. Raises ConfigurationError."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        raise ConfigurationError("--token: is not a token.") from None
    return token_id_of(token, claims.get("jti"))


async def read_revoked() -> Revoked:
    rows = await Revocation.all()
    before = tuple((row.subject, row.issued_before) for row in rows if row.issued_before is not None)
    return Revoked(frozenset(row.token_id for row in rows if row.token_id), before)


async def revoke_token(token_id: str) -> None:
    """Revokes one token. A second call changes nothing."""
    await _insert(EVERYBODY, token_id, None)


async def revoke_before(subject: str, moment: datetime) -> None:
    """Revokes the tokens of a user (EVERYBODY: of all) that were issued before `moment`. Of two such times the later
    one holds.
    """
    await _insert(subject, "", moment)


async def _insert(subject: str, token_id: str, issued_before: datetime | None) -> None:
    revocation = Revocation(id=new_id(), subject=subject, token_id=token_id, issued_before=issued_before)
    await Revocation.bulk_create([revocation], ignore_conflicts=True)
    if issued_before is not None:
        await Revocation.filter(subject=subject, token_id=token_id, issued_before__lt=issued_before).update(
            issued_before=issued_before
        )


class Revocations:
    """This process's copy of the list. If the database is away, the last copy holds."""

    def __init__(
        self,
        read: Callable[[], Awaitable[Revoked]] = read_revoked,
        *,
        clock: Callable[[], float] = time.monotonic,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._read = read
        self._clock = clock
        self._read_seconds = read_seconds
        self._lock = asyncio.Lock()
        self._revoked: Revoked | None = None
        self._read_at = 0.0

    async def covers(self, token: TokenFacts) -> bool:
        return (await self._current()).covers(token)

    async def wait_until_covers(self, token: TokenFacts) -> None:
        """Returns when the token is revoked."""
        while not await self.covers(token):  # noqa: ASYNC110 - it is the database that changes
            await asyncio.sleep(self._read_seconds)

    async def _current(self) -> Revoked:
        if self._is_fresh():
            assert self._revoked is not None
            return self._revoked
        async with self._lock:
            if not self._is_fresh():
                try:
                    self._revoked = await self._read()
                except Exception as error:
                    if self._revoked is None:
                        raise
                    log.warning("revocations.read_failed", reason=type(error).__name__)
                self._read_at = self._clock()
        assert self._revoked is not None
        return self._revoked

    def _is_fresh(self) -> bool:
        return self._revoked is not None and self._clock() - self._read_at < self._read_seconds


async def newest_revocations(limit: int) -> Sequence[Revocation]:
    return await Revocation.all().order_by("-id").limit(limit)


def shown(revocation: Revocation) -> str:
    """One line for people."""
    at = revocation.created_at.astimezone(UTC).isoformat(timespec="seconds")
    if revocation.token_id:
        return f"{at}  token {revocation.token_id}"
    whose = f"of {revocation.subject}" if revocation.subject else "of everybody"
    return f"{at}  all {whose} issued before {revocation.issued_before.astimezone(UTC).isoformat(timespec='seconds')}"
