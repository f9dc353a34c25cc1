"""Strangers' bytes are opened in few places, which choose the reader by their first bytes and know the bounds."""

import re

import pytest

from tests.test_architecture import ROOT, product_files

# What opens files, by where it may stand.
PLACES = {
    r"\bImage\.open\(": {
        "media/pictures.py",
        "providers/jimeng/emulator/uploads.py",  # formats named; a tool of a developer's own machine
        "providers/jimeng/emulator/results.py",  # a picture that was just drawn
    },
    r"\.convert\(": {
        "media/conversion.py",
        "media/drawing/toning.py",  # between RGB and YCbCr, of our own drawing
    },
    r"\bav\.open\((?!str\(\w+\), \"w\")": {
        "media/opening.py",
        "providers/jimeng/emulator/uploads.py",  # as above
    },
    r"^\s*(?:import|from) (?:pypdf|docx|zipfile|tarfile|lxml|defusedxml|charset_normalizer|xml)\b": {
        "media/documents/archives.py",
        "media/documents/encodings.py",
        "media/documents/epub.py",
        "media/documents/pdf.py",
        "media/documents/word.py",
    },
    r"\b(?:recognise_picture|recognise_file|read_document|normalise_picture)\b": {
        "media/checking.py",
        "media/documents/__init__.py",
        "media/documents/reading.py",
        "media/pictures.py",
        "media/recognising.py",
        "services/platform/foreign_files.py",
    },
}


@pytest.mark.parametrize("pattern", PLACES)
def test_files_are_opened_in_their_place(pattern: str) -> None:
    paths = [path for path in product_files() if path.endswith(".py") and not path.startswith("examples/")]
    found = {path for path in paths if re.search(pattern, (ROOT / path).read_text("utf-8"), re.MULTILINE)}
    assert found == PLACES[pattern]
