"""Who a token says the caller is, and which tokens are refused."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from errors import UnauthenticatedError
from services.platform.identity import (
    JWKS_LIFETIME_SECONDS,
    JWKS_REFETCH_SECONDS,
    LOCAL_VIEWER,
    Identity,
    JwksKeys,
    bearer_token,
    connection_token,
    make_token,
    parse_jwks,
)
from services.platform.keys import KeyPurpose, derive_key, load_keys
from settings import Settings

SECRET = "a secret of more than thirty-two characters"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a server without a configured secret makes its key."""
    monkeypatch.setenv("EKONTE_DATA_DIR", str(tmp_path / "data"))


def settings_with(**values: Any) -> Settings:
    return Settings(_env_file=None, **{"secret": SECRET, **values})


def identity_with(settings: Settings, jwks: JwksKeys | None = None) -> Identity:
    return Identity(settings, load_keys(settings), jwks=jwks)


def claims(**values: Any) -> dict[str, Any]:
    return {"sub": "yuki", "exp": int((NOW + timedelta(hours=1)).timestamp()), **values}


def signed(payload: dict[str, Any], key: Any = None, algorithm: str = "HS256", **header: Any) -> str:
    key = derive_key(SECRET.encode(), KeyPurpose.TOKENS) if key is None else key
    return jwt.encode(payload, key, algorithm=algorithm, headers=header or None)


