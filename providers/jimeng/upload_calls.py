"""The calls of an upload that pictures and films share: token, signed calls, and the content itself."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx
import structlog

from errors import JobErrorCode
from providers.jimeng.answers import fields, read_envelope
from providers.jimeng.caching import Cache
from providers.jimeng.calling import Caller, account_key
from providers.jimeng.faults import unreadable, upload_fault
from providers.jimeng.identity import browser_headers
from providers.jimeng.signing import amz_date, crc32, sigv4_headers
from providers.jimeng.sites import UpstreamSite
from providers.pooled import Credential, FaultKind, UpstreamFaultError

log = structlog.get_logger(__name__)

GRANT_PATH = "/mweb/v1/get_upload_token"
PICTURES, FILMS = 2, 1  # the scene of a token
STORED = 2000
DEFAULT_SPACE = "dreamina"
TOKEN_SECONDS = 600.0  # lifetime of a token without an expiry time
TOKEN_MARGIN_SECONDS = 60.0
MAX_TOKENS = 2000

_HOST = re.compile(r"[A-Za-z0-9.-]+(?::\d{1,5})?")
_EXPIRY_FIELDS = ("expired_time", "expire_time", "expires_at", "ExpiredTime")


@dataclass(frozen=True)
class UploadToken:
    """service_id: of pictures. space_name: of films."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    service_id: str
    space_name: str


@dataclass(frozen=True)
class UploadAddress:
    """The upload address of one file."""

    store_uri: str
    host: str
    authorization: str = field(repr=False)
    session_key: str = field(repr=False)


class UploadCalls:
    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self._tokens: Cache[UploadToken] = Cache(TOKEN_SECONDS, max_entries=MAX_TOKENS)

    async def token(self, credential: Credential, scene: int) -> UploadToken:
        """The account's token for pictures or films, asked for when there is none or it ends soon."""
        key = (account_key(credential), scene)
        if (known := self._tokens.get(key)) is not None:
            return known
        data = fields(await self.caller.call(credential, GRANT_PATH, {"scene": scene}))
        token = upload_token(data, self.caller.site(credential))
        if (seconds := token_seconds(data, time.time())) > 0:
            self._tokens.put(key, token, seconds=seconds)
        return token

    def drop_token(self, credential: Credential, scene: int) -> None:
        """For a token that may have been revoked early: the next upload requests a new one."""
        self._tokens.drop((account_key(credential), scene))

    async def signed(
        self,
        site: UpstreamSite,
        token: UploadToken,
        method: str,
        query: Mapping[str, str],
        body: bytes | None = None,
        *,
        url: str,
        service: str,
    ) -> Mapping[str, Any]:
        """The Result of a signed call; such responses have no envelope. service: of SigV4."""

        async def once() -> Mapping[str, Any]:
            signed = sigv4_headers(
                method,
                query,
                region=site.region.sigv4_region,
                service=service,
                access_key_id=token.access_key_id,
                secret_access_key=token.secret_access_key,
                session_token=token.session_token,
                date=amz_date(datetime.now(UTC)),
                body=body,
            )
            content_type = {} if body is None else {"Content-Type": "application/json"}
            response = await self.caller.client().request(
                method,
                f"{url}/",
                params=dict(query),
                headers={**browser_headers(site.base_url), **signed, **content_type},
                content=body,
            )
            return signed_result(response, query["Action"])

        return await self.caller.with_retries(once, query["Action"])

    async def put(self, site: UpstreamSite, address: UploadAddress, content: bytes) -> httpx.Response:
        """Sends the content once. Raises UpstreamFaultError for an HTTP error."""
        path = f"/upload/v1/{quote(address.store_uri, safe='/-_.~:')}"
        response = await self.caller.client().post(
            f"{self.caller.settings.jimeng_upload_scheme}://{address.host}{path}",
            content=content,
            headers={
                **browser_headers(site.base_url),
                "Authorization": address.authorization,
                "Content-CRC32": crc32(content),
                "Content-Type": "application/octet-stream",
                "Content-Disposition": 'attachment; filename="undefined"',
            },
        )
        if not response.is_success:
            raise upload_fault(response)
        return response


def signed_result(response: httpx.Response, action: str) -> Mapping[str, Any]:
    """The Result of a response. Raises UpstreamFaultError for a refusal or an unreadable response."""
    envelope = read_envelope(response)
    body = fields(envelope.data) if envelope is not None and envelope.ret is None else {}
    metadata = fields(body.get("ResponseMetadata"))
    error = fields(metadata.get("Error"))
    if error:
        code = str(error.get("Code") or "")
        log.warning("jimeng.upload_refused", action=action, code=code, request_id=metadata.get("RequestId"))
        raise UpstreamFaultError(
            FaultKind.UPSTREAM_FAULT,
            JobErrorCode.API_ERROR,
            f"Jimeng refused the upload of an input file ({code or 'without a code'}).",
            upstream_code=code or None,
        )
    if not response.is_success or envelope is None:
        raise upload_fault(response)
    return fields(body.get("Result"))


def upload_token(data: Mapping[str, Any], site: UpstreamSite) -> UploadToken:
    key_id, key, session = (data.get(name) for name in ("access_key_id", "secret_access_key", "session_token"))
    service_id = data.get(site.region.service_id_field) or site.region.service_id
    space_name = data.get("space_name") or DEFAULT_SPACE
    if not all(is_word(value) for value in (key_id, key, session, service_id, space_name)):
        raise unreadable("upload token")
    return UploadToken(str(key_id), str(key), str(session), str(service_id), str(space_name))


def is_word(value: object) -> bool:
    """Whether it is text that is allowed in a header."""
    return isinstance(value, str) and value != "" and value.isascii() and value.isprintable()


def address_of(store_info: Mapping[str, Any], host: object, session_key: object) -> UploadAddress:
    """The address of a file. Raises UpstreamFaultError if a part of it cannot be used."""
    values = (store_info.get("StoreUri"), host, store_info.get("Auth"), session_key)
    if not all(is_word(value) for value in values) or not _HOST.fullmatch(str(host)):
        raise unreadable("upload address")
    return UploadAddress(*(str(value) for value in values))


def first_of(values: object) -> Mapping[str, Any]:
    """The first object of a list; empty where there is none."""
    return fields(values[0]) if isinstance(values, list) and values else {}


def token_seconds(data: Mapping[str, Any], now: float) -> float:
    """How long a token may be used from now on. Its expiry is in Unix seconds or a date; without one TOKEN_SECONDS."""
    expiry = next((data[name] for name in _EXPIRY_FIELDS if data.get(name)), None)
    if expiry is None:
        return TOKEN_SECONDS - TOKEN_MARGIN_SECONDS
    try:
        until = float(expiry)
    except (TypeError, ValueError):
        try:
            moment = datetime.fromisoformat(str(expiry))
        except ValueError:
            return TOKEN_SECONDS - TOKEN_MARGIN_SECONDS
        until = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    return until - now - TOKEN_MARGIN_SECONDS
