"""HTTP calls to upstream: one client per event loop, headers and signature, time-outs and retries.

A call without side effects is retried after a network or server error, at most three times and within the time-out of
one call. A call that could be charged twice is made once.
"""

import asyncio
import hashlib
import time
import weakref
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, TypeVar

import httpx
import structlog

from providers.guard import GuardedTransport, LinkRefusedError
from providers.jimeng.answers import payload
from providers.jimeng.faults import HttpFaultError, not_reached
from providers.jimeng.identity import Device, call_headers, query_parameters
from providers.jimeng.sites import UpstreamSite, upstream_site
from providers.pooled import Credential
from settings import JimengSettings

log = structlog.get_logger(__name__)

MAX_CONNECTIONS = 500
CONNECT_SECONDS = 10.0
MAX_RETRIES = 3
MAX_UPLOADS = 3  # concurrent, per account

Answer = TypeVar("Answer")


@dataclass
class _Loop:
    """State of one event loop. slots: by purpose and account."""

    client: httpx.AsyncClient
    slots: dict[tuple[str, int], asyncio.Semaphore] = field(default_factory=dict)


class Caller:
    """transport: replaces guarded connections in tests."""

    def __init__(
        self,
        settings: JimengSettings,
        allowed_private_hosts: Collection[str],
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.settings = settings
        self._allowed_private_hosts = tuple(allowed_private_hosts)
        self._transport = transport
        self._device = Device.new()
        self._loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Loop] = weakref.WeakKeyDictionary()

    def site(self, credential: Credential) -> UpstreamSite:
        return upstream_site(self.settings, credential.site)

    async def call(
        self,
        credential: Credential,
        path: str,
        body: Mapping[str, Any] | None,
        *,
        is_commerce: bool = False,
        referer: str | None = None,
        extra_query: Mapping[str, str] | None = None,
        has_query: bool = True,
        max_retries: int = MAX_RETRIES,
        may_be_bare: bool = False,
    ) -> Any:
        """The payload of a POST. body: None: no body. may_be_bare: the response may have no envelope. Raises
        UpstreamFaultError only.
        """

        async def once() -> Any:
            response = await self.post(
                credential,
                path,
                body,
                is_commerce=is_commerce,
                referer=referer,
                extra_query=extra_query,
                has_query=has_query,
            )
            return payload(response, path, may_be_bare=may_be_bare)

        return await self.with_retries(once, path, max_retries=max_retries)

    async def post(
        self,
        credential: Credential,
        path: str,
        body: Mapping[str, Any] | None,
        *,
        is_commerce: bool = False,
        referer: str | None = None,
        extra_query: Mapping[str, str] | None = None,
        has_query: bool = True,
    ) -> httpx.Response:
        """Sends one request and returns the response unchecked. Raises httpx.HTTPError."""
        site = self.site(credential)
        base_url = site.commerce_url if is_commerce else site.base_url
        query = query_parameters(self.settings, site, self._device) if has_query else {}
        headers = call_headers(
            self.settings,
            site,
            self._device,
            base_url=base_url,
            path=path,
            session_id=credential.session_id,
            now_seconds=int(time.time()),
            referer=referer,
        )
        return await self.client().post(
            f"{base_url}{path}", params={**query, **(extra_query or {})}, headers=headers, json=body
        )

    async def with_retries(
        self,
        once: Callable[[], Awaitable[Answer]],
        what: str,
        *,
        max_retries: int = MAX_RETRIES,
        timeout_seconds: float | None = None,
    ) -> Answer:
        """Calls `once`, with retries, and returns its result. `once` may raise UpstreamFaultError or httpx.HTTPError;
        the latter is translated into the former. what: for the log. timeout_seconds: of all tries, where it is not the
        usual one.
        """
        wait_seconds = self.settings.jimeng_retry_seconds
        latest = not_reached("did not answer in time")
        try:
            async with asyncio.timeout(timeout_seconds or self.settings.jimeng_timeout_seconds):
                for left in range(max_retries, -1, -1):
                    try:
                        return await once()
                    except httpx.HTTPError as error:
                        latest = not_reached(reason(error))
                        log.warning("jimeng.request_failed", path=what, error=type(error).__name__, retries_left=left)
                    except HttpFaultError as fault:
                        if fault.status < 500 or fault.retry_after_seconds is not None:
                            raise
                        latest = fault
                    if left:
                        await asyncio.sleep(wait_seconds)
                        wait_seconds *= 2
        except TimeoutError:
            log.warning("jimeng.timed_out", path=what)
        raise latest

    def client(self) -> httpx.AsyncClient:
        """This event loop's client. It stores no cookies, since accounts share it."""
        return self._loop().client

    def query_slot(self, credential: Credential) -> AbstractAsyncContextManager[None]:
        return self._slot("query", credential, self.settings.jimeng_queries_at_once)

    def upload_slot(self, credential: Credential) -> AbstractAsyncContextManager[None]:
        return self._slot("upload", credential, MAX_UPLOADS)

    def _slot(self, purpose: str, credential: Credential, count: int) -> AbstractAsyncContextManager[None]:
        return self._loop().slots.setdefault((purpose, credential.account_id), asyncio.Semaphore(count))

    def _loop(self) -> _Loop:
        running = asyncio.get_running_loop()
        if (found := self._loops.get(running)) is None:
            found = self._loops[running] = _Loop(self._new_client())
        return found

    def _new_client(self) -> httpx.AsyncClient:
        transport = self._transport or GuardedTransport(
            allowed_private_hosts=self._allowed_private_hosts, max_connections=MAX_CONNECTIONS
        )
        seconds = self.settings.jimeng_timeout_seconds
        return httpx.AsyncClient(
            transport=transport,
            timeout=httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds), pool=min(CONNECT_SECONDS, seconds)),
            trust_env=False,
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )

    async def close(self) -> None:
        """Closes this event loop's connections; the next call opens new ones."""
        if (found := self._loops.pop(asyncio.get_running_loop(), None)) is not None:
            await found.client.aclose()


def is_surely_not_sent(error: httpx.HTTPError) -> bool:
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)


def reason(error: httpx.HTTPError) -> str:
    """The reason as the end of a sentence that starts with "Jimeng"."""
    if isinstance(error.__cause__, LinkRefusedError):
        return "cannot be reached: its host is unknown, or private and not in EKONTE_ALLOWED_PRIVATE_HOSTS"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return "cannot be reached"
    return "did not answer in time" if isinstance(error, httpx.TimeoutException) else "closed the connection"


def account_key(credential: Credential) -> tuple[int, str]:
    """The cache key of an account and its session, without the session id; a renewed session has a new key."""
    return credential.account_id, hashlib.sha256(f"{credential.site}:{credential.session_id}".encode()).hexdigest()
