"""Uploads input pictures: token, upload address, content, commit, and on site CN upstream's content check."""

import random
import re
import string
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
from providers.jimeng.drafting import compact
from providers.jimeng.faults import refusal_of_call, unreadable, upload_fault
from providers.jimeng.identity import browser_headers
from providers.jimeng.signing import amz_date, crc32, sigv4_headers
from providers.jimeng.sites import CN, UpstreamSite
from providers.pooled import Credential, FaultKind, UpstreamFaultError

log = structlog.get_logger(__name__)

GRANT_PATH = "/mweb/v1/get_upload_token"
CHECK_PATH = "/mweb/v1/algo_proxy"
PICTURES = 2  # the scene of a token; 1 is clips
SERVICE = "imagex"
VERSION = "2018-08-01"
COMMITTED = 2000
TOKEN_SECONDS = 600.0  # lifetime of a token without an expiry time
TOKEN_MARGIN_SECONDS = 60.0
MAX_TOKENS = 2000
REFUSED_PICTURE_CODE = "2003"

_HOST = re.compile(r"[A-Za-z0-9.-]+(?::\d{1,5})?")
_EXPIRY_FIELDS = ("expired_time", "expire_time", "expires_at", "ExpiredTime")
_REFUSED_PICTURE = re.compile(r"risk not pass|detected risk", re.I)
_CHECK_CONTEXT = compact(
    {
        "scenario": "image_video_generation",
        "feature_key": "aigc_to_image",
        "feature_entrance": "to-generate",
        "feature_entrance_detail": "to-generate-algo_proxy",
    }
)


@dataclass(frozen=True)
class UploadToken:
    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    service_id: str


@dataclass(frozen=True)
class UploadAddress:
    """The upload address of one picture."""

    store_uri: str
    host: str
    authorization: str = field(repr=False)
    session_key: str = field(repr=False)


