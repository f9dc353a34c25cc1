"""Identifies callers: creates and checks bearer tokens; the caller is `local` if no keys are configured."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import jwt
import structlog

from errors import UnauthenticatedError
from services.platform.keys import Keys
from services.platform.revocations import Revocations, TokenFacts, token_id_of
from settings import Settings

log = structlog.get_logger(__name__)

LOCAL_USER = "local"
SYSTEM_READ = "system:read"
ALL_SCOPES = (SYSTEM_READ,)

MAX_TOKEN_CHARACTERS = 16_384
MAX_SUBJECT_CHARACTERS = 200
JWKS_ALGORITHMS = ("RS256", "ES256")
JWKS_LIFETIME_SECONDS = 3600.0
# An unknown key id triggers a new fetch, but invented ids must not cause a request to the identity provider each.
JWKS_REFETCH_SECONDS = 30.0
JWKS_MAX_BYTES = 1024 * 1024

EXPIRED = "The token has expired."
REVOKED = "The token has been revoked."

# The Idempotency-Key header of the current request; None if it has none.
IDEMPOTENCY_KEY: ContextVar[str | None] = ContextVar("idempotency_key", default=None)


@dataclass(frozen=True)
class Viewer:
    """The caller. `id` owns all that the caller creates; `expires_at` is None if the identity does not expire, and
    `token` if there is none that could be revoked.
    """

    id: str
    name: str | None
    scopes: tuple[str, ...]
    expires_at: datetime | None
    token: TokenFacts | None = None

    def has_scope(self, scope: str) -> bool:
        return scope in self.scopes


LOCAL_VIEWER = Viewer(id=LOCAL_USER, name=LOCAL_USER, scopes=ALL_SCOPES, expires_at=None)


def make_token(
    user: str, *, key: bytes, now: datetime, days: float, scopes: tuple[str, ...], settings: Settings
) -> str:
    """Returns an HS256 token for `user`, valid for `days` from `now`, with the configured issuer and audience, and an
    id by which it can be revoked.
    """
    issued_at = int(now.timestamp())
    claims: dict[str, Any] = {
        "sub": user,
        "name": user,
        "iat": issued_at,
        "exp": issued_at + round(days * 86_400),
        "jti": secrets.token_hex(16),
        "scope": " ".join(scopes),
    }
    if settings.jwt_issuer is not None:
        claims["iss"] = settings.jwt_issuer
    if settings.jwt_audience is not None:
        claims["aud"] = settings.jwt_audience
    return jwt.encode(claims, key, algorithm="HS256")


def bearer_token(authorization: str | None) -> str | None:
    """Returns the token of an Authorization header; None without a header. Raises UnauthenticatedError for another
    scheme.
    """
    if authorization is None or not authorization.strip():
        return None
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError("The Authorization header must read: Bearer <token>.")
    return token.strip()


def connection_token(params: Mapping[str, object]) -> str | None:
    """Returns the token in the payload of a WebSocket's connection_init: {"Authorization": "Bearer …"} or
    {"authToken": …}.
    """
    for name, value in params.items():
        if name.lower() == "authorization":
            if not isinstance(value, str):
                raise UnauthenticatedError("Authorization in connection_init must be a string.")
            return bearer_token(value)
    token = params.get("authToken")
    if token is None:
        return None
    if not isinstance(token, str) or not token:
        raise UnauthenticatedError("authToken in connection_init must be a string.")
    return token


def viewer_of_claims(claims: Mapping[str, Any], token: str) -> Viewer:
    """Returns the caller that the verified claims of the token describe. Scopes: `scope` as in RFC 8693, or a list
    `scopes`.
    """
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT_CHARACTERS or not subject.isprintable():
        raise UnauthenticatedError(f"The token's subject must have 1 to {MAX_SUBJECT_CHARACTERS} printable characters.")
    scope = claims.get("scope", claims.get("scopes", ""))
    scopes = scope.split() if isinstance(scope, str) else [str(item) for item in scope if isinstance(item, str)]
    name, issued_at = claims.get("name"), claims.get("iat")
    is_number = isinstance(issued_at, int | float) and not isinstance(issued_at, bool)
    return Viewer(
        id=subject,
        name=name if isinstance(name, str) else None,
        scopes=tuple(dict.fromkeys(scopes)),
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        token=TokenFacts(
            subject=subject,
            token_id=token_id_of(token, claims.get("jti")),
            issued_at=datetime.fromtimestamp(float(issued_at or 0), UTC) if is_number else None,
        ),
    )


class JwksKeys:
    """The public keys of an identity provider, fetched on demand and cached for an hour.

    If a fetch fails, the cached keys stay valid.
    """

    def __init__(
        self,
        url: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._transport = transport
        self._clock = clock
        self._lock = asyncio.Lock()
        self._keys: list[jwt.PyJWK] = []
        self._fetched_at: float | None = None
        self._tried_at: float | None = None

    async def find(self, key_id: str | None, algorithm: str) -> jwt.PyJWK | None:
        """Returns the key with this id and algorithm; without an id, the only key of that algorithm."""
        key = self._choose(key_id, algorithm)
        if key is not None and not self._is_old():
            return key
        async with self._lock:
            if self._may_fetch():
                await self._fetch()
        return self._choose(key_id, algorithm)

    def _choose(self, key_id: str | None, algorithm: str) -> jwt.PyJWK | None:
        fitting = [key for key in self._keys if key.algorithm_name == algorithm and key_id in (None, key.key_id)]
        return fitting[0] if len(fitting) == 1 else None

    def _is_old(self) -> bool:
        return self._fetched_at is None or self._clock() - self._fetched_at > JWKS_LIFETIME_SECONDS

    def _may_fetch(self) -> bool:
        return self._tried_at is None or self._clock() - self._tried_at >= JWKS_REFETCH_SECONDS

    async def _fetch(self) -> None:
        self._tried_at = self._clock()
        try:
            async with (
                httpx.AsyncClient(transport=self._transport, timeout=10, trust_env=False) as client,
                client.stream("GET", self._url, headers={"Accept": "application/json"}) as response,
            ):
                response.raise_for_status()
                body = b""
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > JWKS_MAX_BYTES:
                        raise ValueError("the key set is too large")
            self._keys = parse_jwks(httpx.Response(200, content=body).json())
            self._fetched_at = self._clock()
        except (httpx.HTTPError, ValueError, TypeError, KeyError, AttributeError, jwt.PyJWTError) as error:
            log.warning("jwks.fetch_failed", reason=type(error).__name__)


def parse_jwks(document: Any) -> list[jwt.PyJWK]:
    """Returns the signing keys of a JWK set: RSA for RS256, P-256 for ES256. Skips others, shared secrets too."""
    keys = []
    for entry in document["keys"]:
        kind = (entry.get("kty"), entry.get("crv"))
        algorithm = {("RSA", None): "RS256", ("EC", "P-256"): "ES256"}.get(kind)
        if algorithm is None or entry.get("use", "sig") != "sig" or entry.get("alg", algorithm) != algorithm:
            continue
        keys.append(jwt.PyJWK(entry, algorithm))
    return keys


class Identity:
    """Identifies callers by token. The settings, never the token, decide which keys are used."""

    def __init__(
        self, settings: Settings, keys: Keys, *, jwks: JwksKeys | None = None, revocations: Revocations | None = None
    ) -> None:
        """revocations: None accepts every valid token."""
        self._revocations = revocations
        self._token_key = keys.tokens
        self._audience = settings.jwt_audience
        self._issuer = settings.jwt_issuer
        if jwks is None and settings.jwks_url is not None:
            jwks = JwksKeys(settings.jwks_url)
        self._jwks = jwks

    @property
    def needs_token(self) -> bool:
        return self._token_key is not None or self._jwks is not None

    async def viewer(self, token: str | None) -> Viewer:
        """Returns the caller with this token. Raises UnauthenticatedError with a reason that does not quote the token.

        If no keys are configured, the caller is `local` with any token; such a server listens on loopback only.
        """
        if not self.needs_token:
            return LOCAL_VIEWER
        if token is None:
            raise UnauthenticatedError("A token is required: Authorization: Bearer <token>.")
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise UnauthenticatedError("The token is too long.")
        try:
            header = jwt.get_unverified_header(token)
            key = await self._key(header)
            algorithms = ["HS256"] if isinstance(key, bytes) else [key.algorithm_name]
            claims = jwt.decode(
                token,
                key,
                algorithms=algorithms,
                audience=self._audience,
                issuer=self._issuer,
                # `iat` is not checked, so that a clock that is slightly behind does not refuse a new token.
                options={
                    "require": ["exp", "sub"],
                    "verify_iat": False,
                    "verify_aud": self._audience is not None,
                },
            )
            viewer = viewer_of_claims(claims, token)
        except jwt.ExpiredSignatureError:
            raise UnauthenticatedError(EXPIRED) from None
        except jwt.MissingRequiredClaimError as error:
            raise UnauthenticatedError(f"The token lacks the claim {error.claim}.") from None
        except (jwt.InvalidAudienceError, jwt.InvalidIssuerError):
            raise UnauthenticatedError("The token was not issued for this server.") from None
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, OSError):
            raise UnauthenticatedError("The token is not valid.") from None
        if self._revocations is not None and viewer.token is not None and await self._revocations.covers(viewer.token):
            raise UnauthenticatedError(REVOKED)
        return viewer

    async def wait_until_over(self, viewer: Viewer) -> str:
        """Returns why the caller's token is no longer accepted, as soon as that is so: at its end to the second, after
        a revocation within seconds. Never returns for a caller without a token that ends.
        """
        ends = [asyncio.ensure_future(self._wait_for_end(viewer)), asyncio.ensure_future(self._wait_for_revoke(viewer))]
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            for end in ends:
                end.cancel()

    async def _wait_for_end(self, viewer: Viewer) -> str:
        if viewer.expires_at is None:
            await asyncio.Event().wait()
        else:
            await asyncio.sleep((viewer.expires_at - datetime.now(UTC)).total_seconds())
        return EXPIRED

    async def _wait_for_revoke(self, viewer: Viewer) -> str:
        if viewer.token is None or self._revocations is None:
            await asyncio.Event().wait()
        else:
            await self._revocations.wait_until_covers(viewer.token)
        return REVOKED

    async def _key(self, header: Mapping[str, Any]) -> bytes | jwt.PyJWK:
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm == "HS256" and self._token_key is not None:
            return self._token_key
        if algorithm in JWKS_ALGORITHMS and self._jwks is not None:
            key = await self._jwks.find(key_id if isinstance(key_id, str) else None, algorithm)
            if key is not None:
                return key
        raise UnauthenticatedError("The token is not signed with a key that this server accepts.")
