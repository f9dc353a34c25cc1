"""The provider's calls against a scripted upstream."""

import asyncio
import json
from typing import Any

import httpx
import pytest
import structlog

from providers.jimeng import JimengProvider
from providers.jimeng.client import (
    CANCEL_PATH,
    CREDIT_PATH,
    HISTORY_PATH,
    ITEMS_PATH,
    PASSPORT_PATH,
    RECEIVE_PATH,
    URIS_PATH,
)
from providers.pooled import (
    Credential,
    FaultKind,
    GenerationOrder,
    PooledProvider,
    TaskPhase,
    UpstreamFaultError,
    UpstreamTask,
)
from settings import JimengSettings
from tests.providers.jimeng.upstream import Upstream, credential, envelope, page

CREDIT = {"credit": {"gift_credit": 60, "purchase_credit": 5, "vip_credit": "10"}}


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


def done(**values: Any) -> dict[str, Any]:
    items = [{"common_attr": {"id": "77"}, "video": {"play_url": "https://v/preview.mp4"}}]
    return {"status": 50, "history_record_id": "25", "submit_id": "s1", "item_list": items, **values}


def test_it_is_a_pooled_provider(upstream: Upstream) -> None:
    provider: PooledProvider = upstream.provider()
    assert isinstance(provider, PooledProvider)
    assert provider.name == "jimeng"
    assert {model.kind for model in provider.models()} == {"IMAGE", "VIDEO"}


async def test_being_reachable_asks_nothing(upstream: Upstream) -> None:
    assert await upstream.provider().reachable() is None
    assert upstream.requests == []


@pytest.mark.parametrize(
    ("model", "values", "credits"),
    [
        ("jimeng-4.5", {}, 16),
        ("jimeng-4.5", {"resolution": "4k"}, None),
        ("jimeng-3.0", {"resolution": "1k"}, 4),
        ("jimeng-video-seedance-2.0-mini", {}, 24),
        ("jimeng-video-seedance-2.0-mini", {"duration_seconds": 10}, None),
        ("jimeng-video-3.0", {}, None),
        ("no-such-model", {}, None),
    ],
)
def test_credits_are_told_as_far_as_they_are_known(
    upstream: Upstream, model: str, values: dict[str, Any], credits: int | None
) -> None:
    order = GenerationOrder("VIDEO" if "video" in model else "IMAGE", model, "a cat", **values)
    assert upstream.provider().credits_for(order) == credits


# ------------------------------------------------------------ the account


@pytest.mark.parametrize(
    ("body", "alive"),
    [
        ({"ret": "0", "data": {"user_id": 123}}, True),
        ({"data": {"user_id": "123"}, "message": "success"}, True),
        ({"user_id": 123}, True),
        ({"ret": "0", "data": {"user_id": 0}}, False),
        ({"data": {"error_code": 1}, "message": "error"}, False),
        ({"ret": "1015", "errmsg": "check login error"}, False),
    ],
)
async def test_a_session_is_alive_when_the_passport_names_a_user(
    upstream: Upstream, body: dict[str, Any], alive: bool
) -> None:
    upstream.reply(PASSPORT_PATH, httpx.Response(200, json=body))
    with structlog.testing.capture_logs():
        assert await upstream.provider().is_alive(credential()) is alive
    (request,) = upstream.requests
    assert request.content == b""
    assert request.url.params["account_sdk_source"] == "web"
    assert request.headers["content-length"] == "0"


async def test_an_answer_about_a_session_is_used_for_ten_minutes_unless_a_fresh_one_is_wanted(
    upstream: Upstream,
) -> None:
    upstream.reply(PASSPORT_PATH, envelope({"user_id": 1}))
    provider = upstream.provider()
    assert await provider.is_alive(credential())
    assert await provider.is_alive(credential())
    assert len(upstream.requests) == 1
    assert await provider.is_alive(credential(), fresh=True)
    assert len(upstream.requests) == 2
    await provider.is_alive(credential(account_id=2))
    await provider.is_alive(credential(session_id="renewed"))
    assert len(upstream.requests) == 4


