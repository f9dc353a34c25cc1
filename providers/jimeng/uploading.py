"""Uploads input pictures: token, upload address, content, commit, and on site CN upstream's content check."""

import random
import re
import string
from collections.abc import Mapping
from typing import Any

import structlog

from providers.jimeng.answers import fields, read_envelope
from providers.jimeng.drafting import compact
from providers.jimeng.faults import refusal_of_call, unreadable
from providers.jimeng.sites import CN, UpstreamSite
from providers.jimeng.upload_calls import (
    PICTURES,
    STORED,
    UploadAddress,
    UploadCalls,
    UploadToken,
    address_of,
    first_of,
)
from providers.pooled import Credential, UploadedFile, UpstreamFaultError

log = structlog.get_logger(__name__)

CHECK_PATH = "/mweb/v1/algo_proxy"
SERVICE = "imagex"
VERSION = "2018-08-01"
REFUSED_PICTURE_CODE = "2003"
MAX_FORMAT_CHARACTERS = 16

_REFUSED_PICTURE = re.compile(r"risk not pass|detected risk", re.I)
_CHECK_CONTEXT = compact(
    {
        "scenario": "image_video_generation",
        "feature_key": "aigc_to_image",
        "feature_entrance": "to-generate",
        "feature_entrance_detail": "to-generate-algo_proxy",
    }
)


class Uploader:
    def __init__(self, calls: UploadCalls) -> None:
        self._calls = calls

    async def upload(self, credential: Credential, content: bytes) -> UploadedFile:
        """Uploads a picture; only this account can use it. At most MAX_UPLOADS of an account run concurrently.

        Raises UpstreamFaultError, with CONTENT_REJECTED if the content check refuses the picture.
        """
        site = self._calls.caller.site(credential)
        async with self._calls.caller.upload_slot(credential):
            token = await self._calls.token(credential, PICTURES)
            try:
                uploaded = await self._send(site, token, content)
            except UpstreamFaultError:
                self._calls.drop_token(credential, PICTURES)
                raise
            if site.region.checks_images:
                await self._check(credential, uploaded.uri)
        return uploaded

    async def _send(self, site: UpstreamSite, token: UploadToken, content: bytes) -> UploadedFile:
        site_query = {} if site.region.site == CN else {"device_platform": "web"}
        apply = {
            "Action": "ApplyImageUpload",
            "Version": VERSION,
            "ServiceId": token.service_id,
            "FileSize": str(len(content)),
            "s": random_letters(),
            **site_query,
        }
        address = upload_address(await self._signed(site, token, "GET", apply))
        await self._calls.caller.with_retries(lambda: self._calls.put(site, address, content), "/upload")
        commit = {"Action": "CommitImageUpload", "Version": VERSION, "ServiceId": token.service_id}
        body = compact({"SessionKey": address.session_key}).encode()
        return committed_picture(await self._signed(site, token, "POST", commit, body))

    async def _signed(
        self, site: UpstreamSite, token: UploadToken, method: str, query: Mapping[str, str], body: bytes | None = None
    ) -> Mapping[str, Any]:
        return await self._calls.signed(site, token, method, query, body, url=site.imagex_url, service=SERVICE)

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
            response = await self._calls.caller.with_retries(
                lambda: self._calls.caller.post(credential, CHECK_PATH, body, extra_query=query),
                CHECK_PATH,
                max_retries=0,
            )
        except UpstreamFaultError:
            return
        envelope = read_envelope(response)
        if envelope is None or envelope.ret in (None, "0"):
            return
        if envelope.ret == REFUSED_PICTURE_CODE or _REFUSED_PICTURE.search(envelope.errmsg):
            raise refusal_of_call(REFUSED_PICTURE_CODE, data=envelope.data, log_id=envelope.log_id)
        log.info("jimeng.check_failed", ret=envelope.ret, errmsg=envelope.errmsg[:300], log_id=envelope.log_id)


def random_letters() -> str:
    """The parameter `s` of an address."""
    return "".join(random.choices(string.digits + string.ascii_lowercase, k=10))


def upload_address(result: Mapping[str, Any]) -> UploadAddress:
    address = fields(result.get("UploadAddress"))
    hosts = address.get("UploadHosts")
    host = hosts[0] if isinstance(hosts, list) and hosts else address.get("UploadHost")
    return address_of(first_of(address.get("StoreInfos")), host, address.get("SessionKey"))


def committed_picture(result: Mapping[str, Any]) -> UploadedFile:
    first, told = first_of(result.get("Results")), first_of(result.get("PluginResult"))
    uri = first.get("Uri")
    if first.get("UriStatus") != STORED or not isinstance(uri, str) or not uri:
        raise unreadable("URI of the uploaded picture")
    width, height, name = told.get("ImageWidth"), told.get("ImageHeight"), told.get("ImageFormat")
    return UploadedFile(
        uri,
        width if isinstance(width, int) and width > 0 else 0,
        height if isinstance(height, int) and height > 0 else 0,
        name if isinstance(name, str) and len(name) <= MAX_FORMAT_CHARACTERS else "",
    )
