"""Documents of every kind that is taken, made with the real libraries, read back by their bytes."""

import io
import zipfile
from pathlib import Path

import docx
import pytest
from reportlab.lib.pagesizes import A5
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from media.documents import DocumentText, clean_text, read_document

MAX_BYTES = 50 * 1024 * 1024
STORY = (Path(__file__).parents[2] / "examples" / "yi-jian-xiao-shi.txt").read_text("utf-8").strip()
TRADITIONAL = (
    "那天晚上，月亮很圓。她說：「你為什麼不回來？」他沒有說話，只是看著窗外的雨。\n\n第二天，他們兩個人一起離開了這個村子，"
    "再也沒有人聽見過他們的聲音。"
)
SHORT = "你好，世界。我回家了。"


def read(folder: Path, data: bytes, name: str = "upload.bin") -> DocumentText:
    path = folder / name
    path.write_bytes(data)
    return read_document(path, max_bytes=MAX_BYTES)


@pytest.mark.parametrize("text", [STORY, STORY[:60].strip(), SHORT], ids=["whole", "sixty characters", "short"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"], ids=lambda name: name
)
def test_simplified_chinese_reads_the_same_from_every_encoding(tmp_path: Path, text: str, encoding: str) -> None:
    assert read(tmp_path, text.encode(encoding)) == DocumentText(clean_text(text), None, "text/plain")


@pytest.mark.parametrize("text", [TRADITIONAL, TRADITIONAL[:36]], ids=["whole", "short"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "gb18030", "big5"])
def test_traditional_chinese_reads_the_same_from_every_encoding(tmp_path: Path, text: str, encoding: str) -> None:
    assert read(tmp_path, text.encode(encoding)).text == text


@pytest.mark.parametrize("encoding", ["ascii", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"])
def test_english_reads_the_same_from_every_encoding(tmp_path: Path, encoding: str) -> None:
    text = "Once upon a time there was a wolf.\n\nIt was hungry."
    assert read(tmp_path, text.encode(encoding)).text == text


def test_a_western_code_page_is_not_taken_for_chinese(tmp_path: Path) -> None:
    text = "“It’s a long way to the café,” said Zoë – and she smiled. ‘Naïve,’ thought Jörg, who knew the Müllers."
    assert read(tmp_path, text.encode("cp1252")).text == text


def test_cleaning_drops_marks_controls_and_indents_and_keeps_paragraphs() -> None:
    messy = "\ufeff　　第一段。\r\n\r\n　　第二段\u200b。\x00\x07 \r第三段。\u2028第四段。\n\n\n\n\n\n第五段。　\n"
    assert clean_text(messy) == "第一段。\n\n第二段。\n第三段。\n第四段。\n\n\n第五段。"


def test_markdown_loses_its_marks_and_keeps_its_headings(tmp_path: Path) -> None:
    source = (
        "---\ntitle: The Well\n---\n# Part One #\n\nShe *ran* to the "
        "**old [well](http://x.test/a)** and `looked` in.\n\n"
        '![a picture](well.png)\n\n> "Who is there?"\n\nPart Two\n--------\n\nsnake_case_stays, 2 * 3 * 4 too.\n'
    )
    document = read(tmp_path, source.encode())
    assert document.content_type == "text/markdown"
    assert document.title == "The Well"
    assert document.text.split("\n\n")[:2] == [
        "# Part One",
        "She ran to the old well and looked in.",
    ] or document.text.startswith("Part One\n\nShe ran to the old well and looked in.")
    assert '"Who is there?"' in document.text
    assert "## Part Two" in document.text
    assert "snake_case_stays, 2 * 3 * 4 too." in document.text
    assert "picture" not in document.text


def word_document() -> bytes:
    document = docx.Document()
    document.core_properties.title = "雨夜"
    document.add_heading("第一章 雨", level=1)
    document.add_paragraph("雨下了一夜。")
    table = document.add_table(rows=2, cols=2)
    for row, texts in zip(table.rows, [("人物", "身份"), ("张三", "车夫")], strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    document.add_paragraph("“你来了。”张三说。")
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def test_a_word_document_gives_headings_paragraphs_and_tables_in_order(tmp_path: Path) -> None:
    document = read(tmp_path, word_document(), "story.pdf")
    assert document.title == "雨夜"
    assert document.content_type.endswith("wordprocessingml.document")
    assert document.text == "# 第一章 雨\n\n雨下了一夜。\n\n人物\t身份\n张三\t车夫\n\n“你来了。”张三说。"


def pdf_of(pages: list[list[str]], *, font: str = "Helvetica", head: str | None = None) -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A5)
    for number, lines in enumerate(pages, 1):
        canvas.setFont(font, 11)
        if head:
            canvas.drawString(60, 560, head)
        for index, line in enumerate(lines):
            canvas.drawString(50, 530 - 16 * index, line)
        canvas.drawString(200, 30, str(number))
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def test_a_pdf_gives_whole_paragraphs_without_running_heads_and_page_numbers(tmp_path: Path) -> None:
    lines = [
        [
            "The old man walked slowly along the road to the vil-",
            "lage, and the snow fell on his hat and on his coat and",
            "he was glad.",
        ],
        [
            "He knocked. Nobody answered him for a very long time, so he",
            "sat down on the step and waited until the evening came",
            "and the moon rose over the wood and shone on all the",
        ],
        ["roofs of the village."],
        ["In the morning he was gone."],
    ]
    text = read(tmp_path, pdf_of(lines, head="THE OLD MAN")).text
    assert text.split("\n\n") == [
        "The old man walked slowly along the road to the village, and the snow fell on his hat and "
        "on his coat and he was glad.",
        "He knocked. Nobody answered him for a very long time, so he sat down on the step and waited "
        "until the evening came and the moon rose over the wood and shone on all the roofs of the village.",
        "In the morning he was gone.",
    ]


def test_a_chinese_pdf_joins_its_lines_without_spaces(tmp_path: Path) -> None:
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    data = pdf_of(
        [["车夫毫不理会，却放下车子，扶那老女人慢慢起", "来，搀着臂膊立定。", "“你怎么啦？”"]], font="STSong-Light"
    )
    assert read(tmp_path, data).text == "车夫毫不理会，却放下车子，扶那老女人慢慢起来，搀着臂膊立定。\n\n“你怎么啦？”"


def epub_of(chapters: dict[str, str], *, spine: list[str] | None = None, extra: dict[str, str] | None = None) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        archive.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        )
        items = "".join(
            f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>' for name in chapters
        )
        order = "".join(f'<itemref idref="{name}"/>' for name in spine or chapters)
        archive.writestr(
            "OEBPS/book.opf",
            '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<dc:title>Two Tales</dc:title></metadata><manifest>{items}</manifest><spine>{order}</spine></package>",
        )
        for name, body in chapters.items():
            archive.writestr(
                f"OEBPS/{name}.xhtml", f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{body}</body></html>'
            )
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
    return stream.getvalue()


def test_an_epub_is_read_in_the_order_of_its_spine(tmp_path: Path) -> None:
    data = epub_of(
        {
            "b": "<h1>Two</h1><p>The fox &amp; the\n crow.</p><script>alert(1)</script>",
            "a": "<h1>One</h1><p>第一段。<br/>第二段。</p><div><p>A <i>very</i> old&nbsp;tale.</p></div>",
        },
        spine=["a", "b"],
    )
    document = read(tmp_path, data)
    assert document.title == "Two Tales"
    assert document.content_type == "application/epub+zip"
    assert document.text == "# One\n\n第一段。\n\n第二段。\n\nA very old tale.\n\n# Two\n\nThe fox & the crow."


def test_lists_and_links_of_a_markdown_file_are_read_as_their_words(tmp_path: Path) -> None:
    text = (
        "# The walk\n\nThey met at [the old mill](https://example.com/mill).\n\n* They walked to the river.\n"
        "- They *sat* down.\n+ [ ] They ate.\n\n1. Tom slept.\n2) Anna sang.\n\n* * *\n\nIt was 5 - 3 degrees."
    )
    document = read(tmp_path, text.encode())
    assert document.content_type == "text/markdown"
    assert document.text == (
        "The walk\n\nThey met at the old mill.\n\nThey walked to the river.\nThey sat down.\nThey ate.\n\n"
        "Tom slept.\nAnna sang.\n\n* * *\n\nIt was 5 - 3 degrees."
    )


def test_pasted_markdown_loses_its_bullets_and_links_and_other_texts_lose_nothing() -> None:
    assert (
        clean_text("* They walked.\n* They sat by [the sea](https://a.example/b).")
        == "They walked.\nThey sat by the sea."
    )
    for text in (
        "- Who is there? said Tom.\n- It is I, said Anna.",
        "1. The road\n\nThey walked.",
        "He wrote [sic] (as always) a letter.",
        "One.\n\n* * *\n\nTwo.\n\n* * *\n\nThree.",
        "* Only a note.",
    ):
        assert clean_text(text) == text