class JwksServer:
    """An identity provider: what it serves, how often it was asked, and a clock."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.keys = list(keys)
        self.requests = 0
        self.is_up = True
        self.now = 1000.0

    def source(self) -> JwksKeys:
        return JwksKeys("https://id.example/jwks", transport=httpx.MockTransport(self._answer), clock=lambda: self.now)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        return httpx.Response(200, json={"keys": self.keys}) if self.is_up else httpx.Response(503)


def public_jwk(key: Any, kid: str, **values: Any) -> dict[str, Any]:
    algorithm: Callable[..., Any] = (
        jwt.algorithms.RSAAlgorithm.to_jwk if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm.to_jwk
    )
    return {**json.loads(algorithm(key.public_key())), "kid": kid, **values}


async def test_a_made_token_says_who_may_do_what_until_when() -> None:
    settings = settings_with(jwt_issuer="ekonte", jwt_audience="films")
    key = load_keys(settings).tokens
    assert key is not None
    token = make_token("yuki", key=key, now=NOW, days=2, scopes=("system:read", "a"), settings=settings)
    viewer = await identity_with(settings).viewer(token)
    assert (viewer.id, viewer.name, viewer.scopes) == ("yuki", "yuki", ("system:read", "a"))
    assert viewer.expires_at == NOW.replace(microsecond=0) + timedelta(days=2)
    assert viewer.has_scope("system:read")
    assert not viewer.has_scope("system:write")


async def test_without_keys_everybody_is_local_with_all_scopes() -> None:
    identity = identity_with(settings_with(secret=None))
    assert not identity.needs_token
    assert await identity.viewer(None) is LOCAL_VIEWER
    assert LOCAL_VIEWER.has_scope("system:read")
    assert LOCAL_VIEWER.expires_at is None


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (None, "A token is required"),
        ("nonsense", "not valid"),
        ("", "not valid"),
        ("a.b.c", "not valid"),
        ("x" * 20_000, "too long"),
        (signed(claims(exp=int(NOW.timestamp()) - 1)), "expired"),
        (signed({"sub": "yuki"}), "lacks the claim exp"),
        (signed({"exp": claims()["exp"]}), "lacks the claim sub"),
        (signed(claims(sub="")), "subject"),
        (signed(claims(sub="x" * 201)), "subject"),
        (signed(claims(sub="a\nb")), "subject"),
        (signed(claims(), key="another key that is long enough, too"), "not valid"),
        (signed(claims(), key=SECRET), "not valid"),
        (signed(claims(nbf=int(NOW.timestamp()) + 86_400)), "not valid"),
        (signed(claims(exp=10**18)), "not valid"),
        (signed(claims(), key="k" * 64, algorithm="HS512"), "not signed with a key"),
        (signed(claims(), algorithm="none", key=""), "not signed with a key"),
        (signed(claims(), key=RSA_KEY, algorithm="RS256"), "not signed with a key"),
    ],
    ids=lambda value: str(value)[:12],  # the whole token would differ from process to process
)
async def test_a_token_that_is_not_good_is_refused_with_a_reason(token: str | None, reason: str) -> None:
    with pytest.raises(UnauthenticatedError, match=reason) as refused:
        await identity_with(settings_with()).viewer(token)
    assert token is None or len(token) < 5 or token not in refused.value.message


async def test_a_changed_token_is_refused() -> None:
    header, _, signature = signed(claims()).split(".")
    payload = base64.urlsafe_b64encode(json.dumps(claims(sub="mei")).encode()).rstrip(b"=").decode()
    with pytest.raises(UnauthenticatedError):
        await identity_with(settings_with()).viewer(f"{header}.{payload}.{signature}")


@pytest.mark.parametrize("values", [{}, {"aud": "other"}, {"iss": "other", "aud": "films"}])
async def test_a_token_for_another_server_is_refused(values: dict[str, Any]) -> None:
    identity = identity_with(settings_with(jwt_audience="films", jwt_issuer="us"))
    with pytest.raises(UnauthenticatedError):
        await identity.viewer(signed(claims(**values)))
    good = await identity.viewer(signed(claims(aud=["films", "x"], iss="us")))
    assert good.id == "yuki"


@pytest.mark.parametrize(
    ("values", "scopes"),
    [({}, ()), ({"scope": "a b a"}, ("a", "b")), ({"scopes": ["a", 5, "b"]}, ("a", "b")), ({"scope": ["a"]}, ("a",))],
)
async def test_scopes_are_words_or_a_list(values: dict[str, Any], scopes: tuple[str, ...]) -> None:
    assert (await identity_with(settings_with()).viewer(signed(claims(**values)))).scopes == scopes


@pytest.mark.parametrize("values", [{"scope": 5}, {"scope": None}, {"scopes": {"a": 1}}])
async def test_scopes_of_another_kind_give_nothing(values: dict[str, Any]) -> None:
    try:
        viewer = await identity_with(settings_with()).viewer(signed(claims(**values)))
    except UnauthenticatedError:
        return
    assert "system:read" not in viewer.scopes


@pytest.mark.parametrize(("key", "algorithm"), [(RSA_KEY, "RS256"), (EC_KEY, "ES256")])
async def test_keys_of_an_identity_provider_are_taken(key: Any, algorithm: str) -> None:
    server = JwksServer(public_jwk(RSA_KEY, "r1"), public_jwk(EC_KEY, "e1"))
    identity = identity_with(settings_with(secret=None), server.source())
    kid = "r1" if algorithm == "RS256" else "e1"
    assert (await identity.viewer(signed(claims(), key, algorithm, kid=kid))).id == "yuki"
    assert (await identity.viewer(signed(claims(), key, algorithm))).id == "yuki"
    assert server.requests == 1


async def test_an_unknown_key_fetches_anew_but_not_for_every_made_up_one() -> None:
    server = JwksServer(public_jwk(RSA_KEY, "old"))
    identity = identity_with(settings_with(secret=None), server.source())
    await identity.viewer(signed(claims(), RSA_KEY, "RS256", kid="old"))
    server.keys = [public_jwk(OTHER_RSA_KEY, "new")]
    token = signed(claims(), OTHER_RSA_KEY, "RS256", kid="new")
    for _ in range(3):
        with pytest.raises(UnauthenticatedError):
            await identity.viewer(token)
    assert server.requests == 1
    server.now += JWKS_REFETCH_SECONDS
    assert (await identity.viewer(token)).id == "yuki"
    assert server.requests == 2


async def test_keys_are_fetched_again_after_their_time_and_stay_good_while_the_provider_is_away() -> None:
    server = JwksServer(public_jwk(RSA_KEY, "r1"))
    identity = identity_with(settings_with(secret=None), server.source())
    token = signed(claims(), RSA_KEY, "RS256", kid="r1")
    await identity.viewer(token)
    server.is_up = False
    server.now += JWKS_LIFETIME_SECONDS + 1
    assert (await identity.viewer(token)).id == "yuki"
    assert server.requests == 2


async def test_a_provider_that_was_never_there_lets_nobody_in() -> None:
    server = JwksServer()
    server.is_up = False
    with pytest.raises(UnauthenticatedError):
        await identity_with(settings_with(secret=None), server.source()).viewer(signed(claims(), RSA_KEY, "RS256"))


async def test_a_public_key_used_as_a_secret_opens_nothing() -> None:
    server = JwksServer(public_jwk(RSA_KEY, "r1"))
    public = RSA_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    signing_input = f"{part({'alg': 'HS256', 'kid': 'r1', 'typ': 'JWT'})}.{part(claims())}"
    signature = hmac.digest(public, signing_input.encode(), hashlib.sha256)
    token = f"{signing_input}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
    for settings in (settings_with(secret=None), settings_with()):
        with pytest.raises(UnauthenticatedError):
            await identity_with(settings, server.source()).viewer(token)


def test_secrets_and_foreign_kinds_in_a_key_set_are_left_out() -> None:
    entries = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "s"},
        public_jwk(RSA_KEY, "enc", use="enc"),
        public_jwk(RSA_KEY, "r512", alg="RS512"),
        public_jwk(RSA_KEY, "good"),
    ]
    assert [key.key_id for key in parse_jwks({"keys": entries})] == ["good"]


def test_authorization_headers_must_be_bearer() -> None:
    assert bearer_token(None) is None
    assert bearer_token("  ") is None
    assert bearer_token("bearer  abc ") == "abc"
    for wrong in ("abc", "Basic abc", "Bearer"):
        with pytest.raises(UnauthenticatedError):
            bearer_token(wrong)


def test_connection_params_hold_a_token_under_either_name() -> None:
    assert connection_token({}) is None
    assert connection_token({"authorization": "Bearer a"}) == "a"
    assert connection_token({"authToken": "a"}) == "a"
    for wrong in ({"Authorization": 5}, {"authToken": 5}, {"authToken": ""}):
        with pytest.raises(UnauthenticatedError):
            connection_token(wrong)
