"""Files by signed link: authorization, ranges, and headers for browsers."""

from pathlib import Path
from typing import Any

import pytest

from services.platform.file_links import link_path
from services.platform.keys import load_keys
from settings import Settings
from tests.web.conftest import MakeSettings, client_of
from tests.web.tiny import LocalFile
from web.files import ByteRange, UnsatisfiableRangeError, content_disposition, is_inline, parse_range

CONTENT = bytes(range(256)) * 40
FAR = 4_000_000_000


@pytest.fixture
def settings(make_settings: MakeSettings) -> Settings:
    return make_settings()


def link(settings: Settings, file_id: str = "file_1", name: str = "shot.png", expires_at: int = FAR) -> str:
    return link_path(file_id, name, expires_at, load_keys(settings).file_links)


def files(tmp_path: Path, *, on_disk: bool, content_type: str = "image/png", name: str = "shot.png") -> dict[str, Any]:
    path = None
    if on_disk:
        path = tmp_path / "stored"
        path.write_bytes(CONTENT)
    return {"file_1": LocalFile(content_type, name, path, CONTENT)}


@pytest.mark.parametrize("on_disk", [True, False])
@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [("bytes=0-0", 0, 1), ("bytes=100-299", 100, 300), ("bytes=10000-", 10000, 10240), ("bytes=-7", 10233, 10240)],
)
async def test_a_range_is_those_bytes(
    settings: Settings, tmp_path: Path, on_disk: bool, wanted: str, start: int, end: int
) -> None:
    async with client_of(settings, files=files(tmp_path, on_disk=on_disk)) as client:
        response = await client.get(link(settings), headers={"range": wanted})
    assert response.status_code == 206
    assert response.content == CONTENT[start:end]
    assert response.headers["content-range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
    assert response.headers["content-length"] == str(end - start)


@pytest.mark.parametrize("on_disk", [True, False])
@pytest.mark.parametrize("wanted", [None, "bytes=0-1,5-6", "lines=1-2", "bytes=9-2", "bytes=x", "bytes=-"])
async def test_without_one_good_range_the_file_is_whole(
    settings: Settings, tmp_path: Path, on_disk: bool, wanted: str | None
) -> None:
    async with client_of(settings, files=files(tmp_path, on_disk=on_disk)) as client:
        response = await client.get(link(settings), headers={} if wanted is None else {"range": wanted})
    assert (response.status_code, response.content) == (200, CONTENT)
    assert response.headers["accept-ranges"] == "bytes"
    assert "content-range" not in response.headers


async def test_a_range_after_the_end_is_416(settings: Settings, tmp_path: Path) -> None:
    async with client_of(settings, files=files(tmp_path, on_disk=True)) as client:
        response = await client.get(link(settings), headers={"range": "bytes=10240-"})
        empty = await client.get(link(settings), headers={"range": "bytes=-0"})
    assert response.status_code == empty.status_code == 416
    assert response.headers["content-range"] == "bytes */10240"


async def test_if_range_sends_a_part_only_of_the_same_bytes(settings: Settings, tmp_path: Path) -> None:
    stored = files(tmp_path, on_disk=True)
    etag = f'"{stored["file_1"].sha256}"'
    async with client_of(settings, files=stored) as client:
        same = await client.get(link(settings), headers={"range": "bytes=0-9", "if-range": etag})
        other = await client.get(link(settings), headers={"range": "bytes=0-9", "if-range": '"old"'})
        unchanged = await client.get(link(settings), headers={"if-none-match": f'"x", W/{etag}'})
    assert (same.status_code, len(same.content)) == (206, 10)
    assert (other.status_code, other.content) == (200, CONTENT)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert same.headers["etag"] == etag


async def test_head_says_the_same_without_the_bytes(settings: Settings, tmp_path: Path) -> None:
    async with client_of(settings, files=files(tmp_path, on_disk=True)) as client:
        head, get = await client.head(link(settings)), await client.get(link(settings))
    assert head.content == b""
    differing = {"x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in differing} == {
        k: v for k, v in get.headers.items() if k not in differing
    }


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("image/png", "inline"),
        ("video/mp4", "inline"),
        ("audio/mp4", "inline"),
        ("image/svg+xml", "attachment"),
        ("text/html", "attachment"),
        ("text/html; charset=utf-8", "attachment"),
        ("application/pdf", "attachment"),
        ("text/plain; charset=utf-8", "attachment"),
        ("application/xhtml+xml", "attachment"),
    ],
)
async def test_only_pictures_sound_and_film_are_shown_in_place(
    settings: Settings, tmp_path: Path, content_type: str, kind: str
) -> None:
    async with client_of(settings, files=files(tmp_path, on_disk=True, content_type=content_type)) as client:
        response = await client.get(link(settings))
    assert response.headers["content-disposition"].split(";")[0] == kind
    assert response.headers["content-type"] == content_type
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in response.headers["content-security-policy"]
    assert response.headers["cache-control"].startswith("private, max-age=")


