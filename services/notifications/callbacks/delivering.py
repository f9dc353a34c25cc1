"""Sending what stands in the outbox: in each worker process, many at once, and never more than a few to one receiver,
nor more than a part of them of one owner.

Whoever says "look" (a message, a try that has ended, the worker's tick) never waits for a receiver.
"""

import asyncio
import random
import time
from collections import Counter

import httpx
import orjson
import structlog

from errors import ConfigurationError
from models.callbacks import CallbackDelivery
from providers.guard import LOOKUPS_AT_ONCE, Resolve, resolve
from services.notifications.callbacks.bodies import file_ids_in, with_links
from services.notifications.callbacks.claims import LEASE_SECONDS, Claim, claim_due, hand_back, note
from services.notifications.callbacks.outbox import ALERT
from services.notifications.callbacks.sending import CALL_SECONDS, Answer, open_client, send
from services.notifications.callbacks.signing import signed_headers
from services.notifications.callbacks.webhook_secrets import valid_secrets
from services.platform.file_links import FileLinks, links_of
from services.platform.files import ready_files
from settings import Settings

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 64
assert MOST_AT_ONCE < LOOKUPS_AT_ONCE, "hosts whose look-ups hang leave room for others"
PREPARE_SECONDS = 15.0
"For reading secrets and files. With the call itself it is well within the lease."
assert PREPARE_SECONDS + CALL_SECONDS < LEASE_SECONDS


class Deliverer:
    """Belongs to one event loop."""

    def __init__(self, settings: Settings, resolver: Resolve = resolve) -> None:
        self._settings = settings
        self._resolver = resolver
        self._client: httpx.AsyncClient | None = None
        self._links: FileLinks | None = None
        self._going: dict[asyncio.Task[None], Claim] = {}
        self._asked = 0
        self._is_looking = False
        self._is_stopping = False

    async def look(self) -> None:
        """Claims what is due and sets it going, until there is no more room or nothing is due. What is asked while a
        look is under way is looked for once more.
        """
        self._asked += 1
        if self._is_looking:
            return
        self._is_looking = True
        try:
            while not self._is_stopping and len(self._going) < MOST_AT_ONCE:
                asked = self._asked
                claims = await self._claim()
                for claim in claims:
                    task = asyncio.create_task(self._deliver(claim))
                    self._going[task] = claim
                    task.add_done_callback(lambda done: self._going.pop(done, None))
                if not claims and asked == self._asked:
                    return
        finally:
            self._is_looking = False

    async def _claim(self) -> list[Claim]:
        """Claims that are never lost: those that come through while the floor closes are handed back."""
        going = Counter((claim.delivery.owner, claim.delivery.receiver) for claim in self._going.values())
        claiming = asyncio.ensure_future(claim_due(MOST_AT_ONCE - len(self._going), going))
        try:
            claims = await asyncio.shield(claiming)
        except asyncio.CancelledError:
            await asyncio.wait([claiming])
            if claiming.exception() is None:
                await hand_back(claiming.result())
            raise
        if self._is_stopping:
            await hand_back(claims)
            return []
        return claims

    async def _deliver(self, claim: Claim) -> None:
        try:
            answer = await self._try(claim)
            await note(claim, answer, random.random())
            log.info("callback.tried", delivery=claim.delivery.global_id, status=answer.status_code)
        except asyncio.CancelledError:
            raise
        except Exception:  # the lease runs out, and it is sent again
            log.exception("callback.broke", delivery=claim.delivery.global_id)
        self._going.pop(asyncio.current_task(), None)  # type: ignore[arg-type]
        try:
            await self.look()
        except Exception as error:  # the tick looks again
            log.warning("callbacks.look_failed", error=type(error).__name__)

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
                max_connections=MOST_AT_ONCE,
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

    async def stop(self) -> None:
        """Stops everything that is going and hands it back, due at once: what may have been sent is sent again."""
        self._is_stopping = True
        going = dict(self._going)
        for task in going:
            task.cancel()
        if going:
            await asyncio.wait(going)
        await hand_back(list(going.values()))
        while self._is_looking:  # noqa: ASYNC110 - a look ends by itself
            await asyncio.sleep(0.01)
        if self._client is not None:
            await self._client.aclose()
