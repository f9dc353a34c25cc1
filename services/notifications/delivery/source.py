"""The task source that sends due callbacks: concurrently, with limits per receiver and per owner."""

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
from services.notifications.callbacks.outbox import ALERT
from services.notifications.callbacks.signing import signed_headers
from services.notifications.callbacks.webhook_secrets import valid_secrets
from services.notifications.delivery.claims import LEASE_SECONDS, Claim, claim_due, record_try, release
from services.notifications.delivery.proving import Rests, proven
from services.notifications.delivery.sending import CALL_SECONDS, SendResult, open_client, send
from services.platform.file_links import FileLinks, links_of
from services.platform.files import ready_files
from settings import Settings

log = structlog.get_logger(__name__)

MAX_CALLBACKS = 64
assert MAX_CALLBACKS < MAX_LOOKUPS, "hanging DNS look-ups of callbacks must leave capacity for others"
PREPARE_SECONDS = 15.0
"Time limit for reading secrets and files. Together with the request it is well below the lease."
assert PREPARE_SECONDS + CALL_SECONDS < LEASE_SECONDS


class CallbackSource:
    """Due deliveries as a worker's task source. Belongs to one event loop."""

    batch_size = MAX_CALLBACKS

    def __init__(self, settings: Settings, resolver: Resolve = resolve) -> None:
        self._settings = settings
        self._resolver = resolver
        self._client: httpx.AsyncClient | None = None
        self._links: FileLinks | None = None
        self._rests = Rests()

    async def claim(self, limit: int, running: Sequence[Claim]) -> list[Claim]:
        """Claims due deliveries, balanced over owners and receivers; those with many in flight get fewer."""
        in_flight = Counter((claim.delivery.owner, claim.delivery.receiver) for claim in running)
        return await claim_due(limit, in_flight, self._rests.resting())

    async def do(self, claim: Claim) -> None:
        response = await self._try(claim)
        await self._note(claim, response)
        await record_try(claim, response, random.random())
        log.info("callback.tried", delivery=claim.delivery.global_id, status=response.status_code)

    async def _note(self, claim: Claim, response: SendResult) -> None:
        """A receiver that has never taken a callback rests after a failure."""
        target = claim.delivery.owner, claim.delivery.receiver
        if response.is_success or target in await proven([target]):
            self._rests.succeeded(target)
        else:
            self._rests.failed(target)

    async def extend(self, claims: Sequence[Claim]) -> None:
        """Does nothing: the lease is longer than any try."""

    async def release(self, claims: Sequence[Claim]) -> None:
        """Returns claimed deliveries. One that was already sent is sent again under the same id."""
        await release(claims)

    async def next_due_seconds(self) -> float | None:
        """Always None: the worker's tick polls for due deliveries."""
        return None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _try(self, claim: Claim) -> SendResult:
        delivery = claim.delivery
        async with asyncio.timeout(PREPARE_SECONDS):
            body = orjson.dumps(await self._body(delivery))
            try:
                secrets = await self._secrets(delivery)
            except ConfigurationError as error:  # the key may be configured again later, so it is retried
                log.warning("callback.signing_failed", delivery=delivery.global_id, reason=str(error))
                return SendResult(None, "The server cannot read the signing secret at the moment.")
        headers = signed_headers(secrets, delivery.global_id, int(time.time()), body)
        if self._client is None:
            self._client = open_client(
                allowed_private_hosts=self._settings.allowed_private_hosts,
                max_connections=MAX_CALLBACKS,
                resolver=self._resolver,
            )
        return await send(self._client, delivery.url, headers, body, self._settings)

    async def _body(self, delivery: CallbackDelivery) -> object:
        """The body to send, with newly signed links; without links to deleted files."""
        if self._links is None:
            self._links = links_of(self._settings, is_absolute=True)
        files = await ready_files(delivery.owner, sorted(file_ids_in(delivery.body)))
        available = [file for file in files.values() if file.released_at is None]
        return with_links(delivery.body, {file.id: self._links.url(file) for file in available})

    async def _secrets(self, delivery: CallbackDelivery) -> tuple[str, ...]:
        if delivery.subject == ALERT:
            secret = self._settings.alert_webhook_secret
            if secret is None:
                raise ConfigurationError("EKONTE_ALERT_WEBHOOK_SECRET: is no longer set; nothing is sent unsigned.")
            return (secret.get_secret_value(),)
        return await valid_secrets(delivery.owner)
