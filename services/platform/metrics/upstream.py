"""A wrapper around a pooled provider that measures it: records the duration and refusal of each call, and its span if
tracing is on.

Providers know no metrics, so all calls of our services to pooled providers go through this wrapper.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from pathlib import Path

from providers.pooled import (
    Accepted,
    Charges,
    Credential,
    GenerationOrder,
    ModelInfo,
    PooledProvider,
    SubmitUnknownError,
    UploadedFile,
    UpstreamFaultError,
    UpstreamTask,
)
from services.platform.metrics.recording import record_upstream_call, record_upstream_refusal
from services.platform.tracing import span

UNANSWERED = "UNANSWERED"


class MeasuredPool:
    """Delegates to the provider, and measures its calls."""

    def __init__(self, provider: PooledProvider) -> None:
        self._provider = provider
        self.name = provider.name
        self.call_timeout_seconds = provider.call_timeout_seconds

    async def reachable(self) -> str | None:
        return await self._provider.reachable()

    def models(self) -> Sequence[ModelInfo]:
        return self._provider.models()

    def credits_for(self, order: GenerationOrder) -> int | None:
        return self._provider.credits_for(order)

    async def is_alive(self, credential: Credential, *, fresh: bool = False) -> bool:
        async with self._measured(credential, "session"):
            return await self._provider.is_alive(credential, fresh=fresh)

    async def credit_balance(self, credential: Credential, *, fresh: bool = False) -> int:
        async with self._measured(credential, "balance"):
            return await self._provider.credit_balance(credential, fresh=fresh)

    async def charges(
        self, credential: Credential, submit_ids: Collection[str], *, since: float, with_refunds: bool
    ) -> Charges:
        async with self._measured(credential, "charges"):
            return await self._provider.charges(credential, submit_ids, since=since, with_refunds=with_refunds)

    async def receive_credits(self, credential: Credential) -> int:
        async with self._measured(credential, "receive"):
            return await self._provider.receive_credits(credential)

    async def upload(self, credential: Credential, picture: Path) -> UploadedFile:
        async with self._measured(credential, "upload"):
            return await self._provider.upload(credential, picture)

    async def upload_film(self, credential: Credential, film: Path) -> UploadedFile:
        async with self._measured(credential, "upload"):
            return await self._provider.upload_film(credential, film)

    async def submit(self, credential: Credential, order: GenerationOrder, submit_id: str) -> Accepted:
        async with self._measured(credential, "submit"):
            return await self._provider.submit(credential, order, submit_id)

    async def query(
        self,
        credential: Credential,
        kind: str,
        *,
        history_ids: Collection[str] = (),
        submit_ids: Collection[str] = (),
        fresh: bool = False,
    ) -> Mapping[str, UpstreamTask]:
        async with self._measured(credential, "query"):
            return await self._provider.query(
                credential, kind, history_ids=history_ids, submit_ids=submit_ids, fresh=fresh
            )

    async def best_links(self, credential: Credential, task: UpstreamTask) -> tuple[str, ...]:
        async with self._measured(credential, "links"):
            return await self._provider.best_links(credential, task)

    async def cancel(self, credential: Credential, kind: str, history_id: str) -> bool:
        async with self._measured(credential, "cancel"):
            return await self._provider.cancel(credential, kind, history_id)

    @contextlib.asynccontextmanager
    async def _measured(self, credential: Credential, operation: str) -> AsyncIterator[None]:
        """Records the duration of the call and a refusal. Records nothing for a call that was cancelled early."""
        provider, site = self.name, credential.site
        started = time.perf_counter()
        is_cancelled_early = False
        with span(f"upstream {operation}", provider=provider, site=site):
            try:
                yield
            except UpstreamFaultError as fault:
                record_upstream_refusal(provider, site, operation, fault.kind.value, fault.upstream_code)
                raise
            except (SubmitUnknownError, TimeoutError):
                record_upstream_refusal(provider, site, operation, UNANSWERED, None)
                raise
            except asyncio.CancelledError:
                # A caller's deadline cancels as well; it is later than the provider's own.
                is_cancelled_early = time.perf_counter() - started < self.call_timeout_seconds
                if not is_cancelled_early:
                    record_upstream_refusal(provider, site, operation, UNANSWERED, None)
                raise
            finally:
                if not is_cancelled_early:
                    record_upstream_call(provider, site, operation, time.perf_counter() - started)
