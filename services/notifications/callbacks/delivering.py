"""Sending what stands in the outbox: many deliveries at once, few of them to one receiver, and a part of one owner."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence

import httpx
import orjson
import structlog

from errors import ConfigurationError
from models.callbacks import CallbackDelivery
from providers.guard import MAX_LOOKUPS, Resolve, resolve
from services.notifications.callbacks.bodies import file_ids_in, with_links
from services.notifications.callbacks.claims import LEASE_SECONDS, Claim, claim_due, record_try, release
from services.notifications.callbacks.outbox import ALERT
from services.notifications.callbacks.sending import CALL_SECONDS, Answer, open_client, send
from services.notifications.callbacks.signing import signed_headers
from services.notifications.callbacks.webhook_secrets import valid_secrets
from services.platform.file_links import FileLinks, links_of
from services.platform.files import ready_files
from settings import Settings

log = structlog.get_logger(__name__)

MAX_CALLBACKS = 64
assert MAX_CALLBACKS < MAX_LOOKUPS, "hosts whose look-ups hang leave room for others"
PREPARE_SECONDS = 15.0
"For reading secrets and files. With the call itself it is well within the lease."
assert PREPARE_SECONDS + CALL_SECONDS < LEASE_SECONDS


class CallbackSource:
    """Due deliveries as a worker's work. Belongs to one event loop."""

    batch_size = MAX_CALLBACKS

    def __init__(self, settings: Settings, resolver: Resolve = resolve) -> None:
        self._settings = settings
        self._resolver = resolver
        self._client: httpx.AsyncClient | None = None
        self._links: FileLinks | None = None

    async def claim(self, most: int, running: Sequence[Claim]) -> list[Claim]:
        """In turns of owners and receivers; those that have many under way get fewer."""
        going = Counter((claim.delivery.owner, claim.delivery.receiver) for claim in running)
        return await claim_due(most, going)

    async def do(self, claim: Claim) -> None:
        answer = await self._try(claim)
        await record_try(claim, answer, random.random())
        log.info("callback.tried", delivery=claim.delivery.global_id, status=answer.status_code)

    async def extend(self, claims: Sequence[Claim]) -> None:
        """Nothing: the lease is longer than any try takes."""

    async def release(self, claims: Sequence[Claim]) -> None:
        """What may have been sent already is sent again, under the same id."""
        await release(claims)

    async def next_due_seconds(self) -> float | None:
        """None: the worker's tick looks for due deliveries."""
        return None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _try(self, claim: Claim) -> Answer:
        delivery = claim.delivery
        async with asyncio.timeout(PREPARE_SECONDS):
            body = orjson.dumps(await self._body(delivery))
            try:
                secrets = await self._secrets(delivery)
            except ConfigurationError as error:  # it may come back with its key, so it is tried again
                log.warning("callback.not_signed", delivery=delivery.global_id, reason=str(error))
                return Answer(None, "The secret that signs it cannot be read by the server now.")
        headers = signed_headers(secrets, delivery.global_id, int(time.time()), body)
        if self._client is None:
            self._client = open_client(
                allowed_private_hosts=self._settings.allowed_private_hosts,
                max_connections=MAX_CALLBACKS,
                resolver=self._resolver,
            )
        return await send(self._client, delivery.url, headers, body, self._settings)

    async def _body(self, delivery: CallbackDelivery) -> object:
        """What is sent, with links that are signed now; without those of files that no link opens any more."""
        if self._links is None:
            self._links = links_of(self._settings, is_absolute=True)
        files = await ready_files(delivery.owner, sorted(file_ids_in(delivery.body)))
        opening = [file for file in files.values() if file.released_at is None]
        return with_links(delivery.body, {file.id: self._links.url(file) for file in opening})

    async def _secrets(self, delivery: CallbackDelivery) -> tuple[str, ...]:
        if delivery.subject == ALERT:
            secret = self._settings.alert_webhook_secret
            if secret is None:
                raise ConfigurationError("EKONTE_ALERT_WEBHOOK_SECRET: is not set any more; nothing is sent unsigned.")
            return (secret.get_secret_value(),)
        return await valid_secrets(delivery.owner)
