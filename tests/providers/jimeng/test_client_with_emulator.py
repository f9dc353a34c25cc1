"""The client against the emulator over real HTTP."""

import io
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
from PIL import Image

from providers.jimeng import JimengProvider
from providers.pooled import (
    Credential,
    FaultKind,
    GenerationOrder,
    SubmitUnknownError,
    TaskPhase,
    UpstreamFaultError,
    UpstreamTask,
)
from settings import JimengSettings
from tests.providers.jimeng.emulator.running import running_emulator

SITES = ("CN", "US", "HK", "JP", "SG")
PICTURE = GenerationOrder("IMAGE", "jimeng-4.5", "a boat on the sea", ratio="16:9")
CLIP = GenerationOrder("VIDEO", "jimeng-video-3.0", "a lion runs", ratio="16:9", resolution="720p")


class Emulator:
    """The emulator, controlled by its control interface."""

    def __init__(self, variables: dict[str, str]) -> None:
        self.host = variables["EKONTE_ALLOWED_PRIVATE_HOSTS"]
        self.settings = JimengSettings(
            _env_file=None,
            jimeng_retry_seconds=0,
            jimeng_timeout_seconds=10,
            **{name.lower(): value for name, value in variables.items() if name.startswith("JIMENG_")},  # type: ignore[arg-type]
        )

    async def control(self, name: str, body: object = None) -> Any:
        async with httpx.AsyncClient(base_url=f"http://{self.host}/__emulator__/", verify=False) as http:
            response = await (http.get(name) if body is None else http.post(name, json=body))
        assert response.status_code == 200, response.text
        return response.json()

    async def rule(self, **values: Any) -> None:
        await self.control("rules", {"clear": True, "rules": [values]})

    async def move(self, seconds: float) -> None:
        await self.control("clock", {"advance_seconds": seconds})

    async def tasks(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = (await self.control("ledger"))["tasks"]
        return entries


@pytest.fixture(scope="module")
def process() -> Iterator[dict[str, str]]:
    with running_emulator("--fast") as variables:
        yield variables


@pytest.fixture
async def emulator(process: dict[str, str]) -> Emulator:
    """The emulator without tasks and rules, with one account on each site."""
    emulator = Emulator(process)
    await emulator.control("reset", {})
    await emulator.control("rules", {"clear": True})
    await emulator.control("settings", {"image_slots": 0})
    accounts = [{"session": f"session-{site.lower()}", "site": site, "state": "GOOD"} for site in SITES]
    await emulator.control("accounts", {"accounts": accounts})
    return emulator


@pytest.fixture
async def provider(emulator: Emulator) -> AsyncIterator[JimengProvider]:
    provider = JimengProvider(emulator.settings, (emulator.host,))
    yield provider
    await provider.close()


def credential(site: str = "CN") -> Credential:
    return Credential(SITES.index(site) + 1, site, f"session-{site.lower()}")


def new_id() -> str:
    return str(uuid.uuid4())


async def ended(provider: JimengProvider, emulator: Emulator, order: GenerationOrder, site: str = "CN") -> UpstreamTask:
    """Waits for the end of a task and returns it."""
    accepted = await provider.submit(credential(site), order, new_id())
    running = await provider.query(credential(site), order.kind, history_ids=[accepted.history_id])
    assert running[accepted.history_id].phase is TaskPhase.RUNNING
    await emulator.move(200)
    found = await provider.query(credential(site), order.kind, history_ids=[accepted.history_id])
    return found[accepted.history_id]


async def fetched(link: str) -> bytes:
    async with httpx.AsyncClient(verify=False) as http:
        response = await http.get(link)
    assert response.status_code == 200
    return response.content


def picture_file(folder: Path, colour: str) -> Path:
    path = folder / f"{colour}.png"
    Image.new("RGB", (320, 240), colour).save(path)
    return path


@pytest.mark.parametrize("site", SITES)
async def test_an_account_is_alive_and_has_credits(provider: JimengProvider, site: str) -> None:
    assert await provider.is_alive(credential(site))
    assert await provider.credit_balance(credential(site)) == 1000
    assert await provider.receive_credits(credential(site)) == 60
    assert await provider.credit_balance(credential(site)) == 1060
    with pytest.raises(UpstreamFaultError):
        await provider.receive_credits(credential(site))


async def test_an_unknown_session_is_not_alive(provider: JimengProvider) -> None:
    assert not await provider.is_alive(Credential(9, "CN", "nobody"))
    assert not await provider.is_alive(Credential(10, "JP", "nobody"))


@pytest.mark.parametrize("site", SITES)
async def test_pictures_of_a_text(provider: JimengProvider, emulator: Emulator, site: str) -> None:
    task = await ended(provider, emulator, PICTURE, site)
    assert (task.phase, task.status, task.item_count, len(task.links)) == (TaskPhase.DONE, 50, 4, 4)
    for link in task.links:
        with Image.open(io.BytesIO(await fetched(link))) as picture:
            picture.load()
            assert picture.width / picture.height == pytest.approx(16 / 9, rel=0.02)
    assert await provider.credit_balance(credential(site), fresh=True) == 984


@pytest.mark.parametrize("site", SITES)
async def test_pictures_of_two_uploads(provider: JimengProvider, emulator: Emulator, tmp_path: Path, site: str) -> None:
    uris = [(await provider.upload(credential(site), picture_file(tmp_path, colour))).uri for colour in ("red", "blue")]
    order = GenerationOrder("IMAGE", "jimeng-4.5", "an oil painting", ratio="3:4", inputs=tuple(uris))
    task = await ended(provider, emulator, order, site)
    assert (task.phase, len(task.links)) == (TaskPhase.DONE, 4)
    (entry,) = await emulator.tasks()
    assert entry["uris"] == uris


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("frames", [0, 1, 2])
async def test_clips_of_a_text_and_of_frames(
    provider: JimengProvider, emulator: Emulator, tmp_path: Path, frames: int, site: str
) -> None:
    colours = ("red", "blue")[:frames]
    uris = [(await provider.upload(credential(site), picture_file(tmp_path, colour))).uri for colour in colours]
    order = GenerationOrder("VIDEO", "jimeng-video-3.5-pro", "a lion runs", ratio="16:9", inputs=tuple(uris))
    task = await ended(provider, emulator, order, site)
    assert (task.phase, len(task.links)) == (TaskPhase.DONE, 1)
    (best,) = await provider.best_links(credential(site), task)
    assert best != task.links[0]
    for link in (best, task.links[0]):
        with av.open(io.BytesIO(await fetched(link))) as container:
            stream = container.streams.video[0]
            assert sum(1 for _ in container.decode(stream)) == 40  # 5 s at the 8 frames of a fast result
            assert stream.width / stream.height == pytest.approx(4 / 3 if frames else 16 / 9, rel=0.03)


@pytest.mark.parametrize(
    "fault",
    [
        {"drop": "after"},
        {"omits_history_id": True},
        {"garbles": True},
        {"http_status": 502, "works_first": True},
    ],
)
async def test_a_lost_answer_is_found_again_by_its_submit_id(
    provider: JimengProvider, emulator: Emulator, fault: dict[str, Any]
) -> None:
    await emulator.rule(endpoint="submit", **fault)
    submit_id = new_id()
    with pytest.raises(SubmitUnknownError):
        await provider.submit(credential(), PICTURE, submit_id)
    (entry,) = await emulator.tasks()
    assert (entry["times_submitted"], entry["charge"]) == (1, 16)
    found = await provider.query(credential(), "IMAGE", submit_ids=[submit_id])
    assert found[submit_id].history_id == entry["history_id"]


async def test_a_slow_answer_is_a_lost_one(provider: JimengProvider, emulator: Emulator) -> None:
    await emulator.rule(endpoint="submit", delay_seconds=60)
    hasty = JimengProvider(emulator.settings.model_copy(update={"jimeng_timeout_seconds": 1.0}), (emulator.host,))
    submit_id = new_id()
    with pytest.raises(SubmitUnknownError):
        await hasty.submit(credential(), PICTURE, submit_id)
    await hasty.close()
    assert submit_id in await provider.query(credential(), "IMAGE", submit_ids=[submit_id])


async def test_a_connection_that_ends_before_leaves_no_task(provider: JimengProvider, emulator: Emulator) -> None:
    await emulator.rule(endpoint="submit", drop="before")
    submit_id = new_id()
    with pytest.raises(SubmitUnknownError):
        await provider.submit(credential(), PICTURE, submit_id)
    assert await provider.query(credential(), "IMAGE", submit_ids=[submit_id]) == {}


async def test_an_id_that_cannot_be_seen_yet_is_missing(provider: JimengProvider, emulator: Emulator) -> None:
    await emulator.rule(endpoint="task", hidden_seconds=30)
    accepted = await provider.submit(credential(), PICTURE, new_id())
    assert await provider.query(credential(), "IMAGE", history_ids=[accepted.history_id]) == {}
    await emulator.move(31)
    assert await provider.query(credential(), "IMAGE", history_ids=[accepted.history_id])


@pytest.mark.parametrize(
    ("ret", "kind"),
    [
        (1015, FaultKind.SESSION_EXPIRED),
        (1018, FaultKind.PUNISHED),
        (1019, FaultKind.RISK_CONTROL),
        (-6, FaultKind.RISK_CONTROL),
        (4013, FaultKind.MODEL_RISK_CONTROL),
        (1006, FaultKind.OUT_OF_CREDIT),
        (121101, FaultKind.DAILY_LIMIT),
        (1310, FaultKind.CONCURRENCY_LIMIT),
        (1057, FaultKind.RATE_LIMIT),
        (4010, FaultKind.NEEDS_CONFIRMATION),
        (3021, FaultKind.NO_PERMISSION),
        (2038, FaultKind.CONTENT_REJECTED),
        (1000, FaultKind.INVALID_INPUT),
        (5001, FaultKind.GENERATION_FAILED),
        (-1, FaultKind.UPSTREAM_FAULT),
        (987654, FaultKind.UNKNOWN),
    ],
)
async def test_each_sort_of_no_at_a_submit(
    provider: JimengProvider, emulator: Emulator, ret: int, kind: FaultKind
) -> None:
    await emulator.rule(endpoint="submit", ret=ret)
    with pytest.raises(UpstreamFaultError) as raised:
        await provider.submit(credential(), PICTURE, new_id())
    assert (raised.value.kind, raised.value.upstream_code) == (kind, str(ret))
    assert raised.value.log_id
    assert await emulator.tasks() == []


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("2038", FaultKind.CONTENT_REJECTED),
        ("2039", FaultKind.CONTENT_REJECTED),
        ("4013", FaultKind.MODEL_RISK_CONTROL),
        ("1006", FaultKind.OUT_OF_CREDIT),
        ("1017", FaultKind.GENERATION_FAILED),
    ],
)
async def test_each_sort_of_failed_task(
    provider: JimengProvider, emulator: Emulator, code: str, kind: FaultKind
) -> None:
    await emulator.rule(endpoint="task", fail_code=code)
    task = await ended(provider, emulator, PICTURE)
    assert (task.phase, task.fail_code, task.links) == (TaskPhase.FAILED, code, ())
    assert task.fault is not None
    assert task.fault.kind is kind