@pytest.mark.parametrize("site", ["HK", "JP", "SG"])
async def test_where_there_is_no_passport_the_credits_decide(upstream: Upstream, site: str) -> None:
    upstream.reply(PASSPORT_PATH, page(404))
    upstream.reply(CREDIT_PATH, envelope(CREDIT), envelope(ret="1015", errmsg="login error"))
    provider = upstream.provider()
    with structlog.testing.capture_logs():
        assert await provider.is_alive(credential(site)) is True
        assert await provider.is_alive(credential(site), fresh=True) is False


async def test_a_passport_that_has_gone_leaves_it_to_the_credits(upstream: Upstream) -> None:
    upstream.reply(PASSPORT_PATH, page(404))
    upstream.reply(CREDIT_PATH, envelope(CREDIT))
    with structlog.testing.capture_logs():
        assert await upstream.provider().is_alive(credential()) is True


async def test_a_fault_says_nothing_about_a_session(upstream: Upstream) -> None:
    upstream.reply(PASSPORT_PATH, page(405), envelope({"user_id": 1}))
    provider = upstream.provider()
    with structlog.testing.capture_logs(), pytest.raises(UpstreamFaultError) as fault:
        await provider.is_alive(credential())
    assert fault.value.kind is FaultKind.UPSTREAM_FAULT
    assert await provider.is_alive(credential()) is True


async def test_the_balance_is_the_sum_and_is_used_for_half_a_minute(upstream: Upstream) -> None:
    upstream.reply(CREDIT_PATH, envelope(CREDIT))
    provider = upstream.provider()
    assert await provider.credit_balance(credential("US")) == 75
    assert await provider.credit_balance(credential("US")) == 75
    assert await provider.credit_balance(credential("US"), fresh=True) == 75
    assert len(upstream.requests) == 2
    request = upstream.requests[0]
    assert str(request.url) == f"https://commerce.us.capcut.com{CREDIT_PATH}"
    assert request.headers["referer"] == "https://dreamina.capcut.com/"
    assert request.headers["origin"] == "https://commerce.us.capcut.com"
    assert json.loads(request.content) == {}


async def test_a_balance_that_is_not_told_is_a_fault(upstream: Upstream) -> None:
    upstream.reply(CREDIT_PATH, envelope(None))
    with pytest.raises(UpstreamFaultError, match="no credits"):
        await upstream.provider().credit_balance(credential())


async def test_credits_are_received_once_and_then_counted_anew(upstream: Upstream) -> None:
    upstream.reply(CREDIT_PATH, envelope(CREDIT))
    upstream.reply(RECEIVE_PATH, envelope({"receive_quota": 60, "cur_total_credits": 135}))
    provider = upstream.provider()
    await provider.credit_balance(credential())
    assert await provider.receive_credits(credential()) == 60
    await provider.credit_balance(credential())
    assert len(upstream.asked(CREDIT_PATH)) == 2
    (request,) = upstream.asked(RECEIVE_PATH)
    assert json.loads(request.content) == {"time_zone": "Asia/Shanghai"}
    assert request.url.params["aid"] == "513695"
    assert request.headers["referer"] == "https://jimeng.jianying.com/ai-tool/home"


@pytest.mark.parametrize(
    "reply", [page(502), httpx.ReadTimeout("slow"), envelope(ret="-4"), envelope(ret="34010100"), page(429)]
)
async def test_receiving_credits_is_never_tried_again(upstream: Upstream, reply: Any) -> None:
    upstream.reply(RECEIVE_PATH, reply)
    with structlog.testing.capture_logs(), pytest.raises(UpstreamFaultError):
        await upstream.provider().receive_credits(credential())
    assert len(upstream.requests) == 1


# ------------------------------------------------------------ tasks


async def test_many_pictures_are_looked_up_in_one_request_for_each_sort_of_id(upstream: Upstream) -> None:
    upstream.reply(
        HISTORY_PATH,
        envelope({"25": {"status": 20, "history_record_id": "25"}, "26": {"status": 42}}),
        envelope({"s9": {"status": 20, "history_record_id": "27", "submit_id": "s9"}}),
    )
    found = await upstream.provider().query(
        credential(), "IMAGE", history_ids=["25", "26", "28", "25"], submit_ids=["s9"]
    )
    assert set(found) == {"25", "26", "s9"}
    assert (found["s9"].history_id, found["s9"].submit_id, found["26"].history_id) == ("27", "s9", "26")
    first, second = upstream.bodies(HISTORY_PATH)
    assert first["history_ids"] == ["25", "26", "28"]
    assert set(first) == {"history_ids", "image_info"}
    assert second["submit_ids"] == ["s9"]


