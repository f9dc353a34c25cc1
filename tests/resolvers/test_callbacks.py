"""Callbacks over GraphQL: addresses that are given, deliveries that are read and sent again, secrets."""

from pathlib import Path
from typing import Any

import pytest

from models.callbacks import CallbackDelivery, CallbackTry, WebhookSecret
from models.enums import DeliveryStatus
from models.generation import GenerationRecord
from models.jobs import IdempotencyKey, Job
from models.workflows import Workflow
from services.notifications.callbacks import addresses
from services.notifications.callbacks.webhook_secrets import valid_secrets
from services.platform.files import use_storage
from tests.callback_factories import URL, make_delivery
from tests.factories import OTHER, OWNER, make_workflow
from tests.record_factories import everything, fail, finish, made, record_of
from tests.resolvers.asking import ask, execute, refused
from tests.statements import counted_statements

IMAGE = (
    "mutation ($input: GenerateImageInput!) { generateImage(input: $input) { job { id record { id callbackUrl } } } }"
)
VIDEO = (
    "mutation ($input: GenerateVideoInput!) { generateVideo(input: $input) { job { id record { id callbackUrl } } } }"
)
AGAIN = "mutation ($input: RegenerateInput!) { regenerate(input: $input) { job { id record { id callbackUrl } } } }"
WORKFLOW = "mutation ($input: CreateWorkflowInput!) { createWorkflow(input: $input) { workflow { id } } }"
DELIVERY = """id event url status tries { at statusCode error } nextAttemptAt deliveredAt createdAt"""
RECORD = f"query ($id: ID!) {{ record(id: $id) {{ id callbackDeliveries {{ {DELIVERY} }} }} }}"
NODE = f"query ($id: ID!) {{ node(id: $id) {{ id ... on CallbackDelivery {{ {DELIVERY} }} }} }}"
REDELIVER = f"mutation ($id: ID!) {{ redeliverCallback(deliveryId: $id) {{ delivery {{ {DELIVERY} }} }} }}"
SECRETS = "{ me { webhookSecrets { hint createdAt retiresAt } } }"
ROTATE = "mutation { rotateWebhookSecret { secret webhookSecret { hint } me { webhookSecrets { hint retiresAt } } } }"

PICTURE = {"storyboardId": "shot-1", "prompt": "a street", "model": "offline-drawing"}
TALE = {"name": "Lamp", "inputContent": "A lamp stood in a street. It was night."}

pytestmark = pytest.mark.usefixtures("either_database")


