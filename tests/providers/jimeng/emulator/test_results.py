"""Results: distinct valid files behind expiring links."""

import hashlib
import io

import av
import pytest
from PIL import Image

from providers.jimeng.emulator.marking import mark
from providers.pooled import GenerationOrder
from tests.providers.jimeng.emulator.asking import CLIP, PICTURE, PNG, Emulated, made_png
from tests.providers.jimeng.emulator.conftest import MakeEmulated


async def _links(emulated: Emulated, order: GenerationOrder) -> list[str]:
    history_id = await emulated.submitted(order)
    emulated.time += 100
    record = await emulated.record(history_id)
    assert record is not None
    if order.kind == "VIDEO":
        return [record["item_list"][0]["video"]["play_url"].replace("\\u0026", "&")]
    return [item["image"]["large_images"][0]["image_url"] for item in record["item_list"]]


async def _fetched(emulated: Emulated, link: str) -> bytes:
    response = await emulated.http.get(link)
    assert response.status_code == 200
    return response.content


def _clip(content: bytes) -> tuple[int, int, float]:
    """Width, height and seconds, after decoding all frames."""
    with av.open(io.BytesIO(content), "r") as container:
        stream = container.streams.video[0]
        frames = len(list(container.decode(stream)))
        assert stream.average_rate is not None
        return stream.width, stream.height, frames / float(stream.average_rate)


async def test_links_lead_to_where_the_call_went(emulated: Emulated) -> None:
    assert all(link.startswith("http://emulator.test/obj/") for link in await _links(emulated, PICTURE))


@pytest.mark.parametrize(("wanted", "name"), [("png", "PNG"), ("webp", "WEBP")])
async def test_fast_pictures_open_and_no_two_are_the_same(make: MakeEmulated, wanted: str, name: str) -> None:
    emulated = make(image_format=wanted)
    contents = [await _fetched(emulated, link) for _ in range(2) for link in await _links(emulated, PICTURE)]
    assert len({hashlib.sha256(content).hexdigest() for content in contents}) == 8
    for content in contents:
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
            assert (picture.format, picture.size) == (name, (160, 160))


async def test_a_fast_clip_has_its_length(emulated: Emulated) -> None:
    (link,) = await _links(emulated, CLIP)
    assert _clip(await _fetched(emulated, link)) == (160, 90, 5.0)


async def test_a_picture_is_drawn_in_the_size_that_was_asked_for(make: MakeEmulated) -> None:
    emulated = make(is_fast=False, draws_ahead=False)
    order = GenerationOrder("IMAGE", "jimeng-4.5", "a boat on the sea", ratio="16:9", resolution="1k")
    links = await _links(emulated, order)
    first, second = [await _fetched(emulated, link) for link in links[:2]]
    with Image.open(io.BytesIO(first)) as picture:
        picture.load()
        assert picture.size == (1024, 576)
    assert first != second
    assert await _fetched(emulated, links[0]) == first


async def test_a_clip_is_filmed_from_its_frames(make: MakeEmulated) -> None:
    emulated = make(is_fast=False)
    uris = (
        await emulated.uploaded(made_png(320, 240, "red")),
        await emulated.uploaded(made_png(320, 240, "blue")),
    )
    (link,) = await _links(emulated, GenerationOrder("VIDEO", "jimeng-video-3.0", "a boat", inputs=uris))
    content = await _fetched(emulated, link)
    assert _clip(content) == (960, 720, 5.0)
    with av.open(io.BytesIO(content), "r") as container:
        frames = list(container.decode(video=0))
    reds = [frame.to_image().getpixel((480, 360)) for frame in (frames[0], frames[-1])]
    assert reds[0][0] > 200 > 60 > reds[0][2]
    assert reds[1][2] > 200 > 60 > reds[1][0]


async def test_a_link_expires(make: MakeEmulated) -> None:
    emulated = make(link_seconds=60.0)
    link = (await _links(emulated, PICTURE))[0]
    emulated.time += 59
    assert (await emulated.http.get(link)).status_code == 200
    emulated.time += 1
    response = await emulated.http.get(link)
    assert (response.status_code, response.headers["content-type"]) == (403, "text/html; charset=utf-8")


@pytest.mark.parametrize("change", [("x-signature=", "x-signature=0"), ("x-expires=", "x-expires=9"), ("/0-", "/1-")])
async def test_a_changed_link_is_refused(emulated: Emulated, change: tuple[str, str]) -> None:
    link = (await _links(emulated, PICTURE))[0]
    assert (await emulated.http.get(link.replace(*change))).status_code == 403


async def test_dead_links_are_dead_and_others_live(make: MakeEmulated) -> None:
    emulated = make(rules=({"endpoint": "task", "dead_items": [0, 2]},))
    links = await _links(emulated, PICTURE)
    assert [(await emulated.http.get(link)).status_code for link in links] == [404, 200, 404, 200]


async def test_fetching_fails_by_rule(make: MakeEmulated) -> None:
    emulated = make(rules=({"endpoint": "result", "http_status": 503, "first": 1, "sessions": ["one"]},))
    link = (await _links(emulated, PICTURE))[0]
    assert [(await emulated.http.get(link)).status_code for _ in range(2)] == [503, 200]


def test_only_files_that_can_be_marked_are() -> None:
    assert mark(PNG, "1") != mark(PNG, "2")
    with pytest.raises(ValueError):
        mark(b"GIF89a", "1")