async def test_results_of_a_failed_task_are_told(provider: JimengProvider, emulator: Emulator) -> None:
    await emulator.rule(endpoint="task", fail_code="5001", items=2)
    task = await ended(provider, emulator, PICTURE)
    assert len(task.links) == 2


async def test_a_query_survives_a_page_of_a_proxy(provider: JimengProvider, emulator: Emulator) -> None:
    accepted = await provider.submit(credential(), PICTURE, new_id())
    await emulator.rule(endpoint="query", http_status=502, first=1)
    assert await provider.query(credential(), "IMAGE", history_ids=[accepted.history_id])


async def test_too_many_at_once_too_poor_and_expired(provider: JimengProvider, emulator: Emulator) -> None:
    await provider.submit(credential(), CLIP, new_id())
    for change, kind in (
        ({}, FaultKind.CONCURRENCY_LIMIT),
        ({"video_limit": 5, "gift_credit": 3}, FaultKind.OUT_OF_CREDIT),
        ({"state": "EXPIRED"}, FaultKind.SESSION_EXPIRED),
    ):
        await emulator.control("accounts", {"session": "session-cn", **change})
        with pytest.raises(UpstreamFaultError) as raised:
            await provider.submit(credential(), CLIP, new_id())
        assert raised.value.kind is kind
    assert len(await emulator.tasks()) == 1


async def test_a_clip_is_cancelled_and_its_credits_come_back(provider: JimengProvider, emulator: Emulator) -> None:
    accepted = await provider.submit(credential(), CLIP, new_id())
    assert await provider.credit_balance(credential(), fresh=True) == 975
    assert await provider.cancel(credential(), "VIDEO", accepted.history_id)
    assert not await provider.cancel(credential(), "VIDEO", accepted.history_id)
    assert await provider.credit_balance(credential(), fresh=True) == 1000
    task = (await provider.query(credential(), "VIDEO", history_ids=[accepted.history_id]))[accepted.history_id]
    assert task.phase is TaskPhase.FAILED


async def test_the_place_in_the_queue_is_told(provider: JimengProvider, emulator: Emulator) -> None:
    await emulator.control("settings", {"image_slots": 1})
    names = [(await provider.submit(credential(), PICTURE, new_id())).history_id for _ in range(3)]
    found = await provider.query(credential(), "IMAGE", history_ids=names)
    assert [found[name].queue_position for name in names] == [0, 1, 2]
