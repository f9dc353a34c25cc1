"""The provider `jimeng`: the calls of a PooledProvider on Jimeng and Dreamina."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import structlog

from errors import EkonteError
from providers.jimeng.answers import fields, read_envelope, refuse
from providers.jimeng.caching import Cache
from providers.jimeng.calling import Caller, account_key, is_surely_not_sent, reason
from providers.jimeng.catalogue import PROVIDER, catalogue
from providers.jimeng.clip_drafts import clip_submission
from providers.jimeng.credit_history import (
    HISTORY_PAGE_SIZE,
    MAX_HISTORY_PAGES,
    RECEIVED,
    SPENDING,
    read_credit_history,
)
from providers.jimeng.drafting import GENERATE_PATH, Fresh, Submission, submit_body
from providers.jimeng.faults import HttpFaultError, http_fault, invalid, is_refusal, not_reached, unreadable
from providers.jimeng.film_uploading import MAX_FILM_BYTES, FilmUploader
from providers.jimeng.fitting import FittedPicture, fit_or_refuse
from providers.jimeng.history import image_info, read_task
from providers.jimeng.picture_drafts import picture_submission
from providers.jimeng.results import item_id, link_of, links_by_uri
from providers.jimeng.upload_calls import UploadCalls
from providers.jimeng.uploading import Uploader
from providers.jimeng.wire_values import mapping, whole_number
from providers.pooled import (
    Accepted,
    Charges,
    Credential,
    FaultKind,
    GenerationOrder,
    ModelInfo,
    SubmitUnknownError,
    TaskPhase,
    UploadedFile,
    UpstreamFaultError,
    UpstreamTask,
)
from settings import JimengSettings

RunApart = Callable[[Callable[[Path], FittedPicture | str], Path], Awaitable[FittedPicture | str]]

log = structlog.get_logger(__name__)

CREDIT_PATH = "/commerce/v1/benefits/user_credit"
CREDIT_HISTORY_PATH = "/commerce/v1/benefits/user_credit_history"
RECEIVE_PATH = "/commerce/v1/benefits/credit_receive"
PASSPORT_PATH = "/passport/account/info/v2"
HISTORY_PATH = "/mweb/v1/get_history_by_ids"
ITEMS_PATH = "/mweb/v1/get_local_item_list"
URIS_PATH = "/mweb/v1/get_image_by_uri"
CANCEL_PATH = "/mweb/v1/aigc_draft/cancel_generate"

USER_SECONDS = 600.0
CREDIT_SECONDS = 30.0
TASK_SECONDS = 3600.0
MAX_ACCOUNTS = 10_000
MAX_TASKS = 5_000
IMAGE, VIDEO = "IMAGE", "VIDEO"
NOT_FOUND = 404


class JimengProvider:
    """A PooledProvider. Time-outs apply to each HTTP call; an upload makes up to five. transport: for tests."""

    name = PROVIDER

    def __init__(
        self,
        settings: JimengSettings,
        allowed_private_hosts: Collection[str],
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        run_apart: RunApart = asyncio.to_thread,
    ) -> None:
        """run_apart: calls a function of an input picture off the event loop; in a process where it is a stranger's."""
        self._run_apart = run_apart
        self._settings = settings
        self.call_timeout_seconds = settings.jimeng_timeout_seconds
        self._caller = Caller(settings, allowed_private_hosts, transport)
        uploads = UploadCalls(self._caller)
        self._uploader, self._film_uploader = Uploader(uploads), FilmUploader(uploads)
        self._alive: Cache[bool] = Cache(USER_SECONDS, max_entries=MAX_ACCOUNTS)
        self._credits: Cache[int] = Cache(CREDIT_SECONDS, max_entries=MAX_ACCOUNTS)
        self._tasks: Cache[UpstreamTask] = Cache(TASK_SECONDS, max_entries=MAX_TASKS)

    async def reachable(self) -> str | None:
        """Always None, without a request: availability depends on the accounts."""
        return None

    async def close(self) -> None:
        """Closes this event loop's connections."""
        await self._caller.close()

    def models(self) -> Sequence[ModelInfo]:
        return catalogue().models()

    def credits_for(self, order: GenerationOrder) -> int | None:
        known = catalogue()
        if (picture := known.images.get(order.model)) is not None:
            return known.picture_credits(picture, order.resolution or picture.resolutions[0], order.count)
        if (clip := known.videos.get(order.model)) is not None:
            resolution = order.resolution or next(iter(clip.resolutions), "")
            return clip.credits.get((resolution, order.duration_seconds or clip.seconds[0]))
        return None

    # ------------------------------------------------------------ the account

    async def is_alive(self, credential: Credential, *, fresh: bool = False) -> bool:
        key = account_key(credential)
        if not fresh and (known := self._alive.get(key)) is not None:
            return known
        try:
            alive = await self._check_session(credential)
        except UpstreamFaultError as fault:
            if fault.kind is not FaultKind.SESSION_EXPIRED:
                raise
            alive = False
        self._alive.put(key, alive)
        return alive

    async def _check_session(self, credential: Credential) -> bool:
        """Uses the account check, or the credit balance on sites without one. Raises UpstreamFaultError."""
        if self._caller.site(credential).region.passport:
            try:
                answer = await self._caller.call(
                    credential,
                    PASSPORT_PATH,
                    None,
                    extra_query={"account_sdk_source": "web"},
                    may_be_bare=True,
                )
            except HttpFaultError as fault:
                if fault.status != NOT_FOUND:
                    raise
            else:
                # The response may have no envelope; the user is then one level deeper.
                inner = fields(fields(answer).get("data"))
                return bool(fields(answer).get("user_id") or inner.get("user_id"))
        await self.credit_balance(credential, fresh=True)
        return True

    async def credit_balance(self, credential: Credential, *, fresh: bool = False) -> int:
        key = account_key(credential)
        if not fresh and (known := self._credits.get(key)) is not None:
            return known
        site = self._caller.site(credential)
        data = await self._caller.call(
            credential,
            CREDIT_PATH,
            {},
            is_commerce=True,
            has_query=False,
            referer=f"{site.page_url}{site.region.credit_path}",
        )
        held = fields(fields(data).get("credit"))
        kinds = [whole_number(held.get(f"{kind}_credit"), None) for kind in ("gift", "purchase", "vip")]
        if all(kind is None for kind in kinds):
            raise unreadable("credits")
        total = sum(kind or 0 for kind in kinds)
        self._credits.put(key, total)
        return total

    async def charges(
        self, credential: Credential, submit_ids: Collection[str], *, since: float, with_refunds: bool
    ) -> Charges:
        spent = await self._credit_history(credential, SPENDING, set(submit_ids), since)
        refunded = await self._credit_history(credential, RECEIVED, set(submit_ids), since) if with_refunds else {}
        return Charges(spent, refunded)

    async def _credit_history(
        self, credential: Credential, history_type: int, wanted: set[str], since: float
    ) -> dict[str, int]:
        """The credits of the wanted tasks by submit id, from the newest entries of one kind."""
        site, cursor = self._caller.site(credential), "0"
        found: dict[str, int] = {}
        for _ in range(MAX_HISTORY_PAGES):
            data = fields(
                await self._caller.call(
                    credential,
                    CREDIT_HISTORY_PATH,
                    {"count": HISTORY_PAGE_SIZE, "cursor": cursor, "history_type": history_type},
                    is_commerce=True,
                    has_query=False,
                    referer=f"{site.page_url}{site.region.credit_path}",
                    max_retries=0,
                )
            )
            page = read_credit_history(data)
            for entry in page.entries:
                if entry.submit_id in wanted:
                    found[entry.submit_id] = found.get(entry.submit_id, 0) + entry.amount
            is_past = any(entry.created_at < since for entry in page.entries)
            if page.next_cursor is None or is_past or (history_type == SPENDING and wanted <= found.keys()):
                break
            cursor = page.next_cursor
        return found

    async def receive_credits(self, credential: Credential) -> int:
        """Sent once, without retries, since repeated requests make a refusal worse."""
        site = self._caller.site(credential)
        data = await self._caller.call(
            credential,
            RECEIVE_PATH,
            {"time_zone": "Asia/Shanghai"},
            is_commerce=True,
            referer=f"{site.page_url}{site.region.receive_path}",
            max_retries=0,
        )
        self._credits.drop(account_key(credential))
        return max(0, whole_number(fields(data).get("receive_quota"), 0))

    # ------------------------------------------------------------ the task

    async def upload(self, credential: Credential, picture: Path) -> UploadedFile:
        try:
            fitted = await self._run_apart(fit_or_refuse, picture)
        except EkonteError as error:
            raise invalid(error.message) from error
        if isinstance(fitted, str):
            raise invalid(fitted)
        uploaded = await self._uploader.upload(credential, fitted.content)
        if uploaded.width and uploaded.height:
            return uploaded
        return replace(uploaded, width=fitted.width, height=fitted.height)

    async def upload_film(self, credential: Credential, film: Path) -> UploadedFile:
        if (await asyncio.to_thread(film.stat)).st_size > MAX_FILM_BYTES:
            raise invalid("The film that is a reference has more than 100 MB.")
        return await self._film_uploader.upload(credential, await asyncio.to_thread(film.read_bytes))

    async def submit(self, credential: Credential, order: GenerationOrder, submit_id: str) -> Accepted:
        """Sends a single request; a retry could be charged twice."""
        site = self._caller.site(credential)
        body = submit_body(self._submission(credential, order, submit_id), submit_id=submit_id, aid=site.aid)
        referer = f"{site.page_url}/ai-tool/generate?type={'image' if order.kind == IMAGE else 'video'}"
        try:
            async with asyncio.timeout(self._settings.jimeng_timeout_seconds):
                response = await self._caller.post(credential, GENERATE_PATH, body, referer=referer)
        except httpx.HTTPError as error:
            log.warning("jimeng.submit_failed", error=type(error).__name__, submit_id=submit_id)
            if is_surely_not_sent(error):
                raise not_reached(reason(error)) from None
            raise SubmitUnknownError(f"Jimeng {reason(error)}.") from None
        except TimeoutError:
            raise SubmitUnknownError("Jimeng did not answer in time.") from None
        accepted = self._accepted(response)
        self._credits.drop(account_key(credential))
        return accepted

    def _submission(self, credential: Credential, order: GenerationOrder, submit_id: str) -> Submission:
        version, fresh = self._settings.default_da_version, Fresh()
        if order.kind == IMAGE:
            return picture_submission(order, credential.site, submit_id, draft_version=version, fresh=fresh)
        return clip_submission(order, credential.site, submit_id, draft_version=version, fresh=fresh)

    def _accepted(self, response: httpx.Response) -> Accepted:
        """Raises UpstreamFaultError for a refusal: by its code, or by an HTTP status that means "not accepted" (see
        `is_refusal`). Other unusable responses raise SubmitUnknownError, with what their status says.
        """
        status = response.status_code
        envelope = read_envelope(response)
        if envelope is not None and envelope.ret is not None:
            refuse(envelope, response, GENERATE_PATH)
            data = fields(envelope.data)
            history_id = fields(data.get("aigc_data")).get("history_record_id")
            if isinstance(history_id, str | int) and not isinstance(history_id, bool) and history_id:
                return Accepted(str(history_id), data)
            what = "Jimeng's response contains no task id"
        else:
            what = "Jimeng's response cannot be read"
        log.warning("jimeng.unreadable_submit", status=status)
        if is_refusal(status):
            raise http_fault(response)
        fault = http_fault(response) if status >= 300 else unreadable("task id")
        raise SubmitUnknownError(f"{what} (HTTP status {status}).", fault=fault)

    async def query(
        self,
        credential: Credential,
        kind: str,
        *,
        history_ids: Collection[str] = (),
        submit_ids: Collection[str] = (),
        fresh: bool = False,
    ) -> Mapping[str, UpstreamTask]:
        found: dict[str, UpstreamTask] = {}
        for name, ids in (("history_ids", history_ids), ("submit_ids", submit_ids)):
            found.update(await self._query_by(credential, kind, name, list(dict.fromkeys(ids)), fresh))
        return found

    async def _query_by(
        self, credential: Credential, kind: str, field_name: str, ids: Sequence[str], fresh: bool
    ) -> dict[str, UpstreamTask]:
        """Tasks by one kind of id. Ended tasks are cached for an hour, since they do not change."""
        account = account_key(credential)
        cached = {asked: None if fresh else self._tasks.get((account, kind, asked)) for asked in ids}
        found = {asked: task for asked, task in cached.items() if task is not None}
        missing = [asked for asked in ids if asked not in found]
        if not missing:
            return found
        body: dict[str, Any] = {field_name: missing}
        if kind == IMAGE:
            body["image_info"] = image_info()
        async with self._caller.query_slot(credential):
            data = await self._caller.call(credential, HISTORY_PATH, body)
        if data is not None and not isinstance(data, Mapping):
            raise unreadable("tasks")
        for asked in missing:
            if record := mapping(fields(data).get(asked)):
                task = found[asked] = read_task(asked, kind, record)
                if task.phase is not TaskPhase.RUNNING:
                    self._tasks.put((account, kind, asked), task)
        return found

    async def best_links(self, credential: Credential, task: UpstreamTask) -> tuple[str, ...]:
        """Clips have a download link of about five times the preview's bit rate. Results without a link are asked for
        by their item, and pictures by their URI. What cannot be asked for just now is left as the task has it; raises
        UpstreamFaultError where that leaves no link at all.
        """
        links, failure = task.links, None
        try:
            if task.kind == VIDEO and links and len(task.item_ids) == len(links):
                better = await self._links_of_items(credential, task, task.item_ids)
                if len(better) == len(links) == 1:
                    links = tuple(better.values())
                else:
                    links = tuple(better.get(name, link) for name, link in zip(task.item_ids, links, strict=True))
            if task.unlinked_ids:
                links += tuple((await self._links_of_items(credential, task, task.unlinked_ids)).values())
        except UpstreamFaultError as fault:
            failure = fault
        try:
            if task.unlinked_uris and len(links) < len(task.links) + len(task.unlinked_uris):
                links += await self._links_of_uris(credential, task.unlinked_uris)
        except UpstreamFaultError as fault:
            failure = fault
        if not links and failure is not None:
            raise failure
        return tuple(dict.fromkeys(links))

    async def _links_of_items(
        self, credential: Credential, task: UpstreamTask, item_ids: Sequence[str]
    ) -> dict[str, str]:
        """The download links of results by item id, in upstream's order."""
        body = {
            "item_id_list": list(item_ids),
            "pack_item_opt": {"scene": 1, "need_data_integrity": True},
            "is_for_video_download": True,
        }
        data = fields(await self._asked(credential, ITEMS_PATH, body))
        items = data.get("item_list") or data.get("local_item_list") or []
        listed = [mapping(item) for item in items] if isinstance(items, list) else []
        found = {item_id(item) or str(place): link_of(item, task.kind or IMAGE) for place, item in enumerate(listed)}
        return {name: link for name, link in found.items() if link is not None}

    async def _links_of_uris(self, credential: Credential, uris: Sequence[str]) -> tuple[str, ...]:
        """The links of pictures by their URI."""
        return links_by_uri(await self._asked(credential, URIS_PATH, {"uris": list(uris)}), uris)

    async def _asked(self, credential: Credential, path: str, body: Mapping[str, Any]) -> Any:
        async with self._caller.query_slot(credential):
            return await self._caller.call(credential, path, body)

    async def cancel(self, credential: Credential, kind: str, history_id: str) -> bool:
        """Upstream can only cancel queued clips; for images it returns False without a request."""
        if kind != VIDEO:
            return False
        try:
            await self._caller.call(credential, CANCEL_PATH, {"history_id": history_id})
        except UpstreamFaultError as fault:
            if fault.upstream_code is None:  # upstream was not reached
                raise
            return False
        self._tasks.drop((account_key(credential), kind, history_id))
        return True
