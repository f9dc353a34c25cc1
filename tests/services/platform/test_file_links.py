"""Signing links to files and checking them."""

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from services.platform.file_links import LinkState, check, link_path, links_of, own_address, safe_name, sign
from settings import Settings

KEY = b"k" * 32


def test_a_signed_link_is_good_until_it_expires() -> None:
    signature = sign("file_1", 1000, KEY)
    assert check("file_1", "1000", signature, KEY, now=999.9) is LinkState.GOOD
    assert check("file_1", "1000", signature, KEY, now=1000.0) is LinkState.EXPIRED


@pytest.mark.parametrize(
    ("file_id", "expires_at", "key"),
    [("file_2", "1000", KEY), ("file_1", "1001", KEY), ("file_1", "1000", b"x" * 32)],
)
def test_another_file_time_or_key_makes_it_forged(file_id: str, expires_at: str, key: bytes) -> None:
    assert check(file_id, expires_at, sign("file_1", 1000, KEY), key, now=0) is LinkState.FORGED


@pytest.mark.parametrize("expires_at", ["", "-1", "1e3", "１０００", "9" * 16, "1000 ", "nan"])
def test_a_time_that_is_no_number_is_forged(expires_at: str) -> None:
    assert check("file_1", expires_at, sign("file_1", 1000, KEY), KEY, now=0) is LinkState.FORGED


@pytest.mark.parametrize("signature", ["", "x", "é", "\ud800"])
def test_a_signature_that_is_none_is_forged(signature: str) -> None:
    assert check("file_1", "1000", signature, KEY, now=0) is LinkState.FORGED


def test_an_expired_link_that_was_forged_is_forged() -> None:
    assert check("file_1", "1000", "x", KEY, now=2000) is LinkState.FORGED


def test_a_line_break_in_an_id_cannot_move_the_time() -> None:
    assert sign("a\n1", 2, KEY) != sign("a", 12, KEY)


def test_the_path_holds_what_check_wants_and_keeps_the_name() -> None:
    parts = urlsplit(link_path("file_1", "一件小事?.mp4", 1000, KEY))
    query = parse_qs(parts.query)
    assert unquote(parts.path) == "/files/file_1/一件小事?.mp4"
    assert check("file_1", query["expires"][0], query["signature"][0], KEY, now=0) is LinkState.GOOD


def test_links_begin_with_the_public_address_and_absolute_ones_else_with_the_servers_own(tmp_path: Path) -> None:
    own = Settings(_env_file=None, data_dir=tmp_path, host="0.0.0.0", port=8123)
    public = own.model_copy(update={"public_url": "https://films.example/ekonte/"})
    assert links_of(own).base == ""
    assert links_of(own, is_absolute=True).base == "http://127.0.0.1:8123"
    assert links_of(public).base == links_of(public, is_absolute=True).base == "https://films.example/ekonte"
    assert own_address(own.model_copy(update={"host": "::1"})) == "http://[::1]:8123"


@pytest.mark.parametrize(
    ("name", "served"),
    [
        ("shot.png", "shot.png"),
        ("一件小事 (2).mp4", "一件小事 (2).mp4"),
        ("שלום-1.png", "שלום-1.png"),
        ("👩‍🚀🌙-1.png", "👩‍🚀🌙-1.png"),
        ("a\nb\r\x00\x1b\u2028-1.png", "a_b____-1.png"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a\\b:c*d?.png", "a_b_c_d_.png"),
        ("\u202egnp.1-tohs\u200b", "_gnp.1-tohs_"),
        ("..", ""),
        (" . ", ""),
        ("\n\n", ""),
        ("\ud800", ""),
        ("", ""),
    ],
)
def test_every_name_becomes_one_segment_of_a_path(name: str, served: str) -> None:
    assert safe_name(name) == served


@pytest.mark.parametrize(
    "name", ["x" * 255, "🌙" * 250 + ".png", "y" * 118 + "..png", ". " * 100 + "a" * 300 + ".jpeg"]
)
def test_a_long_name_is_cut_and_keeps_its_ending(name: str) -> None:
    served = safe_name(name)
    assert 1 <= len(served) <= 120
    assert served == safe_name(served)
    assert served.endswith(("x", ".png", ".jpeg"))
