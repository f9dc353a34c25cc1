"""A service with a controlled clock, and calls as upstream's web page makes them, independent of the client."""

import io
import uuid
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
from PIL import Image

from providers.jimeng.clip_drafts import clip_submission
from providers.jimeng.drafting import Fresh, submit_body
from providers.jimeng.emulator.accounts import Account
from providers.jimeng.emulator.application import build_application
from providers.jimeng.emulator.clock import Clock
from providers.jimeng.emulator.faults import Rule, rule_from
from providers.jimeng.emulator.options import Options
from providers.jimeng.emulator.service import Service
from providers.jimeng.emulator.sites import SITES
from providers.jimeng.picture_drafts import picture_submission
from providers.jimeng.signing import sigv4_headers
from providers.pooled import GenerationOrder
from tests.providers.jimeng.emulator.signing import page_headers

BASE = "http://emulator.test"
GENERATE = "/mweb/v1/aigc_draft/generate"
HISTORY = "/mweb/v1/get_history_by_ids"
CREDIT = "/commerce/v1/benefits/user_credit"
RECEIVE = "/commerce/v1/benefits/credit_receive"
START = 1_795_000_000.0
PICTURE = GenerationOrder("IMAGE", "jimeng-4.5", "a cat on a roof")
CLIP = GenerationOrder("VIDEO", "jimeng-video-3.0", "a lion runs", ratio="16:9")


def new_id() -> str:
    return str(uuid.uuid4())


