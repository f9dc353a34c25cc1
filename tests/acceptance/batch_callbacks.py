"""Scenarios of test_batches.py about callbacks to a real HTTP receiver that fails in several ways before it works."""

import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
from standardwebhooks.webhooks import Webhook

from tests.acceptance import batch_documents as documents
from tests.acceptance.batches import WORK, batch_ended, create_batch, jobs_of
from tests.acceptance.filming import until
from tests.acceptance.playing import Scenario
from tests.acceptance.pool import Pool
from tests.callback_factories import HANG, REDIRECT, Received, Receiver, receiving

SCENARIOS: list[Scenario] = []
SETTINGS = {"EKONTE_ALLOW_HTTP_CALLBACKS": "true", "EKONTE_ALLOWED_PRIVATE_HOSTS": "127.0.0.1"}


def scenario(play: Scenario) -> Scenario:
    SCENARIOS.append(play)
    return play


@scenario
async def a_receiver_that_fails_hangs_redirects_and_works(pool: Pool, _: Path) -> None:
    """Each try is the same delivery with the same id and a signature of its own; what it links to is there."""
    await pool.add("tell-a", maxConcurrent=5)
    await secret_of(pool)
    pool.emulator.put_rule("tell", "submit", prompt_contains="tell-bad", ret="2038")
    storyboards = [f"tell-{n}" for n in range(4)]
    async with receiving(500, HANG, REDIRECT) as receiver:
        batch_id = await create_batch(pool, [*storyboards, "tell-bad"], callbackUrl=receiver.url)
        await batch_ended(pool, batch_id, "PARTIALLY_FAILED")
        # The second try comes by itself, five seconds after the first. The third would come in five minutes.
        await tries_are(pool, batch_id, 2)
        delivery = await the_delivery(pool, batch_id)
        assert (delivery["status"], delivery["deliveredAt"]) == ("PENDING", None)
        await pool.client.do(documents.REDELIVER, id=delivery["id"])
        delivery = await tries_are(pool, batch_id, 4)
        assert (delivery["status"], delivery["nextAttemptAt"]) == ("DELIVERED", None)
        assert [one["statusCode"] for one in delivery["tries"]] == [500, None, 302, 200]
        errors = [one["error"] or "" for one in delivery["tries"]]
        assert "No response within" in errors[1]
        assert "redirect" in errors[2]
        assert {one.path for one in receiver.received} == {"/hooks"}, "a redirect was followed"
        assert {one.headers["webhook-id"] for one in receiver.received} == {delivery["id"]}
        bodies = [await verified(pool, one) for one in receiver.received]
        assert [(body["type"], body["event"]) for body in bodies] == [("batch_completed", "batch_completed")] * 4
        await check_body(pool, batch_id, bodies[-1])


@scenario
async def a_picture_that_calls_back(pool: Pool, _: Path) -> None:
    await pool.add("call-a")
    await secret_of(pool)
    async with receiving() as receiver:
        job = await pool.ended(await pool.image("call-1", callbackUrl=receiver.url))
        await arrived(receiver, 1)
        body = await verified(pool, receiver.received[0])
    assert (body["type"], body["storyboard_id"], body["status"]) == ("record_succeeded", "call-1", "success")
    assert await contents(body["urls"]) == {file["sha256"] for file in job["files"]}


async def arrived(receiver: Receiver, count: int) -> None:
    async def ask() -> bool:
        return len(receiver.received) >= count

    await until(f"{count} callbacks have arrived", ask)


async def the_delivery(pool: Pool, batch_id: str) -> dict[str, Any]:
    (delivery,) = (await pool.client.do(documents.DELIVERIES, id=batch_id))["callbackDeliveries"]
    return dict(delivery)


async def tries_are(pool: Pool, batch_id: str, count: int) -> dict[str, Any]:
    """The batch's one delivery, once so many tries of it have ended."""
    found: dict[str, Any] = {}

    async def ask() -> bool:
        found.update(await the_delivery(pool, batch_id))
        return len(found["tries"]) >= count

    await until(f"{count} tries have ended", ask, every_seconds=0.3)
    return found


async def secret_of(pool: Pool) -> str:
    """The owner's secret; made by the first call, which must come before the callback is signed."""
    return str((await pool.client.do(documents.ROTATE))["secret"])


async def verified(pool: Pool, received: Received) -> dict[str, Any]:
    """The body, once the library of Standard Webhooks has found that it is signed with the owner's secret."""
    Webhook(await secret_of(pool)).verify(received.body, received.headers)
    return dict(json.loads(received.body))


async def check_body(pool: Pool, batch_id: str, body: dict[str, Any]) -> None:
    jobs = {job["storyboardId"]: await pool.job(job["id"]) for job in await jobs_of(pool, batch_id)}
    assert (body["batch_id"], body["project_id"], body["work_id"]) == (batch_id, "project", WORK)
    assert body["summary"] == {"total": 5, "success": 4, "failed": 1, "success_rate": 0.8}
    results = {result["storyboard_id"]: result for result in body["results"]}
    assert list(results) == list(jobs), "results stand in the order of the items"
    assert results["tell-bad"]["status"] == "failed"
    assert results["tell-bad"]["error"]["code"] == "CONTENT_REJECTED"
    assert results["tell-bad"]["urls"] == []
    for storyboard, result in results.items():
        if storyboard != "tell-bad":
            assert (result["status"], result["error"], len(result["urls"])) == ("success", None, 4)
            assert await contents(result["urls"]) == {file["sha256"] for file in jobs[storyboard]["files"]}


async def contents(urls: list[str]) -> set[str]:
    """Hashes of what stands behind signed links, for somebody who has nothing but the links."""
    async with httpx.AsyncClient(trust_env=False) as http:
        answers = [await http.get(url) for url in urls]
    assert {answer.status_code for answer in answers} == {200}
    return {hashlib.sha256(answer.content).hexdigest() for answer in answers}
