"""Uploads films, for references: token, upload address, content, commit. They go to another service than pictures."""

import math
from collections.abc import Mapping
from typing import Any

from providers.jimeng.answers import fields, read_envelope
from providers.jimeng.drafting import compact
from providers.jimeng.faults import unreadable
from providers.jimeng.signing import crc32
from providers.jimeng.sites import UpstreamSite
from providers.jimeng.upload_calls import (
    FILMS,
    STORED,
    UploadAddress,
    UploadCalls,
    UploadToken,
    address_of,
    first_of,
    is_word,
)
from providers.jimeng.uploading import random_letters
from providers.pooled import Credential, UploadedFile, UpstreamFaultError

SERVICE = "vod"
VERSION = "2020-11-19"
MAX_FILM_BYTES = 100 * 1024 * 1024
PUT_SECONDS = 180.0
"The content of a film may take longer than other calls."


class FilmUploader:
    def __init__(self, calls: UploadCalls) -> None:
        self._calls = calls

    async def upload(self, credential: Credential, content: bytes) -> UploadedFile:
        """Uploads a film of at most MAX_FILM_BYTES; only this account can use its vid. Raises UpstreamFaultError."""
        site = self._calls.caller.site(credential)
        async with self._calls.caller.upload_slot(credential):
            token = await self._calls.token(credential, FILMS)
            try:
                return await self._send(site, token, content)
            except UpstreamFaultError:
                self._calls.drop_token(credential, FILMS)
                raise

    async def _send(self, site: UpstreamSite, token: UploadToken, content: bytes) -> UploadedFile:
        apply = {
            "Action": "ApplyUploadInner",
            "Version": VERSION,
            "SpaceName": token.space_name,
            "FileType": "video",
            "IsInner": "1",
            "FileSize": str(len(content)),
            "s": random_letters(),
        }
        address = film_address(await self._signed(site, token, "GET", apply))
        await self._calls.caller.with_retries(
            lambda: self._put(site, address, content), "/upload", timeout_seconds=PUT_SECONDS
        )
        commit = {"Action": "CommitUploadInner", "Version": VERSION, "SpaceName": token.space_name}
        body = compact({"SessionKey": address.session_key, "Functions": []}).encode()
        return committed_film(await self._signed(site, token, "POST", commit, body))

    async def _put(self, site: UpstreamSite, address: UploadAddress, content: bytes) -> None:
        """Upstream says whether it has stored the bytes that were sent; other answers count as not stored."""
        envelope = read_envelope(await self._calls.put(site, address, content))
        answer = fields(envelope.data) if envelope is not None else {}
        stored_crc32 = fields(answer.get("data")).get("crc32", crc32(content))
        if answer.get("code") != STORED or stored_crc32 != crc32(content):
            raise unreadable("answer to the upload of a film")

    async def _signed(
        self, site: UpstreamSite, token: UploadToken, method: str, query: Mapping[str, str], body: bytes | None = None
    ) -> Mapping[str, Any]:
        return await self._calls.signed(site, token, method, query, body, url=site.vod_url, service=SERVICE)


def film_address(result: Mapping[str, Any]) -> UploadAddress:
    node = first_of(fields(result.get("InnerUploadAddress")).get("UploadNodes"))
    return address_of(first_of(node.get("StoreInfos")), node.get("UploadHost"), node.get("SessionKey"))


def committed_film(result: Mapping[str, Any]) -> UploadedFile:
    first = first_of(result.get("Results"))
    vid, meta = first.get("Vid"), fields(first.get("VideoMeta"))
    width, height, seconds = (_positive(meta.get(name)) for name in ("Width", "Height", "Duration"))
    if not is_word(vid) or width is None or height is None or seconds is None:
        raise unreadable("description of the uploaded film")
    return UploadedFile(str(vid), round(width), round(height), duration_ms=round(seconds * 1000))


def _positive(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if is_number and value > 0 else None  # type: ignore[operator, arg-type]