async def test_clips_are_looked_up_without_sizes(upstream: Upstream) -> None:
    upstream.reply(HISTORY_PATH, envelope({}))
    assert await upstream.provider().query(credential(), "VIDEO", history_ids={"25"}) == {}
    assert upstream.bodies(HISTORY_PATH) == [{"history_ids": ["25"]}]


async def test_nothing_is_asked_about_nothing(upstream: Upstream) -> None:
    assert await upstream.provider().query(credential(), "VIDEO") == {}
    assert upstream.requests == []


async def test_a_task_that_has_ended_is_not_asked_about_again(upstream: Upstream) -> None:
    running = {"status": 20, "history_record_id": "26"}
    upstream.reply(HISTORY_PATH, envelope({"25": done(), "26": running}), envelope({"26": running}))
    provider = upstream.provider()
    first = await provider.query(credential(), "VIDEO", history_ids=["25", "26"])
    second = await provider.query(credential(), "VIDEO", history_ids=["25", "26"])
    assert second["25"] is first["25"]
    assert upstream.bodies(HISTORY_PATH)[1] == {"history_ids": ["26"]}
    await provider.query(credential(), "VIDEO", history_ids=["25"], fresh=True)
    await provider.query(credential(account_id=2), "VIDEO", history_ids=["25"])
    assert [body["history_ids"] for body in upstream.bodies(HISTORY_PATH)[2:]] == [["25"], ["25"]]


@pytest.mark.parametrize("reply", [httpx.Response(200, json={"message": "gateway"}), envelope(["odd"]), page(200)])
async def test_an_answer_that_is_none_is_no_word_on_a_task(upstream: Upstream, reply: httpx.Response) -> None:
    """A missing id may be submitted again, so an unreadable response must not look like an empty one."""
    upstream.reply(HISTORY_PATH, reply)
    with structlog.testing.capture_logs(), pytest.raises(UpstreamFaultError):
        await upstream.provider().query(credential(), "VIDEO", submit_ids=["s1"])


async def test_look_ups_of_one_account_are_limited_and_those_of_others_go_on() -> None:
    waiting: dict[str, int] = {}
    highest: dict[str, int] = {}
    both_full = asyncio.Event()

    async def handle(request: httpx.Request) -> httpx.Response:
        session = request.headers["cookie"].rpartition("=")[2]
        waiting[session] = waiting.get(session, 0) + 1
        highest[session] = max(highest.get(session, 0), waiting[session])
        if all(waiting.get(name) == 2 for name in ("one", "two")):
            both_full.set()
        await both_full.wait()
        waiting[session] -= 1
        return envelope({})

    provider = _provider(httpx.MockTransport(handle), jimeng_queries_at_once=2)
    asked = [
        provider.query(credential(account_id=number, session_id=name), "VIDEO", history_ids=[str(index)])
        for number, name in enumerate(("one", "two"))
        for index in range(6)
    ]
    await asyncio.gather(*asked)
    assert highest == {"one": 2, "two": 2}


def _provider(transport: httpx.AsyncBaseTransport, **settings: Any) -> JimengProvider:
    return JimengProvider(JimengSettings(_env_file=None, **settings), (), transport=transport)


def finished_clip(**values: Any) -> UpstreamTask:
    return UpstreamTask(
        **{
            "history_id": "25",
            "submit_id": None,
            "phase": TaskPhase.DONE,
            "kind": "VIDEO",
            "status": 50,
            "links": ("https://v/preview.mp4",),
            "item_ids": ("77",),
            "item_count": 1,
            **values,
        }
    )


@pytest.mark.parametrize("name", ["item_list", "local_item_list"])
async def test_a_clip_has_a_better_link_for_download(upstream: Upstream, name: str) -> None:
    item = {"item_id": "77", "video": {"transcoded_video": {"origin": {"video_url": "https://v/best.mp4"}}}}
    upstream.reply(ITEMS_PATH, envelope({name: [item]}))
    assert await upstream.provider().best_links(credential(), finished_clip()) == ("https://v/best.mp4",)
    assert upstream.bodies(ITEMS_PATH) == [
        {
            "item_id_list": ["77"],
            "pack_item_opt": {"scene": 1, "need_data_integrity": True},
            "is_for_video_download": True,
        }
    ]


