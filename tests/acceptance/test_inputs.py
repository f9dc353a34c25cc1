"""What callers send, through the real server: pictures and ids of every kind, links and paths for stories."""

import asyncio
import http.server
import io
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from tests.acceptance.client import Refused
from tests.acceptance.deployment import EMBEDDED, SECRET
from tests.acceptance.pool import Pool, Site, open_site

UPLOAD = "mutation ($file: Upload!) { uploadFile(file: $file) { file { id contentType width height url } } }"
DRAW = """mutation ($input: GenerateImageInput!) { generateImage(input: $input) { job { id } } }"""
SCRIPT = "mutation ($input: CreateScriptInput!) { createScript(input: $input) { job { id } } }"
STORY = "从前有座山，山里有座庙，庙里有个老和尚在讲故事。"
DRAWN_HERE = {"model": "offline-drawing", "size": "64x64"}


def heic(size: tuple[int, int] = (64, 48)) -> bytes:
    stream = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", size, "teal")).save(stream)
    return stream.getvalue()


def deep_grey() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((48, 64), 0x8080, np.uint16)).save(stream, "PNG")
    return stream.getvalue()


class _Novel(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        self.wfile.write(STORY.encode())

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def novel() -> Iterator[str]:
    """The address of a server that answers everything with a story."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Novel)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/novel.txt"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, novel: str) -> Iterator[Site]:
    made = open_site(
        EMBEDDED,
        tmp_path_factory.mktemp("inputs"),
        *("--seconds-per-image", "0.5", "--seconds-per-video", "0.5"),
        EKONTE_SECRET=SECRET,
        EKONTE_ALLOWED_PRIVATE_HOSTS="127.0.0.1,localhost",
    )
    try:
        asyncio.run(made.know_durations())
        yield made
    finally:
        made.close()


@pytest.fixture
async def pool(site: Site, request: pytest.FixtureRequest) -> AsyncIterator[Pool]:
    name = request.node.name.split("[")[0]
    site.deployment.token(name)
    async with site.pool(name) as pool:
        yield pool


async def upload(pool: Pool, content: bytes, name: str) -> dict[str, Any]:
    return dict((await pool.client.upload(UPLOAD, content, name))["file"])


async def test_pictures_of_unusual_kinds_are_inputs_of_pictures_and_clips(pool: Pool) -> None:
    await pool.add("inputs-account")
    photo = await upload(pool, heic(), "photo.HEIC")
    assert (photo["contentType"], photo["width"], photo["height"]) == ("image/heic", 64, 48)
    scan = await upload(pool, deep_grey(), "scan.png")
    image = await pool.image("heic-1", inputImages=[photo["id"], scan["id"]])
    clip = await pool.clip(
        "heic-2", inputImages=[photo["id"]], prompt=None, model="jimeng-video-3.0", resolution="1280x720"
    )
    for job_id in (image, clip):
        await pool.ended(job_id)
    ordered = pool.emulator.tasks(session="inputs-account")
    assert len(ordered) == 2


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"", "a.png", "The file is empty"),
        (heic()[:80], "a.heic", "The HEIC picture is broken"),
        (b"II*\0" + bytes(400), "a.png", "TIFF"),
        (b"Rar!\x1a\x07\0" + bytes(400), "a.png", "RAR"),
    ],
)
async def test_the_real_reason_of_a_refusal_is_told(pool: Pool, content: bytes, name: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        await upload(pool, content, name)


ODD = ["a\nb", "a\r\nb", "..", ".", "a/b\\c", "%2e%2e/é?#&", "👩\u200d🚀🌙", "\u202eevil", "\u2028", " x ", "עברית"]
ODD.append("长" * 128)


async def test_every_storyboard_id_has_links_that_answer(pool: Pool) -> None:
    jobs = {}
    for storyboard in ODD:
        wanted = {"storyboardId": storyboard, "prompt": "a pond", **DRAWN_HERE}
        jobs[storyboard] = (await pool.client.do(DRAW, input=wanted))["job"]["id"]
    for storyboard, job_id in jobs.items():
        job = await pool.ended(job_id)
        assert job["storyboardId"] == storyboard
        assert job["files"], storyboard
        for file in job["files"]:
            assert len(await pool.client.bytes_of(file["url"])) > 100


async def test_a_link_is_fetched_for_the_story_and_a_path_is_refused(pool: Pool, novel: str) -> None:
    job = await pool.client.do(SCRIPT, input={"inputContent": novel})
    document = "query ($id: ID!) { job(id: $id) { target { ... on Script { id } } } }"
    assert (await pool.client.do(document, id=job["job"]["id"]))["target"]["id"].startswith("script")
    stored = await pool.site.deployment.rows("SELECT bytes FROM stored_file WHERE name = 'story.txt'")
    assert [row["bytes"] for row in stored] == [len(STORY.encode())]
    with pytest.raises(Refused, match="uploadScriptFile"):
        await pool.client.do(SCRIPT, input={"inputContent": "/srv/mira/novel.txt"})
    with pytest.raises(Refused, match="The link cannot be fetched"):
        await pool.client.do(SCRIPT, input={"inputContent": "http://127.0.0.1:1/novel.txt"})