class Emulated:
    """one: the default account of calls."""

    def __init__(self, *accounts: Account, rules: tuple[Mapping[str, Any], ...] = (), **options: Any) -> None:
        self.time = START
        chosen = Options(**{"is_fast": True, "seconds_per_image": 20.0, "seconds_per_video": 100.0, **options})
        self.service = Service(
            chosen,
            accounts or (Account("one"),),
            tuple(made_rule(rule, number) for number, rule in enumerate(rules)),
            clock=Clock(lambda: self.time),
        )
        transport = httpx.ASGITransport(build_application(self.service))
        self.http = httpx.AsyncClient(transport=transport, base_url=BASE)

    async def close(self) -> None:
        await self.http.aclose()
        await self.service.close()

    def headers(self, path: str, session: str, site: str) -> dict[str, str]:
        return page_headers(path, session, site, now=self.time)

    async def post(
        self,
        path: str,
        body: object = None,
        *,
        session: str = "one",
        site: str = "CN",
        headers: Mapping[str, str | None] | None = None,
        query: Mapping[str, str | None] | None = None,
    ) -> httpx.Response:
        """headers, query: override the correct ones; None omits one."""
        known = SITES[site]
        sent_query = {"aid": str(known.aid), "region": known.region, "device_platform": "web", "da_version": "3.3.9"}
        sent = {**self.headers(path, session, site), **(headers or {})}
        arguments = {} if body is None else {"json": body}
        return await self.http.post(
            path,
            params={name: value for name, value in {**sent_query, **(query or {})}.items() if value is not None},
            headers={name: value for name, value in sent.items() if value is not None},
            **arguments,  # type: ignore[arg-type]
        )

    async def ask(self, path: str, body: object = None, **how: Any) -> dict[str, Any]:
        """The envelope of a call with HTTP status 200."""
        response = await self.post(path, body, **how)
        assert response.status_code == 200
        answer: dict[str, Any] = response.json()
        return answer

    async def submit(
        self, order: GenerationOrder = PICTURE, submit_id: str | None = None, *, site: str = "CN", session: str = "one"
    ) -> dict[str, Any]:
        return await self.ask(GENERATE, body_of(order, submit_id, site=site), site=site, session=session)

    async def submitted(self, order: GenerationOrder = PICTURE, **how: Any) -> str:
        """Submits a task that is accepted; returns its history id."""
        answer = await self.submit(order, **how)
        assert answer["ret"] == "0", answer
        return str(answer["data"]["aigc_data"]["history_record_id"])

    async def record(self, history_id: str, **how: Any) -> dict[str, Any] | None:
        answer = await self.ask(HISTORY, {"history_ids": [history_id]}, **how)
        assert answer["ret"] == "0", answer
        found: dict[str, Any] | None = answer["data"].get(history_id)
        return found

    async def control(self, name: str, body: object = None) -> dict[str, Any]:
        path = f"/__emulator__/{name}"
        response = await (self.http.get(path) if body is None else self.http.post(path, json=body))
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def credit(self, session: str = "one", site: str = "CN") -> int:
        answer = await self.ask(CREDIT, {}, session=session, site=site)
        return sum(answer["data"]["credit"].values())

    # ------------------------------------------------------------ uploads

    async def token(self, session: str = "one", site: str = "CN", scene: int = 2) -> dict[str, Any]:
        answer = await self.ask("/mweb/v1/get_upload_token", {"scene": scene}, session=session, site=site)
        assert answer["ret"] == "0", answer
        data: dict[str, Any] = answer["data"]
        return data

    def signed(
        self,
        method: str,
        query: Mapping[str, str],
        token: Mapping[str, Any],
        site: str,
        body: bytes | None = None,
        service: str = "imagex",
    ) -> dict[str, str]:
        return sigv4_headers(
            method,
            query,
            region=SITES[site].upload_region,
            service=service,
            access_key_id=token["access_key_id"],
            secret_access_key=token["secret_access_key"],
            session_token=token["session_token"],
            date=datetime.fromtimestamp(self.time, UTC).strftime("%Y%m%dT%H%M%SZ"),
            body=body,
        )

    async def apply(self, token: Mapping[str, Any], size: int, site: str = "CN", **headers: str) -> httpx.Response:
        query = apply_query(token["service_id"], size)
        return await self.http.get("/", params=query, headers={**self.signed("GET", query, token, site), **headers})

    async def put(self, address: Mapping[str, Any], content: bytes, **headers: str) -> httpx.Response:
        info = address["StoreInfos"][0]
        sent = {"Authorization": info["Auth"], "Content-CRC32": f"{zlib.crc32(content):08x}"}
        return await self.http.post(f"/upload/v1/{info['StoreUri']}", content=content, headers={**sent, **headers})

    async def commit(
        self, token: Mapping[str, Any], session_key: str, site: str = "CN", *, body: bytes | None = None
    ) -> httpx.Response:
        """body: the signed body, if it differs from the sent one."""
        query = {"Action": "CommitImageUpload", "Version": "2018-08-01", "ServiceId": token["service_id"]}
        sent = b'{"SessionKey":"%s"}' % session_key.encode()
        headers = self.signed("POST", query, token, site, body or sent)
        return await self.http.post("/", params=query, headers=headers, content=sent)

    async def apply_film(self, token: Mapping[str, Any], size: int, **changes: str) -> httpx.Response:
        """The address for a film. changes: of the query; service: of the signature."""
        service = changes.pop("service", "vod")
        query = {
            "Action": "ApplyUploadInner", "Version": "2020-11-19", "SpaceName": token["space_name"],
            "FileType": "video", "IsInner": "1", "FileSize": str(size), "s": "38ertwxl5e", **changes,
        }  # fmt: skip
        return await self.http.get("/", params=query, headers=self.signed("GET", query, token, "CN", None, service))

    async def commit_film(self, token: Mapping[str, Any], body: bytes) -> httpx.Response:
        query = {"Action": "CommitUploadInner", "Version": "2020-11-19", "SpaceName": token["space_name"]}
        headers = self.signed("POST", query, token, "CN", body, "vod")
        return await self.http.post("/", params=query, headers=headers, content=body)

    async def film_uploaded(self, content: bytes, session: str = "one") -> tuple[str, dict[str, Any]]:
        """Uploads a film through all steps; returns its vid and what upstream says of it."""
        token = await self.token(session, scene=1)
        result = (await self.apply_film(token, len(content))).json()["Result"]
        node = result["InnerUploadAddress"]["UploadNodes"][0]
        assert (await self.put(node, content)).json()["code"] == 2000
        body = b'{"SessionKey":"%s","Functions":[]}' % node["SessionKey"].encode()
        committed = (await self.commit_film(token, body)).json()["Result"]["Results"][0]
        assert committed["Vid"] == node["Vid"]
        return committed["Vid"], committed["VideoMeta"]

    async def uploaded(self, content: bytes, *, session: str = "one", site: str = "CN") -> str:
        """Uploads a picture through all steps; returns its URI."""
        token = await self.token(session, site)
        applied = (await self.apply(token, len(content), site)).json()["Result"]["UploadAddress"]
        assert (await self.put(applied, content)).json()["code"] == 2000
        committed = (await self.commit(token, applied["SessionKey"], site)).json()
        return str(committed["Result"]["Results"][0]["Uri"])


def made_png(width: int, height: int, colour: str = "teal") -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(written, "PNG")
    return written.getvalue()


PNG = made_png(64, 48)


def apply_query(service_id: str, size: int) -> dict[str, str]:
    return {
        "Action": "ApplyImageUpload",
        "Version": "2018-08-01",
        "ServiceId": service_id,
        "FileSize": str(size),
        "s": "38ertwxl5e",
    }


def body_of(order: GenerationOrder, submit_id: str | None = None, *, site: str = "CN") -> dict[str, Any]:
    """The body of a submit, created by the project's client."""
    chosen = submit_id or new_id()
    if order.kind == "IMAGE":
        submission = picture_submission(order, site, chosen, draft_version="3.3.9", fresh=Fresh())
    else:
        submission = clip_submission(order, site, chosen, draft_version="3.3.9", fresh=Fresh())
    return submit_body(submission, submit_id=chosen, aid=SITES[site].aid)


def made_rule(values: Mapping[str, Any], number: int = 0) -> Rule:
    return rule_from(values, number)