@pytest.mark.parametrize(
    "reply", [envelope({}), envelope({"item_list": [{"item_id": "77"}]}), envelope(ret="1014"), page(404)]
)
async def test_without_a_better_link_the_preview_is_taken(upstream: Upstream, reply: httpx.Response) -> None:
    upstream.reply(ITEMS_PATH, reply)
    with structlog.testing.capture_logs():
        links = await upstream.provider().best_links(credential(), finished_clip())
    assert links == ("https://v/preview.mp4",)


async def test_several_clips_keep_their_order(upstream: Upstream) -> None:
    items = [{"item_id": "2", "video": {"url": "https://v/2.mp4"}}, {"item_id": "9", "video": {"url": "https://v/9"}}]
    upstream.reply(ITEMS_PATH, envelope({"item_list": items}))
    task = finished_clip(links=("https://v/p1", "https://v/p2"), item_ids=("1", "2"), item_count=2)
    assert await upstream.provider().best_links(credential(), task) == ("https://v/p1", "https://v/2.mp4")


async def test_results_without_a_link_are_asked_for_by_item_and_by_uri(upstream: Upstream) -> None:
    upstream.reply(ITEMS_PATH, envelope({"item_list": [{"id": "8", "image": {"large_images": []}}]}))
    upstream.reply(URIS_PATH, envelope({"tos/8": {"image_url": "https://p/8.png"}}))
    task = finished_clip(
        kind="IMAGE", links=("https://p/7.png",), item_ids=("7",), unlinked_ids=("8",), unlinked_uris=("tos/8",)
    )
    assert await upstream.provider().best_links(credential(), task) == ("https://p/7.png", "https://p/8.png")
    assert upstream.bodies(URIS_PATH) == [{"uris": ["tos/8"]}]


async def test_a_clip_of_which_only_the_item_is_known_is_asked_for(upstream: Upstream) -> None:
    item = {"item_id": "77", "video": {"transcoded_video": {"720p": {"video_url": "https://v/720.mp4"}}}}
    upstream.reply(ITEMS_PATH, envelope({"item_list": [item]}))
    task = finished_clip(links=(), item_ids=(), unlinked_ids=("77",))
    assert await upstream.provider().best_links(credential(), task) == ("https://v/720.mp4",)


@pytest.mark.parametrize("reply", [page(429), envelope(ret="1057")])
async def test_results_of_which_nobody_tells_the_links_are_not_without_links(
    upstream: Upstream, reply: httpx.Response
) -> None:
    """A query that fails is no answer."""
    upstream.reply(URIS_PATH, reply)
    task = finished_clip(kind="IMAGE", links=(), item_ids=(), unlinked_uris=("tos/8",))
    with structlog.testing.capture_logs(), pytest.raises(UpstreamFaultError) as failed:
        await upstream.provider().best_links(credential(), task)
    assert failed.value.kind is FaultKind.RATE_LIMIT


async def test_pictures_have_no_better_links(upstream: Upstream) -> None:
    task = finished_clip(kind="IMAGE")
    assert await upstream.provider().best_links(credential(), task) == task.links
    assert upstream.requests == []


async def test_a_clip_can_be_cancelled(upstream: Upstream) -> None:
    upstream.reply(CANCEL_PATH, envelope({}), envelope(ret="1000"), page(404), httpx.ConnectError("no"))
    provider = upstream.provider()
    with structlog.testing.capture_logs():
        assert await provider.cancel(credential(), "VIDEO", "25") is True
        assert await provider.cancel(credential(), "VIDEO", "25") is False
        assert await provider.cancel(credential(), "VIDEO", "25") is False
        with pytest.raises(UpstreamFaultError):
            await provider.cancel(credential(), "VIDEO", "25")
    assert upstream.bodies(CANCEL_PATH)[0] == {"history_id": "25"}


async def test_pictures_are_never_cancelled(upstream: Upstream) -> None:
    assert await upstream.provider().cancel(credential(), "IMAGE", "25") is False
    assert upstream.requests == []


async def test_an_account_of_a_site_that_is_not_there_is_refused(upstream: Upstream) -> None:
    with pytest.raises(UpstreamFaultError, match="no site"):
        await upstream.provider().credit_balance(Credential(1, "MARS", "abc"))
