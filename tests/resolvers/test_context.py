import pytest

from models.files import StoredFile
from resolvers.context import build_context
from services.platform.file_links import FileLinks, LinkState, check
from services.platform.identity import IDEMPOTENCY_KEY
from tests.resolvers.asking import viewer

KEY = b"k" * 32


def stored(name: str = "film.mp4") -> StoredFile:
    return StoredFile(id=7, owner="mira", sha256="ab" * 32, content_type="video/mp4", bytes=1, name=name)


def parts_of(url: str) -> tuple[str, str]:
    query = dict(pair.split("=", 1) for pair in url.partition("?")[2].split("&"))
    return query["expires"], query["signature"]


@pytest.mark.parametrize("now", [1_800_000_000.0, 1_800_000_123.4, 1_800_003_599.9])
def test_a_link_is_good_for_its_time_and_not_much_longer(now: float) -> None:
    expires, signature = parts_of(FileLinks(KEY, 3600, now=lambda: now).url(stored()))
    assert check("file_7", expires, signature, KEY, now=now + 3600 - 0.01) is LinkState.GOOD
    assert check("file_7", expires, signature, KEY, now=now + 3600 + 150) is LinkState.EXPIRED


def test_a_link_is_the_same_for_a_while() -> None:
    at = {now: FileLinks(KEY, 3600, now=lambda now=now: now).url(stored()) for now in (1000.0, 1040.0, 1200.0)}  # type: ignore[misc]
    assert at[1000.0] != at[1200.0]
    assert at[1000.0] == FileLinks(KEY, 3600, now=lambda: 1049.0).url(stored())


def test_a_link_has_a_name_to_save_it_by_and_may_have_a_host() -> None:
    links = FileLinks(KEY, 3600, base="https://films.example", now=lambda: 0)
    assert links.url(stored()).startswith("https://films.example/files/file_7/film.mp4?")
    assert "/abababababab.mp4?" in links.url(stored(name=""))


def test_the_key_is_the_given_one_or_the_requests() -> None:
    token = IDEMPOTENCY_KEY.set("head")
    try:
        assert build_context(viewer(), "r").idempotency_key == "head"
        assert build_context(viewer(), "r", "own").idempotency_key == "own"
    finally:
        IDEMPOTENCY_KEY.reset(token)
    assert build_context(viewer(), "r").idempotency_key is None
