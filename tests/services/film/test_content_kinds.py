"""A content that only names the place of a story is told from a story."""

import pytest

from services.film.content_kinds import HINTS, ContentKind, content_kind, link_in

LINK, ADDRESS, PATH, ID, TEXT = (
    ContentKind.LINK,
    ContentKind.ADDRESS,
    ContentKind.PATH,
    ContentKind.ID,
    ContentKind.TEXT,
)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("https://example.org/novel.txt", LINK),
        ("  <HTTP://example.org/a?b=c#d>\n", LINK),
        ('"https://example.org/一件小事"', LINK),
        ("https://example.org/1.txt\nhttps://example.org/2.txt", ADDRESS),
        ("[novel](https://example.org/novel.txt)", ADDRESS),
        ("ftp://example.org/novel.txt", ADDRESS),
        ("s3://bucket/novel.txt", ADDRESS),
        ("www.example.org/novel", ADDRESS),
        ("data:text/plain;base64,AAAA", ADDRESS),
        ("/srv/mira/novel.txt", PATH),
        ("/srv/mira/novel", PATH),
        ("~/novel", PATH),
        ("./novel", PATH),
        ("..\\novel", PATH),
        ("C:\\Users\\mira\\My Novels\\the lamp.docx", PATH),
        ("C:/novels/lamp", PATH),
        ("\\\\server\\share\\lamp.txt", PATH),
        ("file:///srv/mira/novel.txt", PATH),
        ("file:C:\\My Novels\\lamp.txt", PATH),
        ("novel.txt", PATH),
        ("小说.docx", PATH),
        ("file_7267911872356352", ID),
        ("Ann read https://example.org/novel.txt and wept.", TEXT),
        ("/ A story begins with a slash.", TEXT),
        ("He opened novel.txt", TEXT),
        ("Once. Upon. A time.txt was found, and nobody cared.", TEXT),
        ("https://example.org/novel.txt\nAnn walked home.", TEXT),
        ("“Good morning!” said Ben.", TEXT),
        ("从前有座山。", TEXT),
        ("Hi", TEXT),
        ("", TEXT),
        ("x" * 5000, TEXT),
        ("https://example.org/" + "x" * 5000, LINK),
        ("data:text/plain;base64," + "A" * 100_000, ADDRESS),
    ],
)
def test_the_kind_of_a_content(content: str, kind: ContentKind) -> None:
    assert content_kind(content) is kind


def test_the_link_is_bare_and_all_that_is_refused_has_a_hint() -> None:
    assert link_in(" <https://example.org/a>\n") == "https://example.org/a"
    assert set(HINTS) == {ADDRESS, PATH, ID}