@pytest.fixture(autouse=True)
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts that were looked up; private.example has a private address, all others a public one."""
    hosts: list[str] = []
    real = addresses.checked_addresses

    async def resolve(host: str, port: int) -> list[str]:
        hosts.append(host)
        return ["10.0.0.1" if host == "private.example" else "93.184.216.34"]

    async def checked(host: str, port: int, **values: Any) -> Any:
        return await real(host, port, **{**values, "resolver": resolve})

    monkeypatch.setattr(addresses, "checked_addresses", checked)
    return hosts


@pytest.mark.parametrize(("document", "field"), [(IMAGE, "generateImage"), (VIDEO, "generateVideo")])
async def test_an_address_stands_in_the_record(document: str, field: str, looked_up: list[str]) -> None:
    model = "offline-drawing" if field == "generateImage" else "offline-motion"
    data = await ask(document, input={**PICTURE, "model": model, "callbackUrl": URL})
    assert data[field]["job"]["record"]["callbackUrl"] == URL
    assert (await Job.get()).params["callback_url"] == URL
    assert looked_up == ["studio.example"]


@pytest.mark.parametrize("url", ["http://studio.example/", "https://private.example/", "https://mira@studio.example/"])
async def test_an_address_that_callbacks_may_not_go_to_is_refused_and_nothing_is_made(url: str) -> None:
    before = await everything()
    error = await refused(IMAGE, input={**PICTURE, "callbackUrl": url})
    assert (error.code, error.path) == ("BAD_USER_INPUT", ["input", "callbackUrl"])
    error = await refused(WORKFLOW, input={**TALE, "callbackUrl": url})
    assert (error.code, error.path) == ("BAD_USER_INPUT", ["input", "callbackUrl"])
    assert await everything() == before
    assert await Workflow.all().count() == 0


async def test_a_workflow_keeps_its_address(data_dir: Path) -> None:
    use_storage(None, data_dir)
    await ask(WORKFLOW, input={**TALE, "callbackUrl": URL})
    assert (await Workflow.get()).callback_url == URL


async def test_regenerating_keeps_the_address_takes_another_or_takes_it_away() -> None:
    async def again(**changes: Any) -> Any:
        await finish(await Job.all().order_by("-id").first())  # type: ignore[arg-type]
        wanted = {"kind": "IMAGE", "workId": "default", "storyboardId": "shot-1", **changes}
        return (await ask(AGAIN, input=wanted))["regenerate"]["job"]["record"]["callbackUrl"]

    await ask(IMAGE, input={**PICTURE, "callbackUrl": URL})
    assert await again() == URL
    assert await again(callbackUrl="https://other.example/") == "https://other.example/"
    assert await again(callbackUrl=None) is None
    assert await again() is None
    await finish(await Job.all().order_by("-id").first())  # type: ignore[arg-type]
    before = await everything()
    wanted = {"kind": "IMAGE", "workId": "default", "storyboardId": "shot-1", "callbackUrl": "https://private.example/"}
    assert (await refused(AGAIN, input=wanted)).path == ["input", "callbackUrl"]
    assert await everything() == before


async def test_a_repeated_request_has_its_answer_though_the_host_is_gone_by_now(
    looked_up: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = {**PICTURE, "callbackUrl": URL, "idempotencyKey": "once"}
    first = await ask(IMAGE, input=wanted)

    async def nowhere(*_: Any, **__: Any) -> Any:
        raise addresses.HostNotFoundError("gone")

    monkeypatch.setattr(addresses, "checked_addresses", nowhere)
    assert await ask(IMAGE, input=wanted) == first
    assert (await refused(IMAGE, input={**wanted, "idempotencyKey": "twice"})).path == ["input", "callbackUrl"]


async def test_a_result_that_is_handed_out_again_is_told_too() -> None:
    await ask(IMAGE, input=PICTURE)
    job = await Job.get()
    await finish(job)
    wanted = {**PICTURE, "reuse": "EXACT"}
    await ask(IMAGE, input=wanted)
    assert await CallbackDelivery.all().count() == 0
    await ask(IMAGE, input={**wanted, "callbackUrl": URL})
    await ask(IMAGE, input={**wanted, "storyboardId": "shot-2", "callbackUrl": URL})
    rows = await CallbackDelivery.all().order_by("id")
    assert [(row.event, len(row.body["urls"])) for row in rows] == [("record_succeeded", 2)] * 2
    assert rows[0].subject_id == job.record_id != rows[1].subject_id


# ---------------------------------------------------------------- deliveries


async def delivered_record() -> tuple[GenerationRecord, CallbackDelivery]:
    record = await made("shot-1")
    delivery = await make_delivery(subject_id=record.id, round_tries=1)
    await CallbackTry.create(delivery_id=delivery.id, number=2, error="Could not connect to the receiver.")
    await CallbackTry.create(delivery_id=delivery.id, number=1, status_code=500)
    return record, delivery


async def test_a_record_shows_its_deliveries_newest_first_with_their_tries() -> None:
    record, older = await delivered_record()
    newer = await make_delivery(subject_id=record.id, event="record_failed", status=DeliveryStatus.DELIVERED)
    rows = (await ask(RECORD, id=record.global_id))["record"]["callbackDeliveries"]
    assert [row["id"] for row in rows] == [newer.global_id, older.global_id]
    assert (rows[0]["event"], rows[0]["status"], rows[0]["nextAttemptAt"]) == ("record_failed", "DELIVERED", None)
    assert (rows[1]["url"], rows[1]["status"]) == (URL, "PENDING")
    assert rows[1]["nextAttemptAt"] is not None
    assert [(row["statusCode"], row["error"]) for row in rows[1]["tries"]] == [
        (500, None),
        (None, "Could not connect to the receiver."),
    ]


async def test_a_workflow_shows_its_deliveries() -> None:
    workflow = await make_workflow()
    delivery = await make_delivery(subject="workflow", subject_id=workflow.id)
    document = "query ($id: ID!) { workflow(id: $id) { callbackDeliveries { id } } }"
    data = await ask(document, id=workflow.global_id)
    assert data["workflow"]["callbackDeliveries"] == [{"id": delivery.global_id}]


async def test_the_newest_of_many_are_listed_and_no_body_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.queries.callbacks.MAX_LISTED", 2)
    first, second = await made("shot-1"), await made("shot-2")
    deliveries = {
        record.id: [await make_delivery(subject_id=record.id) for _ in range(3)] for record in (first, second)
    }
    await make_delivery(subject="batch", subject_id=first.id)
    with counted_statements() as statements:
        answer = await ask("{ records(first: 5) { nodes { id callbackDeliveries { id url tries { at } } } } }")
    listed = {node["id"]: [row["id"] for row in node["callbackDeliveries"]] for node in answer["records"]["nodes"]}
    assert listed == {
        record.global_id: [row.global_id for row in reversed(deliveries[record.id][1:])] for record in (first, second)
    }
    assert not [statement for statement in statements if "callback_delivery" in statement and "body" in statement]


async def test_nobody_sees_another_owners_deliveries_or_those_of_the_deployment() -> None:
    _, delivery = await delivered_record()
    alert = await make_delivery(owner="", subject="alert")
    assert (await ask(NODE, id=delivery.global_id))["node"]["event"] == "record_succeeded"
    assert (await ask(NODE, OTHER, id=delivery.global_id))["node"] is None
    assert (await ask(NODE, id=alert.global_id))["node"] is None


async def test_redelivering_makes_it_due_at_once_with_a_new_round() -> None:
    _, delivery = await delivered_record()
    await CallbackDelivery.filter(id=delivery.id).update(status=DeliveryStatus.FAILED, due_at_ms=None, round_tries=8)
    for _ in range(2):
        shown = (await ask(REDELIVER, id=delivery.global_id))["redeliverCallback"]["delivery"]
        assert (shown["id"], shown["status"], len(shown["tries"])) == (delivery.global_id, "PENDING", 2)
        assert shown["nextAttemptAt"] is not None
    row = await CallbackDelivery.get(id=delivery.id)
    assert (row.round_tries, row.tries) == (0, 0)


async def test_redelivering_what_is_not_there_or_another_owners_is_refused() -> None:
    record, delivery = await delivered_record()
    before = await CallbackDelivery.all().values()
    for owner, wrong in ((OTHER, delivery.global_id), (OWNER, "cb_1"), (OWNER, record.global_id), (OWNER, "x")):
        error = await refused(REDELIVER, owner, id=wrong)
        assert (error.code, error.path) == ("NOT_FOUND", ["deliveryId"])
    assert await CallbackDelivery.all().values() == before


async def test_a_page_of_records_reads_their_deliveries_in_few_statements() -> None:
    counts = []
    for size in (2, 5):
        for number in range(size):
            record = await made(f"shot-{size}-{number}")
            await make_delivery(subject_id=record.id)
        with counted_statements() as statements:
            await ask(f"{{ records(first: {size}) {{ nodes {{ callbackDeliveries {{ {DELIVERY} }} }} }} }}")
        counts.append(len(statements))
    assert counts[0] == counts[1]


# ---------------------------------------------------------------- secrets


async def test_a_secret_is_shown_once_and_afterwards_by_its_last_characters() -> None:
    assert (await ask(SECRETS))["me"]["webhookSecrets"] == []
    (signing,) = await valid_secrets(OWNER)  # the first is made when a callback needs it
    (first,) = (await ask(SECRETS))["me"]["webhookSecrets"]
    assert (signing.rstrip("=")[-4:], None) == (first["hint"], first["retiresAt"])
    payload = (await ask(ROTATE))["rotateWebhookSecret"]
    new, former = payload["me"]["webhookSecrets"]
    assert payload["secret"] in await valid_secrets(OWNER)
    assert payload["secret"].rstrip("=").endswith(new["hint"])
    assert (former["hint"], former["retiresAt"] is None, new["retiresAt"]) == (first["hint"], False, None)
    shown = (await ask(SECRETS))["me"]["webhookSecrets"]
    assert [secret["hint"] for secret in shown] == [new["hint"], former["hint"]]
    assert payload["secret"] not in str(shown)
    assert (await ask(SECRETS, OTHER))["me"]["webhookSecrets"] == []


async def test_a_repeated_rotation_shows_the_same_secret_and_stores_it_nowhere_in_the_open() -> None:
    first = (await ask(ROTATE, key="k"))["rotateWebhookSecret"]
    assert (await ask(ROTATE, key="k"))["rotateWebhookSecret"] == first
    assert await WebhookSecret.all().count() == 1
    assert first["secret"] not in str(await IdempotencyKey.all().values())


async def test_a_failed_record_of_a_request_without_address_has_no_deliveries() -> None:
    job = (await ask(IMAGE, input=PICTURE))["generateImage"]["job"]
    row = await Job.get()
    await fail(row)
    assert (await record_of(row)).callback_url is None
    assert (await execute(RECORD, id=job["record"]["id"])).data == {
        "record": {"id": job["record"]["id"], "callbackDeliveries": []}
    }