async def test_a_content_type_that_is_none_is_not_repeated(settings: Settings, tmp_path: Path) -> None:
    stored = files(tmp_path, on_disk=True, content_type="image/png\r\nx-evil: 1")
    async with client_of(settings, files=stored) as client:
        response = await client.get(link(settings))
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("change", ["signature", "expires", "file", "none", "words", "twice"])
async def test_a_link_that_was_changed_opens_nothing(settings: Settings, tmp_path: Path, change: str) -> None:
    stored = files(tmp_path, on_disk=True)
    stored["file_2"] = stored["file_1"]
    good = link(settings)
    changed = {
        "signature": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "expires": good.replace(str(FAR), str(FAR + 1)),
        "file": good.replace("file_1", "file_2"),
        "none": good.split("?")[0],
        "words": good.replace(f"expires={FAR}", "expires=never"),
        "twice": good.replace("signature=", "signature=%F0%9F%98%80"),
    }[change]
    async with client_of(settings, files=stored) as client:
        response = await client.get(changed)
    assert response.status_code == 403
    assert CONTENT[:100] not in response.content
    assert response.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_an_expired_link_says_so(settings: Settings, tmp_path: Path) -> None:
    async with client_of(settings, files=files(tmp_path, on_disk=True)) as client:
        response = await client.get(link(settings, expires_at=1_000))
    assert response.status_code == 403
    assert "expired" in response.json()["errors"][0]["message"]


async def test_a_file_that_is_gone_is_404(settings: Settings) -> None:
    async with client_of(settings) as client:
        assert (await client.get(link(settings))).status_code == 404


async def test_names_of_every_script_survive(settings: Settings, tmp_path: Path) -> None:
    name = '一件小事 "最終版"; 100%.mp4'
    async with client_of(settings, files=files(tmp_path, on_disk=True, name=name)) as client:
        response = await client.get(link(settings, name=name))
    assert response.status_code == 200
    assert response.headers["content-disposition"] == (
        'inline; filename="____ ______ 100_.mp4"; '
        "filename*=UTF-8''%E4%B8%80%E4%BB%B6%E5%B0%8F%E4%BA%8B%20%22%E6%9C%80%E7%B5%82%E7%89%88%22%3B%20100%25.mp4"
    )


def test_a_plain_name_needs_no_second_spelling() -> None:
    assert content_disposition("film.mp4", inline=False) == 'attachment; filename="film.mp4"'


def test_a_name_cannot_add_a_header() -> None:
    assert "\r" not in content_disposition("a\r\nx: y", inline=True)
    assert "\n" not in content_disposition("a\r\nx: y", inline=True)


def test_ranges_are_half_open_and_bounded_by_the_file() -> None:
    assert parse_range("bytes=0-999", 10) == ByteRange(0, 10)
    assert parse_range("bytes=-999", 10) == ByteRange(0, 10)
    assert parse_range(None, 10) is None
    with pytest.raises(UnsatisfiableRangeError):
        parse_range("bytes=0-", 0)


def test_svg_is_no_picture_here() -> None:
    assert not is_inline("image/svg+xml")
    assert is_inline("IMAGE/PNG")


async def test_the_link_of_one_deployment_is_none_of_another(make_settings: MakeSettings, tmp_path: Path) -> None:
    one, other = make_settings(data_dir=tmp_path / "one"), make_settings(data_dir=tmp_path / "other")
    async with client_of(other, files=files(tmp_path, on_disk=True)) as client:
        assert (await client.get(link(one))).status_code == 403