class Uploader:
    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._tokens: Cache[UploadToken] = Cache(TOKEN_SECONDS, max_entries=MAX_TOKENS)

    async def upload(self, credential: Credential, content: bytes) -> str:
        """Uploads a picture and returns upstream's URI, which only this account can use. At most MAX_UPLOADS of an
        account run concurrently.

        Raises UpstreamFaultError, with CONTENT_REJECTED if the content check refuses the picture.
        """
        site = self._caller.site(credential)
        async with self._caller.upload_slot(credential):
            token = await self._token(credential, site)
            try:
                uri = await self._send(site, token, content)
            except UpstreamFaultError:
                # The token may have been revoked early; the next upload requests a new one.
                self._tokens.drop(account_key(credential))
                raise
            if site.region.checks_images:
                await self._check(credential, uri)
        return uri

    async def _token(self, credential: Credential, site: UpstreamSite) -> UploadToken:
        key = account_key(credential)
        if (known := self._tokens.get(key)) is not None:
            return known
        data = fields(await self._caller.call(credential, GRANT_PATH, {"scene": PICTURES}))
        token = upload_token(data, site)
        if (seconds := token_seconds(data, time.time())) > 0:
            self._tokens.put(key, token, seconds=seconds)
        return token

    async def _send(self, site: UpstreamSite, token: UploadToken, content: bytes) -> str:
        letters = string.digits + string.ascii_lowercase
        site_query = {} if site.region.site == CN else {"device_platform": "web"}
        address = upload_address(
            await self._imagex(
                site,
                token,
                "GET",
                {
                    "Action": "ApplyImageUpload",
                    "Version": VERSION,
                    "ServiceId": token.service_id,
                    "FileSize": str(len(content)),
                    "s": "".join(random.choices(letters, k=10)),
                    **site_query,
                },
            )
        )
        await self._caller.with_retries(lambda: self._put(site, address, content), "/upload")
        commit = {"Action": "CommitImageUpload", "Version": VERSION, "ServiceId": token.service_id}
        body = compact({"SessionKey": address.session_key}).encode()
        return committed_uri(await self._imagex(site, token, "POST", commit, body))

    async def _put(self, site: UpstreamSite, address: UploadAddress, content: bytes) -> None:
        path = f"/upload/v1/{quote(address.store_uri, safe='/-_.~:')}"
        response = await self._caller.client().post(
            f"{self._caller.settings.jimeng_upload_scheme}://{address.host}{path}",
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

    async def _imagex(
        self, site: UpstreamSite, token: UploadToken, method: str, query: Mapping[str, str], body: bytes | None = None
    ) -> Mapping[str, Any]:
        """The Result of a signed call; such responses have no envelope."""

        async def once() -> Mapping[str, Any]:
            signed = sigv4_headers(
                method,
                query,
                region=site.region.sigv4_region,
                service=SERVICE,
                access_key_id=token.access_key_id,
                secret_access_key=token.secret_access_key,
                session_token=token.session_token,
                date=amz_date(datetime.now(UTC)),
                body=body,
            )
            content_type = {} if body is None else {"Content-Type": "application/json"}
            response = await self._caller.client().request(
                method,
                f"{site.imagex_url}/",
                params=dict(query),
                headers={**browser_headers(site.base_url), **signed, **content_type},
                content=body,
            )
            return imagex_result(response, query["Action"])

        return await self._caller.with_retries(once, query["Action"])

    async def _check(self, credential: Credential, uri: str) -> None:
        """Raises UpstreamFaultError if the picture is refused. Failures of the check itself are ignored."""
        body = {
            "scene": "image_face_ip",
            "options": {"ip_check": True},
            "req_key": "benchmark_test_user_upload_image_input",
            "file_list": [{"file_uri": uri}],
            "req_params": {},
        }
        query = {"babi_param": _CHECK_CONTEXT}
        try:
            response = await self._caller.with_retries(
                lambda: self._caller.post(credential, CHECK_PATH, body, extra_query=query), CHECK_PATH, max_retries=0
            )
        except UpstreamFaultError:
            return
        envelope = read_envelope(response)
        if envelope is None or envelope.ret in (None, "0"):
            return
        if envelope.ret == REFUSED_PICTURE_CODE or _REFUSED_PICTURE.search(envelope.errmsg):
            raise refusal_of_call(REFUSED_PICTURE_CODE, data=envelope.data, log_id=envelope.log_id)
        log.info("jimeng.check_failed", ret=envelope.ret, errmsg=envelope.errmsg[:300], log_id=envelope.log_id)


def imagex_result(response: httpx.Response, action: str) -> Mapping[str, Any]:
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
            f"Jimeng refused the upload of an input picture ({code or 'without a code'}).",
            upstream_code=code or None,
        )
    if not response.is_success or envelope is None:
        raise upload_fault(response)
    return fields(body.get("Result"))


def upload_token(data: Mapping[str, Any], site: UpstreamSite) -> UploadToken:
    key_id, key, session = (data.get(name) for name in ("access_key_id", "secret_access_key", "session_token"))
    service_id = data.get(site.region.service_id_field) or site.region.service_id
    if not (_is_word(key_id) and _is_word(key) and _is_word(session) and _is_word(service_id)):
        raise unreadable("upload token")
    return UploadToken(str(key_id), str(key), str(session), str(service_id))


def _is_word(value: object) -> bool:
    """Whether it is text that is allowed in a header."""
    return isinstance(value, str) and value != "" and value.isascii() and value.isprintable()


def upload_address(result: Mapping[str, Any]) -> UploadAddress:
    address = fields(result.get("UploadAddress"))
    infos, hosts = address.get("StoreInfos"), address.get("UploadHosts")
    info = fields(infos[0]) if isinstance(infos, list) and infos else {}
    host = hosts[0] if isinstance(hosts, list) and hosts else address.get("UploadHost")
    values = (info.get("StoreUri"), host, info.get("Auth"), address.get("SessionKey"))
    if not all(_is_word(value) for value in values) or not _HOST.fullmatch(str(host)):
        raise unreadable("upload address")
    return UploadAddress(*(str(value) for value in values))


def committed_uri(result: Mapping[str, Any]) -> str:
    results = result.get("Results")
    first = fields(results[0]) if isinstance(results, list) and results else {}
    uri = first.get("Uri")
    if first.get("UriStatus") != COMMITTED or not isinstance(uri, str) or not uri:
        raise unreadable("URI of the uploaded picture")
    return uri


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
